"""Words of `cleanroom check`, beside those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "c_kicker": "Before anything is sent",
    "c_under": "Under the contract \u201c{title}\u201d ({id}, version {version}), as of {day}",
    "c_alone": "The files alone, without a contract, as of {day}",
    "c_owner": "Exact counts about this party\u2019s own people: for {party} only, not for its partner.",
    "c_sent": "What would be sent", "c_sent_text":
        "Blinded keys of {sent} of {people} people ({share}); their number is hidden by dummies.",
    "c_sent_advertiser":
        "A token for each identifier of {sent} of {people} people ({share}), by which the retailer recognises those of "
        "them that are its customers, each with its cell; how many there are is hidden by dummies.",
    "c_sent_retailer":
        "Nothing about a single person. {sent} of {people} people ({share}) are looked for here among the "
        "advertiser\u2019s tokens; the advertiser is told their number, hidden by dummies.",
    "c_not_sent": "Without a contract nothing would be sent: nobody\u2019s consent was looked at.",
    "c_consent": "Consent", "c_consent_text": "{admitted} of {considered} people may take part ({share}).",
    "c_shared_key": "{count} of the refused share a key with somebody who is refused.",
    "c_keys": "Match keys", "c_keys_text": "{count} people have no key that can be used.",
    "h_c_tables": "Tables", "h_c_keys": "Match keys", "h_c_consent": "Consent", "h_c_calendar": "Calendar",
    "h_c_sent": "What would be sent",
    "t_c_tables": "Rows of each table", "c_table": "Table", "c_rows": "Rows", "c_strangers": "Of strangers",
    "c_first": "First day", "c_last": "Last day",
    "c_strangers_note": "Of strangers: rows of people who are not in the table of people. They are left out.",
    "c_filled": "Share of people by what became of a key",
    "c_filled_text": "Used, missing, refused, or lost because several people have it.",
    "t_c_warned": "Admitted, with a warning", "t_c_dropped": "Rows of admitted people that a rule drops",
    "t_c_cells": "People who would be sent, by cell", "c_cell": "Cell", "c_period": "{cell}, period {number}",
    "c_events": "{table}: rows by {step}", "c_week": "week", "c_month": "month", "c_year": "year",
    "c_events_text": "A gap is a {step} without a row.",
    "c_people": "People", "c_members": "Members", "c_exposures": "Exposures", "c_arms": "Arms",
    "c_identities": "Identities", "c_purchases": "Purchases", "c_visits": "Visits", "c_consents": "Consents",
    "c_suppressions": "Suppressions",
}
_FRENCH: Final = {
    "c_kicker": "Avant tout envoi",
    "c_under": "Selon le contrat «\u00a0{title}\u00a0» ({id}, version {version}), au {day}",
    "c_alone": "Les fichiers seuls, sans contrat, au {day}",
    "c_owner":
        "Effectifs exacts sur les personnes de cette partie\u00a0: pour {party} seulement, pas pour son partenaire.",
    "c_sent": "Ce qui serait envoyé", "c_sent_text":
        "Les clés masquées de {sent} personnes sur {people} ({share})\u00a0; des leurres cachent leur nombre.",
    "c_sent_advertiser":
        "Un jeton pour chaque identifiant de {sent} personnes sur {people} ({share}), auquel le distributeur reconnaît "
        "celles qui sont ses clients, chacune avec sa cellule\u00a0; des leurres cachent combien elles sont.",
    "c_sent_retailer":
        "Rien sur une personne isolée. {sent} personnes sur {people} ({share}) sont cherchées ici parmi les jetons de "
        "l’annonceur\u00a0; il en apprend le nombre, que des leurres cachent.",
    "c_not_sent": "Sans contrat, rien ne serait envoyé\u00a0: aucun consentement n’a été examiné.",
    "c_consent": "Consentement",
    "c_consent_text": "{admitted} personnes sur {considered} peuvent participer ({share}).",
    "c_shared_key": "{count} des personnes refusées partagent une clé avec une personne refusée.",
    "c_keys": "Clés d’appariement", "c_keys_text": "{count} personnes n’ont aucune clé utilisable.",
    "h_c_tables": "Tables", "h_c_keys": "Clés d’appariement", "h_c_consent": "Consentement",
    "h_c_calendar": "Calendrier", "h_c_sent": "Ce qui serait envoyé",
    "t_c_tables": "Lignes de chaque table", "c_table": "Table", "c_rows": "Lignes", "c_strangers": "D’inconnus",
    "c_first": "Premier jour", "c_last": "Dernier jour",
    "c_strangers_note":
        "D’inconnus\u00a0: lignes de personnes absentes de la table des personnes. Elles sont écartées.",
    "c_filled": "Part des personnes selon le sort d’une clé",
    "c_filled_text": "Utilisée, absente, refusée, ou perdue parce que plusieurs personnes l’ont.",
    "t_c_warned": "Admises, avec un avertissement",
    "t_c_dropped": "Lignes de personnes admises qu’une règle écarte",
    "t_c_cells": "Personnes qui seraient envoyées, par cellule", "c_cell": "Cellule",
    "c_period": "{cell}, période {number}",
    "c_events": "{table}\u00a0: lignes par {step}", "c_week": "semaine", "c_month": "mois", "c_year": "an",
    "c_events_text": "Un vide est une période ({step}) sans ligne.",
    "c_people": "Personnes", "c_members": "Membres", "c_exposures": "Expositions", "c_arms": "Bras",
    "c_identities": "Identités", "c_purchases": "Achats", "c_visits": "Visites", "c_consents": "Consentements",
    "c_suppressions": "Oppositions",
}
CHECK: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "fr": _FRENCH}
