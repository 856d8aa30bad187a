"""Words of the page of a running node, beside those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "o_kicker": "For the operator of this node", "o_title": "Node of the {role}",
    "o_stamp": "As of {time}; cleanroom {software}. Reload the page for a newer look.",
    "o_skip": "Skip to the state", "o_other": "En français",
    "o_ready": "Ready: a run could begin now", "o_not_ready": "Not ready", "o_stopped": "The node is not running",
    "o_reason": "{what}: {why}", "o_check_keys": "Keys", "o_check_ledger": "Privacy ledger",
    "o_check_contracts": "Contracts", "o_check_disk": "Disk",
    "o_h_state": "State", "o_since": "Running since", "o_certificate": "Own certificate is valid for",
    "o_disk": "Free disk", "o_suppressions": "Age of the suppression list", "o_waiting": "Waiting",
    "o_waiting_text": "{runs} runs, {proposals} proposals", "o_last": "Last finished run",
    "o_last_text": "{rows} rows with padding, {megabytes}\u00a0MB, {seconds}\u00a0s",
    "o_gigabytes": "{count}\u00a0GB", "o_hours": "{count}\u00a0hours", "o_days": "{count}\u00a0days",
    "o_missing": "not known",
    "o_h_contracts": "Contracts", "o_contracts": "Contracts that both parties signed", "o_contract": "Contract",
    "o_state": "State", "o_until": "Until", "o_left": "Privacy budget left",
    "o_left_text": "ε {left} of {whole}",
    "o_in_force": "in force", "o_not_in_force": "not in force", "o_revoked": "revoked", "o_superseded": "superseded",
    "o_h_runs": "Runs", "o_runs": "The newest runs", "o_run": "Run", "o_when": "Asked for", "o_asked": "asked for",
    "o_none": "There is none yet.",
    "o_awaiting_approval": "waits for approval", "o_outside_hours": "waits for the hours", "o_queued": "waits its turn",
    "o_running": "running", "o_finished": "finished", "o_refused": "refused", "o_failed": "failed",
    "o_cancelled": "cancelled", "o_interrupted": "interrupted",
    "o_h_audit": "Audit", "o_head": "Root of the log sealed last", "o_check": "Check",
    "o_verifies": "The log, its signatures and its receipt verify. `cleanroom audit verify` of the whole folder of "
                  "runs also shows that none is missing.",
    "o_broken": "Does not verify: {reason}",
    "o_footer": "This page only reads. It holds no data of people, loads nothing and runs no script.",
}
_FRENCH: Final = {
    "o_kicker": "Pour l’exploitant de ce nœud", "o_title": "Nœud\u00a0: {role}",
    "o_stamp": "État au {time}\u202f; cleanroom {software}. Rechargez la page pour l’actualiser.",
    "o_skip": "Aller à l’état", "o_other": "In English",
    "o_ready": "Prêt\u00a0: un calcul peut commencer", "o_not_ready": "Pas prêt",
    "o_stopped": "Le nœud est arrêté", "o_reason": "{what}\u00a0: {why}", "o_check_keys": "Clés",
    "o_check_ledger": "Registre de confidentialité", "o_check_contracts": "Contrats", "o_check_disk": "Disque",
    "o_h_state": "État", "o_since": "En marche depuis", "o_certificate": "Notre certificat est valide encore",
    "o_disk": "Espace disque libre", "o_suppressions": "Âge de la liste d’opposition", "o_waiting": "En attente",
    "o_waiting_text": "Calculs\u00a0: {runs}\u202f; propositions\u00a0: {proposals}",
    "o_last": "Dernier calcul achevé",
    "o_last_text": "{rows}\u00a0lignes, remplissage compris, {megabytes}\u00a0Mo, {seconds}\u00a0s",
    "o_gigabytes": "{count}\u00a0Go", "o_hours": "{count}\u00a0heures", "o_days": "{count}\u00a0jours",
    "o_missing": "inconnu",
    "o_h_contracts": "Contrats", "o_contracts": "Contrats signés par les deux parties", "o_contract": "Contrat",
    "o_state": "État", "o_until": "Jusqu’au", "o_left": "Budget de confidentialité restant",
    "o_left_text": "ε {left} sur {whole}",
    "o_in_force": "en vigueur", "o_not_in_force": "pas en vigueur", "o_revoked": "révoqué",
    "o_superseded": "remplacé",
    "o_h_runs": "Calculs", "o_runs": "Les derniers calculs", "o_run": "Calcul", "o_when": "Demandé",
    "o_asked": "demandé",
    "o_none": "Il n’y en a pas encore.",
    "o_awaiting_approval": "attend une approbation", "o_outside_hours": "attend les heures d’ouverture",
    "o_queued": "attend son tour", "o_running": "en cours", "o_finished": "achevé", "o_refused": "refusé",
    "o_failed": "échoué", "o_cancelled": "annulé", "o_interrupted": "interrompu",
    "o_h_audit": "Audit", "o_head": "Racine du dernier journal scellé", "o_check": "Vérification",
    "o_verifies": "Le journal, ses signatures et son reçu sont vérifiés. `cleanroom audit verify` sur tout le dossier "
                  "des calculs montre aussi qu’aucun ne manque.",
    "o_broken": "Non vérifié\u00a0: {reason}",
    "o_footer": "Cette page ne fait que lire. Elle ne contient aucune donnée de personnes, ne charge rien et n’exécute "
                "aucun script.",
}
NODE: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "fr": _FRENCH}
