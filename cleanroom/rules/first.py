"""Pack 1: the six row rules of the first whole run, word for word. Kept so that its runs can be replayed."""

from __future__ import annotations

from datetime import date
from typing import Final

from cleanroom.rules.dates import GDPR
from cleanroom.rules.model import Rule

EFFECTIVE: Final = date(2026, 1, 1)

RULES: Final = (
    Rule("R-01", "GDPR art. 4(11), 6(1)(a)", GDPR, "refuse", "row", "given/1",
         "Consent was given for exactly this purpose; a marketing opt-in or a legitimate interest never counts.",
         "Le consentement a été donné pour cette finalité précise ; un accord de prospection ou un intérêt "
         "légitime ne compte jamais."),
    Rule("R-02", "CNIL, partners, 2018", GDPR, "refuse", "row", "partner/1",
         "The partner is named among the recipients the person consented to.",
         "Le partenaire est nommé parmi les destinataires auxquels la personne a consenti."),
    Rule("R-05", "GDPR art. 7(3); CNIL 2025-131", GDPR, "refuse", "row", "standing/1",
         "No later withdrawal, refusal or expiry: account scope beats device scope, the last event wins, a "
         "withdrawal wins ties.",
         "Aucun retrait, refus ni expiration ultérieur : le compte l'emporte sur l'appareil, le dernier événement "
         "l'emporte, un retrait l'emporte à égalité."),
    Rule("R-06", "GDPR art. 17, 21", GDPR, "refuse", "row", "suppressed/1",
         "The person is not on the suppression list and has raised no objection.",
         "La personne n'est pas sur la liste d'opposition et n'a pas exprimé d'opposition."),
    Rule("R-11", "GDPR art. 5(1)(e); CNIL, Teemo, 2018", GDPR, "drop", "row", "lookback/1",
         "Exposures and purchases outside the contract's look-back are dropped.",
         "Les expositions et les achats hors de la période de recul du contrat sont écartés."),
    Rule("R-15", "GDPR art. 5(2)", GDPR, "refuse", "row", "readable/1",
         "A consent record that is unknown, missing or unreadable counts as a refusal.",
         "Un enregistrement de consentement inconnu, absent ou illisible vaut refus."),
)
