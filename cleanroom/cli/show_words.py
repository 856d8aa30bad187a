"""The words of `cleanroom contract show`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cleanroom.rules import Language

_ENGLISH: Final = {
    "advertiser": "Advertiser", "retailer": "Retailer", "nobody": "nobody yet", "none": "none", "yes": "yes",
    "no": "no", "colon": ":", "thousand": ",",
    "then": ", then ", "everyone": "everyone", "people": "people",
    "contract": "Contract {id}, version {version}, valid {first} to {last}. Signed by: {signed}.",
    "hash": "SHA-256 of what is signed: {hash}",
    "purpose": "Purpose: {purpose}; only people who consented to exactly this, with the other party named, take part.",
    "keys": "People are matched on {keys} without either side seeing who matched; two spellings are one under the "
            "profile {profile}, and a key value of several people is used for {shared}.",
    "keys_salted": "People are matched on {keys} by salted hashes; two spellings are one under the profile {profile}, "
                   "and a key value of several people is used for {shared}.",
    "drop": "none of them",
    "unless_conflict": "none of them, unless their records agree otherwise: then for the fullest",
    "campaign": "Campaign {names} on {channels}; {assignment}.",
    "randomised": "people were assigned to the arms at random: differences may be called incremental",
    "observational": "people were NOT assigned at random: differences are associations, not effects",
    "calendar": "Exposures {first} to {until}, purchases {start} to {end} (end excluded), {zone} time.",
    "opened": "Opened, with noise, for groups of at least {threshold} matched people (noised count):",
    "sum": "{name} (at most {cap} a person)",
    "runs": "At most {runs} runs in {days} days.",
    "overlap": "A run whose people differ from an earlier run's by fewer than the threshold {what}.",
    "overlap_charge": "is charged like any other", "overlap_warn": "is charged, and its owner is warned",
    "overlap_refuse": "is refused",
    "repeats": "The same question on the same data of both parties gives the earlier table again and spends nothing.",
    "runs_again": "The same question on the same data is a new run, with new noise, and is charged.",
    "dominance": "Even if one person made up a whole amount, noise would hide at least {rest} % of the most that "
                 "person may count for.",
    "cost": "Privacy: one run spends epsilon {epsilon} and delta {delta} ({match} for sizes and match counts, "
            "{release} for the table); all runs together at most {budget} and {budget_delta}.",
    "credited": "credited to channels ({rule})",
    "first": "first contact", "last": "last contact", "linear": "equal shares", "position": "by position",
    "time_decay": "time decay",
    "semi_honest": "Protection holds against a partner that runs the agreed software. One that runs changed software "
                   "can learn far more, up to every encrypted purchase: see SECURITY.md, Not protected.",
    "semi_honest_salted": "The retailer computes the totals alone. One that runs changed software can keep the key of "
                          "a run, look up any identifier in the advertiser's data, and release other totals: see "
                          "SECURITY.md, The salted-hash mode.",
    "padding": "Padding: up to {most} dummies in each of {cells} cells.",
    "policies": "The parties' own policies are stricter; a run uses these values:",
    "consent": "Consent: nothing older than {days} days, nobody under {age}. Notices, and categories that never take "
               "part:",
    "notice": "{role}: notice {id} of {published} ({language}), names {partner}, SHA-256 {sha256}",
    "denied": "{kind}: {labels}",
    "pharmacy": "pharmacy", "sexual_health": "sexual health", "pregnancy_tests": "pregnancy tests",
    "religious": "religious goods", "trade_union": "trade union", "political": "political goods",
    "legal": "Legal part:", "rules": "Rules of compliance (not legal advice: a data protection officer must validate):",
    "kept": "kept  ", "broken": "BROKEN",
}
_FRENCH: Final = {
    "advertiser": "Annonceur", "retailer": "Distributeur", "nobody": "personne pour l'instant", "none": "néant",
    "yes": "oui", "no": "non", "colon": " :", "thousand": "\u202f",
    "then": ", puis ", "everyone": "tout le monde", "people": "personnes",
    "contract": "Contrat {id}, version {version}, valable du {first} au {last}. Signé par : {signed}.",
    "hash": "SHA-256 de ce qui est signé : {hash}",
    "purpose": "Finalité : {purpose} ; seules participent les personnes qui y ont précisément consenti, l'autre partie "
               "étant nommée.",
    "keys": "Les personnes sont rapprochées par {keys} sans qu'aucune partie voie qui correspond ; deux écritures n'en "
            "font qu'une selon le profil {profile}, et une valeur de clé de plusieurs personnes sert à {shared}.",
    "keys_salted": "Les personnes sont rapprochées par {keys}, au moyen d'empreintes salées ; deux écritures n'en font "
                   "qu'une selon le profil {profile}, et une valeur de clé de plusieurs personnes sert à {shared}.",
    "drop": "aucune d'elles",
    "unless_conflict": "aucune d'elles, sauf si leurs fiches concordent par ailleurs : alors à la plus complète",
    "campaign": "Campagne {names} sur {channels} ; {assignment}.",
    "randomised": "les personnes ont été réparties au hasard : les écarts peuvent être dits incrémentaux",
    "observational": "les personnes n'ont PAS été réparties au hasard : les écarts sont des associations, "
                     "non des effets",
    "calendar": "Expositions du {first} au {until}, achats du {start} au {end} (exclu), heure de {zone}.",
    "opened": "Résultats ouverts, avec bruit, pour des groupes d'au moins {threshold} personnes rapprochées (compte "
              "bruité) :",
    "sum": "{name} (au plus {cap} par personne)",
    "runs": "Au plus {runs} traitements en {days} jours.",
    "overlap": "Un traitement dont les personnes diffèrent de celles d'un traitement antérieur de moins que le seuil "
               "{what}.",
    "overlap_charge": "est imputé comme tout autre", "overlap_warn": "est imputé, et son responsable en est averti",
    "overlap_refuse": "est refusé",
    "repeats": "La même question sur les mêmes données des deux parties redonne le tableau antérieur, sans dépense.",
    "runs_again": "La même question sur les mêmes données est un nouveau traitement, avec un nouveau bruit, et est "
                  "imputée.",
    "dominance": "Même si une personne constituait à elle seule un montant, le bruit cacherait au moins {rest} % de "
                 "ce qu'elle peut compter au plus.",
    "cost": "Confidentialité : un traitement consomme epsilon {epsilon} et delta {delta} ({match} pour les effectifs "
            "et les rapprochements, {release} pour le tableau) ; tous ensemble au plus {budget} et {budget_delta}.",
    "credited": "attribué aux canaux ({rule})",
    "first": "premier contact", "last": "dernier contact", "linear": "parts égales", "position": "selon la position",
    "time_decay": "décroissance dans le temps",
    "semi_honest": "La protection vaut face à un partenaire qui exécute le logiciel convenu. Celui qui exécute un "
                   "logiciel modifié peut apprendre bien plus, jusqu'à chaque achat chiffré : voir SECURITY.md, "
                   "« Not protected ».",
    "semi_honest_salted": "Le distributeur calcule seul les totaux. Celui qui exécute un logiciel modifié peut garder "
                          "la clé d'une exécution, chercher tout identifiant dans les données de l'annonceur et "
                          "publier d'autres totaux : voir SECURITY.md, « The salted-hash mode ».",
    "padding": "Remplissage : jusqu'à {most} leurres dans chacune des {cells} cellules.",
    "policies": "Les politiques propres des parties sont plus strictes ; un traitement applique ces valeurs :",
    "consent": "Consentement : rien de plus de {days} jours, personne de moins de {age} ans. Notices et catégories "
               "exclues :",
    "notice": "{role} : notice {id} du {published} ({language}), nomme {partner}, SHA-256 {sha256}",
    "denied": "{kind} : {labels}",
    "pharmacy": "pharmacie", "sexual_health": "santé sexuelle", "pregnancy_tests": "tests de grossesse",
    "religious": "produits religieux", "trade_union": "produits syndicaux", "political": "produits politiques",
    "legal": "Volet juridique :",
    "rules": "Règles de conformité (ce n'est pas un avis juridique ; un délégué à la protection des données doit "
             "valider) :",
    "kept": "respectée", "broken": "ENFREINTE",
}
WORDS: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType({"en": _ENGLISH, "fr": _FRENCH})
# Values of settings that are words of the file format.
VALUES: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType({
    "en": {"joint_controllers": "joint controllers", "controller_processor": "controller and processor",
           "legitimate_interest": "legitimate interest", "risk_reduced": "risk reduced",
           "high_residual_risk": "high residual risk", "adequacy_decision": "adequacy decision",
           "standard_clauses": "standard contractual clauses", "binding_corporate_rules": "binding corporate rules"},
    "fr": {"joint_controllers": "responsables conjoints", "controller_processor": "responsable et sous-traitant",
           "consent": "consentement", "legitimate_interest": "intérêt légitime", "risk_reduced": "risque réduit",
           "high_residual_risk": "risque résiduel élevé", "none": "néant", "advertiser": "annonceur",
           "retailer": "distributeur", "adequacy_decision": "décision d'adéquation",
           "standard_clauses": "clauses contractuelles types",
           "binding_corporate_rules": "règles d'entreprise contraignantes"}})
