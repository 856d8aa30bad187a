"""X-01 … X-07: what a run must show. Applied by the readers, the session, the ledger and the audit log."""

from __future__ import annotations

from typing import Final

from cleanroom.rules.dates import CNIL_2020, GDPR, PRODUCT
from cleanroom.rules.model import Rule

RULES: Final = (
    Rule("X-01", "GDPR art. 17, 21", PRODUCT, "refuse", "run", "fresh/1",
         "The suppression list is no older than 24 hours.",
         "La liste d'opposition date de moins de 24 heures."),
    Rule("X-02", "GDPR art. 4(5), 32", GDPR, "refuse", "run", "session/1",
         "Only keyed tokens are exchanged, under fresh keys, with the pinned peer.",
         "Seuls des jetons à clé sont échangés, sous des clés fraîches, avec le pair épinglé."),
    Rule("X-03", "GDPR art. 22, 25", GDPR, "refuse", "run", "disclosure/1",
         "What is released has an aggregate form only.",
         "Ce qui est divulgué n'a qu'une forme agrégée."),
    Rule("X-04", "WP216", PRODUCT, "refuse", "run", "ledger/1",
         "Sizes reach their minimum, populations of runs do not differ by a few people, and runs per period are "
         "limited.",
         "Les effectifs atteignent leur minimum, les populations de deux traitements ne diffèrent pas de quelques "
         "personnes, et le nombre de traitements par période est limité."),
    Rule("X-05", "NIST SP 800-226", PRODUCT, "refuse", "run", "ledger/1",
         "The privacy budget of the contract suffices, else the run is refused.",
         "Le budget de confidentialité du contrat suffit, sinon le traitement est refusé."),
    Rule("X-06", "CNIL 2020-092", CNIL_2020, "refuse", "run", "consent_root/1",
         "The Merkle root of the consent records used is logged before the protocol starts.",
         "La racine de Merkle des consentements utilisés est journalisée avant le début du protocole."),
    Rule("X-07", "GDPR art. 5(1)(e)", GDPR, "refuse", "run", "audit/1",
         "The deletion of intermediates is recorded, with its limits.",
         "La suppression des données intermédiaires est consignée, avec ses limites."),
)
