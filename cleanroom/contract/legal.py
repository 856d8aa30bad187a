"""The `[legal]` part: who answers for what, on which ground, for how long and where.

An empty text or digest means "there is none"; whether there must be one is judged by the rules C-01 … C-12
(cleanroom/contract/rules.py), so that a refusal carries the id of a rule.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cleanroom.contract.types import SEEN, Blank, Country, Days, Digest, Document, Name, Role

Long = Annotated[str, StringConstraints(max_length=2000, pattern=f"^{SEEN}*$")]


class LegalParty(Document):
    """One legal entity, its ground for taking part, and whom to write to."""

    entity: Blank
    registration: Blank  # register and number
    address: Blank
    country: Country
    contact: Blank
    dpo: Blank  # data protection officer
    basis: Literal["consent", "legitimate_interest"]
    assessment_sha256: Digest  # of the legitimate interests assessment
    tracker_data: bool  # whether any of its rows come from cookies, pixels or an SDK


class LegalParties(Document):
    """Both legal entities, by role."""

    advertiser: LegalParty
    retailer: LegalParty


class Proof(Document):
    """Consent must be provable to the other party, not only promised."""

    available: bool
    delay_days: Days
    audit_right: bool


class Assessment(Document):
    """The data protection impact assessment."""

    ref: Blank
    sha256: Digest
    completed: date
    outcome: Literal["risk_reduced", "high_residual_risk"]
    prior_consultation: Blank  # reference of the authority's answer (Art. 36)


class PseudonymousTransfer(Document):
    """What both parties sign when they agree on the salted-hash mode (docs/contract.md)."""

    acknowledgement: Literal["the retailer learns which of its customers are in which cell"]
    dpia_ref: Blank  # where the impact assessment treats this transfer; rule C-06


class Record(Document):
    """The entry in both records of processing, Art. 30(1)(a) to (g)."""

    controllers: Long  # (a)
    purposes: Long  # (b)
    subjects_and_data: Long  # (c)
    recipients: Long  # (d)
    transfers: Long  # (e)
    erasure: Long  # (f)
    security: Long  # (g)


class Retention(Document):
    """How long things are kept."""

    data_days: Days  # the tables that are matched
    intermediates_hours: Annotated[int, Field(ge=0, le=24 * 366)]  # tokens, ciphertexts, orders
    outputs_days: Days  # reports and released tables


class Transfers(Document):
    """Countries in which the data are processed, and what allows those outside the EEA."""

    countries: Annotated[tuple[Country, ...], Field(max_length=64)]
    tool: Literal["none", "adequacy_decision", "standard_clauses", "binding_corporate_rules"]
    ref: Blank
    valid_until: date | Literal[""]


class Legal(Document):
    """Everything a lawyer must have settled before a contract is signed."""

    role_model: Literal["joint_controllers", "controller_processor"]
    processor: Role | Literal["none"]
    arrangement_ref: Blank  # Art. 26 arrangement or Art. 28 agreement
    arrangement_sha256: Digest
    forbidden_uses: Annotated[tuple[Name, ...], Field(max_length=32)]
    parties: LegalParties
    proof: Proof
    dpia: Assessment
    pseudonymous_transfer: PseudonymousTransfer | None = None  # with match.protocol = "salted-hash-v1", and only then
    record: Record
    retention: Retention
    transfers: Transfers

    def party(self, role: Role) -> LegalParty:
        """The legal entity that plays `role`."""
        return self.parties.advertiser if role == "advertiser" else self.parties.retailer
