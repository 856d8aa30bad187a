"""Names and French addresses of invented people, in the disorder in which they stand in customer files."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.adapters.synth.columns import Array, Ints, digits, joined, pick
from cleanroom.contract.model import Role

HOME_FORMS: Final = (0.45, 0.30, 0.15, 0.06, 0.04)  # in the order of `homes`
USABLE_HOMES: Final = 3
_GIVEN: Final = ("Adèle", "Anaïs", "André", "Benoît", "Chloé", "Clément", "Françoise", "Gaël", "Hélène", "Inès",
                 "Jean-Pierre", "Joël", "Léa", "Loïc", "Maëlle", "Marie-Claude", "Mélanie", "Noé", "Océane", "Zoé")
_FAMILY: Final = ("Bérard", "Château", "d'Arcy", "De La Fontaine", "Delaunay", "Dupré", "Durand", "Fabre", "Gérard",
                  "Hébert", "Lefèvre", "Le Goff", "L'Hôte", "Martin", "Mérieux", "Moreau", "Noël", "Péron",
                  "Saint-Clair", "Vasseur")
_STREETS: Final = ("Rue de la République", "Avenue du Général Leclerc", "Boulevard Saint-Michel", "Place de l'Église",
                   "Chemin des Prés", "Impasse des Lilas", "Allée du Château", "Route de Sainte-Anne",
                   "Quai du Docteur Roux", "Square Notre-Dame")
# As a data entry desk writes them: capitals, no accents, abbreviations, no articles.
_SHORT_STREETS: Final = ("R REPUBLIQUE", "AV DU GAL LECLERC", "BD ST MICHEL", "PL DE L EGLISE", "CHE DES PRES",
                         "IMP LILAS", "ALL CHATEAU", "RTE DE STE ANNE", "QU DR ROUX", "SQ ND")
_PLAIN_GIVEN: Final = ("ADELE", "ANAIS", "ANDRE", "BENOIT", "CHLOE", "CLEMENT", "FRANCOISE", "GAEL", "HELENE", "INES",
                       "JEAN PIERRE", "JOEL", "LEA", "LOIC", "MAELLE", "MARIE CLAUDE", "MELANIE", "NOE", "OCEANE",
                       "ZOE")
_PLAIN_FAMILY: Final = ("BERARD", "CHATEAU", "D ARCY", "FONTAINE (DE LA)", "DELAUNAY", "DUPRE", "DURAND", "FABRE",
                        "GERARD", "HEBERT", "LEFEVRE", "LE GOFF", "L HOTE", "MARTIN", "MERIEUX", "MOREAU", "NOEL",
                        "PERON", "SAINT CLAIR", "VASSEUR")
_HOME, _HOME_MODULUS = 2_718_281_829, 10**10  # prime to ten: every person has an own number, see population
_HOUSES: Final = 900
_CODES: Final = 70_000  # postcodes from 10000 on


def homes(role: Role, serial: Ints, form: Ints) -> dict[str, Array]:
    """As on a letter; as a data entry desk writes it; with the flat; then what never matches: moved, another name."""
    number = (serial * _HOME + 1_414_213_562) % _HOME_MODULUS
    given, rest = number % len(_GIVEN), number // len(_GIVEN)
    family, rest = rest % len(_FAMILY), rest // len(_FAMILY)
    street, rest = rest % len(_STREETS), rest // len(_STREETS)
    house, code = rest % _HOUSES + 1, rest // _HOUSES % _CODES + 10_000
    moved, renamed = form == 3, form == 4
    house = np.where(moved, house + 1_000 * (1 + (role == "retailer")), house)
    short = pa.array(form == 1)
    at = digits(house, 1)
    full, abridged = pick(_STREETS, street), pick(_SHORT_STREETS, street)
    flat = joined(at, ", ", full, ", Appt ", digits(serial % 40 + 1, 1))
    family = np.where(renamed, (family + 1 + (role == "retailer")) % len(_FAMILY), family)
    return {
        "given_name": pc.if_else(short, pick(_PLAIN_GIVEN, given), pick(_GIVEN, given)),
        "family_name": pc.if_else(short, pick(_PLAIN_FAMILY, family), pick(_FAMILY, family)),
        "address": pc.choose(pa.array(np.minimum(form, 3)), joined(at, " ", full), joined(at, " ", abridged), flat,
                             joined(at, " ", full)),
        "postcode": digits(code, 5),
    }
