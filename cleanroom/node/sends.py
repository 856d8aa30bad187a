"""What a side sent, and what the other could learn from it: two texts each, in English and French."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cleanroom.contract.model import Role
from cleanroom.contract.plan import Plan
from cleanroom.rules import Language

Sends = tuple[tuple[str, str], ...]


def sends_of(plan: Plan, role: Role, language: Language) -> Sends:
    """(what was sent, what could be learned from it) in the mode of the plan."""
    return (_SALTED if plan.salted else _BLIND)[language][role]


_SHARES: Final = {
    "en": ("Noised shares", "the released table, and the noised count of suppressed groups"),
    "fr": ("Parts bruitées", "la table publiée, et le décompte bruité des groupes masqués")}
_BLIND: Final[Mapping[Language, Mapping[Role, Sends]]] = {
    "en": {
        "advertiser": (("Blinded cells", "the padded number of people in each cell"),
                       ("Masked sums", "nothing: each is hidden by our share and by noise"), _SHARES["en"]),
        "retailer": (("Re-blinded cells and blinded values", "our padded number of people; for each cell and key "
                      "pattern a noised count of matches"),
                     ("Encrypted purchases", "the number of columns, fixed by the contract"), _SHARES["en"])},
    "fr": {
        "advertiser": (("Cellules aveuglées", "le nombre de personnes de chaque cellule, remplissage compris"),
                       ("Sommes masquées", "rien\u00a0: chacune est cachée par notre part et par du bruit"),
                       _SHARES["fr"]),
        "retailer": (("Cellules aveuglées deux fois et valeurs aveuglées", "notre nombre de personnes, remplissage "
                      "compris\u202f; pour chaque cellule et chaque combinaison de clés, un nombre bruité "
                      "d’appariements"),
                     ("Achats chiffrés", "le nombre de colonnes, fixé par le contrat"), _SHARES["fr"])},
}
_SALTED: Final[Mapping[Language, Mapping[Role, Sends]]] = {
    "en": {
        "advertiser": (("Tokens", "which of the retailer’s customers are in which of our cells; whether an identifier "
                        "that it can guess is there; the padded number of people in each cell"), _SHARES["en"]),
        "retailer": (("Size", "our padded number of people"), _SHARES["en"])},
    "fr": {
        "advertiser": (("Jetons", "lesquels des clients du distributeur sont dans quelle de nos cellules\u202f; si un "
                        "identifiant qu’il sait deviner y figure\u202f; le nombre de personnes de chaque cellule, "
                        "remplissage compris"), _SHARES["fr"]),
        "retailer": (("Taille", "notre nombre de personnes, remplissage compris"), _SHARES["fr"])},
}
