"""R-01 … R-15: rows, people and files. Applied by `cleanroom.consent` and, for R-13 and X-01, by the readers."""

from __future__ import annotations

from datetime import date
from typing import Final

from cleanroom.rules.dates import CNIL_2020, CNIL_2021, CNIL_2025, GDPR, LIL_82, TCF_23
from cleanroom.rules.model import Rule

EFFECTIVE: Final = date(2026, 3, 1)

RULES: Final = (
    Rule("R-01", "GDPR art. 4(11), 6(1)(a); CNIL SAN-2025-017", GDPR, "refuse", "row", "given/1",
         "Consent was given for exactly this purpose; a marketing opt-in or a legitimate interest never counts.",
         "Le consentement a été donné pour cette finalité précise ; un accord de prospection ou un intérêt "
         "légitime ne compte jamais."),
    Rule("R-02", "CNIL, partners, 2018; CNIL SAN-2025-017", CNIL_2025, "refuse", "row", "partner/1",
         "The partner is named among the recipients the person consented to.",
         "Le partenaire est nommé parmi les destinataires auxquels la personne a consenti."),
    Rule("R-03", "GDPR art. 7(1)", GDPR, "refuse", "row", "proof/1",
         "The proof of the consent is referenced, with its SHA-256.",
         "La preuve du consentement est référencée, avec son empreinte SHA-256."),
    Rule("R-04", "GDPR art. 13", GDPR, "refuse", "row", "notice/1",
         "The notice the person accepted is one of the contract's, and had been published by then.",
         "La notice acceptée par la personne figure au contrat et était déjà publiée."),
    Rule("R-05", "GDPR art. 7(3); CNIL 2025-131", GDPR, "refuse", "row", "standing/2",
         "No later withdrawal, refusal or expiry: account scope beats device scope, the last event wins, a "
         "withdrawal wins ties; of people who share a key, the strictest answer counts for all.",
         "Aucun retrait, refus ni expiration ultérieur : le compte l'emporte sur l'appareil, le dernier événement "
         "l'emporte, un retrait l'emporte à égalité ; entre personnes partageant une clé, la réponse la plus "
         "stricte vaut pour toutes."),
    Rule("R-06", "GDPR art. 17, 21", GDPR, "refuse", "row", "suppressed/1",
         "The person is not on the suppression list and has raised no objection.",
         "La personne n'est pas sur la liste d'opposition et n'a pas exprimé d'opposition."),
    Rule("R-07", "GDPR art. 8; LIL art. 45", GDPR, "refuse", "row", "age/1",
         "The person had certainly reached the contract's age when consenting; under 15, a joint parental consent "
         "is referenced.",
         "La personne avait avec certitude l'âge prévu au contrat en consentant ; avant 15 ans, un consentement "
         "parental conjoint est référencé."),
    Rule("R-08", "GDPR art. 9; CJEU C-21/23", GDPR, "drop", "row", "sensitive/1",
         "Purchase lines of denied categories are dropped before tokens are made.",
         "Les lignes d'achat des catégories exclues sont écartées avant la création des jetons."),
    Rule("R-09", "TCF 2.3; LIL art. 82", TCF_23, "refuse", "row", "tcf/1",
         "The TC string decodes strictly; it holds consent (not legitimate interest) on purposes 1, 7 and 9; the "
         "exposure vendors have consent and are disclosed; no publisher restriction forbids it.",
         "La chaîne TC se décode strictement ; elle contient un consentement (et non un intérêt légitime) aux "
         "finalités 1, 7 et 9 ; les fournisseurs d'exposition ont le consentement et sont divulgués ; aucune "
         "restriction de l'éditeur ne s'y oppose."),
    Rule("R-10", "TCF; CNIL 2020-091", CNIL_2020, "refuse", "row", "tcf_age/1",
         "The TC string is at most 13 months old; more than 6 months is warned about.",
         "La chaîne TC a au plus 13 mois ; au-delà de 6 mois, un avertissement est donné."),
    Rule("R-11", "GDPR art. 5(1)(e); CNIL, Teemo, 2018", GDPR, "drop", "row", "lookback/1",
         "Exposures and purchases outside the contract's look-back are dropped.",
         "Les expositions et les achats hors de la période de recul du contrat sont écartés."),
    Rule("R-12", "CNIL, référentiel 2021-131", CNIL_2021, "refuse", "row", "active/1",
         "The person's last real activity is recent enough; opening an e-mail is not one.",
         "La dernière activité réelle de la personne est assez récente ; ouvrir un courriel n'en est pas une."),
    Rule("R-13", "GDPR art. 5(1)(c)", GDPR, "refuse", "file", "columns/1",
         "A file holds only the columns that the contract allows, else the file is refused.",
         "Un fichier ne contient que les colonnes prévues au contrat, sinon il est refusé."),
    Rule("R-14", "LIL art. 82; CNIL, Teemo and Fidzup, 2018", LIL_82, "refuse", "row", "location/1",
         "Exposures that rest on a precise location need the contract to allow it and special feature 1 of the TCF.",
         "Les expositions fondées sur une géolocalisation précise exigent l'accord du contrat et la "
         "fonctionnalité spéciale 1 du TCF."),
    Rule("R-15", "GDPR art. 5(2)", GDPR, "refuse", "row", "readable/2",
         "A consent record that is unknown, missing or unreadable counts as a refusal.",
         "Un enregistrement de consentement inconnu, absent ou illisible vaut refus."),
)
