"""C-01 … C-12: what a contract must say before anybody may sign it. Applied by `cleanroom.contract`."""

from __future__ import annotations

from typing import Final

from cleanroom.rules.dates import CNIL_2020, CNIL_2025, GDPR, PRODUCT
from cleanroom.rules.model import Rule

RULES: Final = (
    Rule("C-01", "GDPR art. 26, 28", GDPR, "refuse", "contract", "contract/1",
         "The role model, both legal entities, their contacts and data protection officers, and the hash of the "
         "joint arrangement or processing agreement are stated.",
         "Le modèle de responsabilité, les deux entités juridiques, leurs contacts et délégués à la protection des "
         "données, et l'empreinte de l'accord conjoint ou de sous-traitance sont indiqués."),
    Rule("C-02", "GDPR art. 5(1)(b)", GDPR, "refuse", "contract", "contract/1",
         "There is exactly one purpose, exposure-to-purchase measurement; activation, look-alike audiences, "
         "enrichment and decisions about individuals are listed as forbidden.",
         "Il n'y a qu'une finalité, la mesure de l'exposition à l'achat ; l'activation, les audiences similaires, "
         "l'enrichissement et les décisions individuelles sont expressément interdits."),
    Rule("C-03", "GDPR art. 6; LIL art. 82", CNIL_2025, "refuse", "contract", "contract/1",
         "Each party states its legal basis; legitimate interest only with the hash of an assessment and no data "
         "from trackers.",
         "Chaque partie indique sa base légale ; l'intérêt légitime seulement avec l'empreinte d'une analyse et "
         "sans donnée issue de traceurs."),
    Rule("C-04", "GDPR art. 7(1); CNIL 2020-092 art. 4", CNIL_2020, "refuse", "contract", "contract/1",
         "The proof of consent is made available to the other party, within a stated delay, with a right to audit.",
         "La preuve du consentement est mise à disposition de l'autre partie, dans un délai indiqué, avec un droit "
         "d'audit."),
    Rule("C-05", "GDPR art. 13, 14", GDPR, "refuse", "contract", "contract/1",
         "The notices of both parties are listed with their hashes and dates, and name the partner.",
         "Les notices des deux parties sont listées avec empreinte et date, et nomment le partenaire."),
    Rule("C-06", "GDPR art. 35, 36", GDPR, "refuse", "contract", "contract/1",
         "The impact assessment is referenced with its date and outcome; a high residual risk is refused without "
         "prior consultation.",
         "L'analyse d'impact est référencée avec sa date et sa conclusion ; un risque résiduel élevé est refusé "
         "sans consultation préalable."),
    Rule("C-07", "GDPR art. 30(1)(a)-(g)", GDPR, "refuse", "contract", "contract/1",
         "The record of processing is complete.",
         "Le registre des activités de traitement est complet."),
    Rule("C-08", "GDPR art. 5(1)(e)", GDPR, "refuse", "contract", "contract/1",
         "The look-back is at most 13 months, data at most 25 months old, intermediates kept at most 24 hours, and "
         "outputs for a limited time.",
         "Le recul est d'au plus 13 mois, les données d'au plus 25 mois, les intermédiaires conservés au plus "
         "24 heures et les résultats pour une durée limitée."),
    Rule("C-09", "GDPR art. 44-49", GDPR, "refuse", "contract", "contract/1",
         "The countries are stated and, outside the Union, the transfer tool and its validity.",
         "Les pays sont indiqués et, hors de l'Union, l'outil de transfert et sa validité."),
    Rule("C-10", "GDPR art. 25, 32", PRODUCT, "refuse", "contract", "contract/1",
         "The threshold is at least 11, dominance at most 85 %, ε under its cap, the protocol an allowed one, and "
         "both certificates are pinned.",
         "Le seuil est d'au moins 11, la dominance d'au plus 85 %, ε sous son plafond, le protocole autorisé et les "
         "deux certificats sont épinglés."),
    Rule("C-11", "GDPR art. 9", GDPR, "refuse", "contract", "contract/1",
         "The list of denied product categories is present: pharmacy, sexual health, pregnancy tests, religious, "
         "trade union and political goods.",
         "La liste des catégories de produits exclues est présente : pharmacie, santé sexuelle, tests de "
         "grossesse, produits religieux, syndicaux et politiques."),
    Rule("C-12", "GDPR art. 5(2)", GDPR, "refuse", "contract", "contract/1",
         "Both parties signed one canonical hash, and the contract is inside its validity.",
         "Les deux parties ont signé une même empreinte canonique, et le contrat est en cours de validité."),
)
