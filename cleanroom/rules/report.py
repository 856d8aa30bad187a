"""P-01 … P-07: what may be printed, and what must be. Applied by the disclosure, the reports and the audit."""

from __future__ import annotations

from typing import Final

from cleanroom.rules.dates import GDPR, PRODUCT
from cleanroom.rules.model import Rule

RULES: Final = (
    Rule("P-01", "INSEE, threshold of 11 (by analogy)", PRODUCT, "drop", "report", "disclosure/1",
         "A cell under the threshold is suppressed, and another where a total would give it back.",
         "Une cellule sous le seuil est masquée, ainsi qu'une autre si un total permettait de la retrouver."),
    Rule("P-02", "INSEE, 3 units and 85 % (by analogy)", PRODUCT, "drop", "report", "disclosure/1",
         "No single person dominates an amount.",
         "Aucune personne ne domine à elle seule un montant."),
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
