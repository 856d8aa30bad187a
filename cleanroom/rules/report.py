"""P-01 … P-07: what may be printed, and what must be. Applied by the disclosure, the reports and the audit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cleanroom.rules.dates import GDPR, PRODUCT
from cleanroom.rules.model import Language, Rule

# The topics that P-04 asks of a privacy statement, by their titles.
STATEMENT: Final[Mapping[Language, tuple[str, ...]]] = MappingProxyType({
    "en": ("Privacy unit", "Neighbouring data", "Contribution of one person", "Who adds noise", "Mechanism",
           "Noise scales", "Padding", "Threshold", "Spent by this run", "Spent by all runs of this contract",
           "Composition", "In plain words", "Meaning of δ", "Not protected", "Standing"),
    "fr": ("Unité protégée", "Données voisines", "Contribution d’une personne", "Qui ajoute le bruit", "Mécanisme",
           "Échelles du bruit", "Remplissage", "Seuil", "Dépensé par cette exécution",
           "Dépensé par toutes les exécutions de ce contrat", "Composition", "En clair", "Sens de δ",
           "Ce qui n’est pas protégé", "Statut")})

RULES: Final = (
    Rule("P-01", "INSEE, threshold of 11 (by analogy)", PRODUCT, "drop", "report", "disclosure/1",
         "A cell under the threshold is suppressed; what a total less the other cells tells of it holds more noise "
         "than the cell itself would have had.",
         "Une cellule sous le seuil est masquée ; ce qu'un total diminué des autres cellules en apprend porte plus de "
         "bruit que la cellule elle-même n'en aurait porté."),
    Rule("P-02", "INSEE, 3 units and 85 % (by analogy)", PRODUCT, "refuse", "report", "dominance/1",
         "Even if one person made up a whole amount, its noise hides what the contract's dominance percentage leaves "
         "of that person's largest possible part.",
         "Même si une personne constituait à elle seule un montant, le bruit cache ce que le pourcentage de dominance "
         "du contrat laisse de sa plus grande part possible."),
    Rule("P-03", "WP216", PRODUCT, "refuse", "report", "report/1",
         "Singling out, linkability and inference are assessed.",
         "L'individualisation, la corrélation et l'inférence sont évaluées."),
    Rule("P-04", "NIST SP 800-226", PRODUCT, "refuse", "report", "report/1",
         "The privacy statement is complete.",
         "La déclaration de confidentialité est complète."),
    Rule("P-05", "GDPR art. 26, 30, 35", GDPR, "refuse", "report", "report/1",
         "The legal lines and the hashes of the documents are printed.",
         "Les mentions légales et les empreintes des documents sont imprimées."),
    Rule("P-06", "RFC 8785, 6962, 3161; DSSE", PRODUCT, "refuse", "report", "audit/1",
         "Signatures and inclusion proofs verify offline.",
         "Les signatures et les preuves d'inclusion se vérifient hors ligne."),
    Rule("P-07", "FTC, 2024", PRODUCT, "refuse", "report", "report/1",
         "The limits of the measurement and of its protection are stated.",
         "Les limites de la mesure et de sa protection sont énoncées."),
)
