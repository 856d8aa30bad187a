"""What stands in the first lines of everything that is made of a run in the salted-hash mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cleanroom.contract.model import Contract
from cleanroom.contract.protocols import SALTED
from cleanroom.rules import Language

_NOTICE: Final[Mapping[Language, str]] = {
    "en": "Salted-hash mode. {retailer} learned which of its customers are in the data of {advertiser} and in which "
          "cell each of them is, and could look up there any identifier that it can guess. {advertiser} learned the "
          "released table and nothing else about a person. Both agreed to this in the contract; impact assessment: "
          "{dpia}.",
    "fr": "Mode à empreintes salées. {retailer} a appris lesquels de ses clients figurent dans les données de "
          "{advertiser} et dans quelle cellule se trouve chacun d’eux, et pouvait y chercher tout identifiant qu’il "
          "sait deviner. {advertiser} a appris la table publiée et rien d’autre sur une personne. Les deux parties en "
          "sont convenues dans le contrat\u202f; analyse d’impact\u00a0: {dpia}."}


def notice(contract: Contract, language: Language) -> str:
    """One paragraph, or nothing under a protocol by which nobody learns about single people."""
    transfer = contract.legal.pseudonymous_transfer
    if contract.match.protocol != SALTED or transfer is None:
        return ""
    return _NOTICE[language].format(retailer=contract.parties.retailer.name,
                                    advertiser=contract.parties.advertiser.name, dpia=transfer.dpia_ref)


def mode(contract: Contract) -> dict[str, Any]:
    """`mode` of a document, with the notice in each language; nothing where there is no notice."""
    if not (english := notice(contract, "en")):
        return {}
    return {"mode": {"protocol": contract.match.protocol, "en": english, "fr": notice(contract, "fr")}}


def notice_of(document: Mapping[str, Any], language: str) -> str:
    """The notice in a saved document, or nothing."""
    return str(document["mode"][language]) if "mode" in document else ""
