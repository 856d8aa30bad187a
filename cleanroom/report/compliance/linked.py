"""The compliance report as JSON-LD with terms of the W3C Data Privacy Vocabulary 2.3 and an inline context.

DPV marks `PersonalDataHandling` as to be replaced by `PersonalDataProcess`, so the run is both. DPV has no term for a
private join, a threshold or ε: those are in the product's own namespace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cleanroom.report.mode import notice_of

OWN: Final = "urn:cleanroom:vocabulary:1#"
CONTEXT: Final[Mapping[str, Any]] = MappingProxyType({
    "dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/", "xsd": "http://www.w3.org/2001/XMLSchema#", "cleanroom": OWN})
BASES: Final[Mapping[str, str]] = MappingProxyType({"consent": "eu-gdpr:A6-1-a",
                                                    "legitimate_interest": "eu-gdpr:A6-1-f"})
MEASURES: Final = ("dpv:SecureMultiPartyComputation", "dpv:DifferentialPrivacy", "dpv:Pseudonymisation",
                   "dpv:HomomorphicEncryption", "dpv:EncryptionInTransfer", "cleanroom:PrivateSetIntersection",
                   "cleanroom:MinimumGroupSize")
# Not of a run in the salted-hash mode.
BLIND_MEASURES: Final = ("dpv:SecureMultiPartyComputation", "dpv:HomomorphicEncryption",
                         "cleanroom:PrivateSetIntersection")
_ROLES: Final = ("advertiser", "retailer")


def render_linked(document: Mapping[str, Any]) -> str:
    """The text of compliance.jsonld. It holds no count of people."""
    return json.dumps(linked(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def linked(document: Mapping[str, Any]) -> dict[str, Any]:
    """One node for the run, with the two companies, the contract's purpose, bases, measures and evidence."""
    legal = {item["path"]: item["value"] for item in document["legal"]}
    contract, run, evidence = document["contract"], document["run"], document["evidence"]
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:cleanroom:run:{run['id']}",
        "@type": ["dpv:PersonalDataProcess", "dpv:PersonalDataHandling"],
        "dct:description": f"{notice_of(document, 'en')} {legal['record.purposes']}".lstrip(),
        "dct:title": contract["title"],
        "dct:created": _typed("dateTime", run["ended"]),
        "dct:isPartOf": {"@id": f"urn:sha256:{evidence['contract_sha256']}"},
        **_controllers(legal, contract),
        "dpv:hasPurpose": {"@id": f"{OWN}{contract['purpose']}", "@type": "dpv:Purpose"},
        "dpv:hasLegalBasis": [{"@id": basis} for basis in sorted({BASES[legal[f"parties.{role}.basis"]]
                                                                  for role in _ROLES})],
        "dpv:hasPersonalData": {"@type": "dpv:PersonalData", "dct:description": legal["record.subjects_and_data"]},
        "dpv:hasRecipient": [_party(role) for role in _ROLES],
        "dpv:hasTechnicalMeasure": [{"@id": measure} for measure in MEASURES
                                    if "mode" not in document or measure not in BLIND_MEASURES],
        "dpv:hasImpactAssessment": {"@type": "dpv:DPIA", "dct:identifier": legal["dpia.ref"],
                                    "dct:date": _typed("date", str(legal["dpia.completed"])),
                                    "cleanroom:sha256": legal["dpia.sha256"]},
        "dpv:hasNotice": [{"@type": "dpv:PrivacyNotice", "dct:identifier": notice["id"],
                           "dct:language": notice["language"], "cleanroom:sha256": notice["sha256"],
                           "dct:issued": _typed("date", notice["published"])} for notice in document["notices"]],
        "cleanroom:forbiddenUse": legal["forbidden_uses"],
        "cleanroom:minimumGroupSize": document["released"]["threshold"],
        "cleanroom:epsilon": _typed("decimal", document["privacy"]["run"]["epsilon"]),
        "cleanroom:delta": _typed("decimal", document["privacy"]["run"]["delta"]),
        "cleanroom:rulePack": {"dct:identifier": document["rules"]["pack"],
                               "cleanroom:sha256": evidence["rule_pack_sha256"]},
        "cleanroom:broken": [item["id"] for item in document["rules"]["items"] if not item["kept"]],
        "cleanroom:logRoot": evidence["log_root"], "cleanroom:consentRoot": evidence["consent_root"],
        "cleanroom:receipt": evidence["receipt_sha256"], "cleanroom:table": evidence["table_sha256"],
    }


def _controllers(legal: Mapping[str, Any], contract: Mapping[str, Any]) -> dict[str, Any]:
    nodes = {role: {**_party(role), "@type": "dpv:LegalEntity", "dpv:hasName": legal[f"parties.{role}.entity"],
                    "dpv:hasContact": legal[f"parties.{role}.contact"],
                    "dpv:hasAddress": legal[f"parties.{role}.address"],
                    "dpv:hasDataProtectionOfficer": {"@type": "dpv:DataProtectionOfficer",
                                                     "dpv:hasContact": legal[f"parties.{role}.dpo"]},
                    "cleanroom:role": role, "dct:title": contract["parties"][role]} for role in _ROLES}
    if legal["role_model"] == "joint_controllers":
        return {"dpv:hasJointDataControllers": {"@type": "dpv:JointDataControllers",
                                                "dct:identifier": legal["arrangement_ref"],
                                                "cleanroom:sha256": legal["arrangement_sha256"],
                                                "dpv:hasEntity": list(nodes.values())}}
    processor = legal["processor"]
    return {"dpv:hasDataController": [node for role, node in nodes.items() if role != processor],
            "dpv:hasDataProcessor": [nodes[processor]]}


def _party(role: str) -> dict[str, str]:
    return {"@id": f"urn:cleanroom:party:{role}"}


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}
