"""Words of French names and addresses, as data: abbreviations and what they stand for.

Abbreviations of kinds of streets and of titles in street names are those of AFNOR NF Z10-011 and La Poste's SNA
(www.laposte.fr/sna, "La voie"), and a few that stand in customer files beside them. Extensions of numbers: B, T, Q for
BIS, TER, QUATER (the same source).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TITLES: Final = frozenset({"M", "MR", "MONSIEUR", "MME", "MADAME", "MLLE", "MADEMOISELLE", "DR", "DOCTEUR", "ME",
                           "MAITRE"})
PARTICLES: Final = frozenset({"DE", "DU", "DES", "D", "LA", "LE", "LES", "L", "VAN", "VON", "DER", "DEN"})
ARTICLES: Final = frozenset({"DE", "DU", "DES", "D", "LA", "LE", "LES", "L", "A", "AU", "AUX", "ET", "EN", "SUR",
                             "SOUS"})
# Where inside the building: these words and the one after them.
INSIDE: Final = frozenset({"APT", "APPT", "APPARTEMENT", "APP", "BAT", "BATIMENT", "ESC", "ESCALIER", "ETG", "ETAGE",
                           "PORTE", "PTE", "BTE", "BOITE"})
EXTENSIONS: Final[Mapping[str, str]] = MappingProxyType({
    "": "", "BIS": "B", "B": "B", "TER": "T", "T": "T", "QUATER": "Q", "Q": "Q",
    "A": "A", "C": "C", "D": "D", "E": "E", "F": "F", "G": "G", "H": "H"})

_STREETS: Final = {
    "ALL": "ALLEE", "AL": "ALLEE", "ALLEES": "ALLEE", "AV": "AVENUE", "AVE": "AVENUE", "BD": "BOULEVARD",
    "BLD": "BOULEVARD", "BVD": "BOULEVARD", "BOUL": "BOULEVARD", "CAR": "CARREFOUR", "CHE": "CHEMIN", "CH": "CHEMIN",
    "CHEM": "CHEMIN", "CHS": "CHAUSSEE", "CRS": "COURS", "CTRE": "CENTRE", "DOM": "DOMAINE", "ESP": "ESPLANADE",
    "FG": "FAUBOURG", "FBG": "FAUBOURG", "GR": "GRANDE RUE", "HAM": "HAMEAU", "IMP": "IMPASSE",
    "LD": "LIEU DIT", "LIEUDIT": "LIEU DIT", "LOT": "LOTISSEMENT", "MTE": "MONTEE", "PAS": "PASSAGE", "PASS": "PASSAGE",
    "PL": "PLACE", "PLE": "PASSERELLE", "PROM": "PROMENADE", "QU": "QUAI", "QUA": "QUARTIER", "QRT": "QUARTIER",
    "R": "RUE", "RES": "RESIDENCE", "RLE": "RUELLE", "RPT": "ROND POINT", "RTE": "ROUTE", "RT": "ROUTE",
    "SEN": "SENTIER", "SQ": "SQUARE", "TRA": "TRAVERSE", "VLA": "VILLA", "VGE": "VILLAGE", "VLGE": "VILLAGE",
}
_NAMES: Final = {
    "ST": "SAINT", "STE": "SAINTE", "STS": "SAINTS", "ND": "NOTRE DAME", "GD": "GRAND", "GDE": "GRANDE",
    "GAL": "GENERAL", "GEN": "GENERAL", "MAL": "MARECHAL", "MLE": "MARECHAL", "DR": "DOCTEUR", "PR": "PROFESSEUR",
    "PROF": "PROFESSEUR", "PDT": "PRESIDENT", "PRES": "PRESIDENT", "CDT": "COMMANDANT", "CPT": "CAPITAINE",
    "CNE": "CAPITAINE", "COL": "COLONEL", "LT": "LIEUTENANT", "SGT": "SERGENT", "ABB": "ABBE",
    "CHAN": "CHANOINE", "MGR": "MONSEIGNEUR", "ING": "INGENIEUR", "REP": "REPUBLIQUE", "LIB": "LIBERATION",
}
WORDS: Final[Mapping[str, str]] = MappingProxyType({**_STREETS, **_NAMES})
