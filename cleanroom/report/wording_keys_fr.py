"""French words of match keys, devices and refused values. Keys as in `wording_keys`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KEYS: Final[Mapping[str, str]] = {
    "n_email_2": "second e-mail", "n_email_sha256": "e-mail haché", "n_phone_2": "second téléphone",
    "n_loyalty_2": "seconde carte de fidélité", "n_postal": "nom et adresse",
    "n_email_2_invalid": "Second e-mail non valide", "n_email_2_shared": "Second e-mail commun à plusieurs personnes",
    "n_email_sha256_invalid": "E-mail haché non valide",
    "n_email_sha256_shared": "E-mail haché commun à plusieurs personnes",
    "n_phone_2_invalid": "Second téléphone non valide",
    "n_phone_2_shared": "Second téléphone commun à plusieurs personnes",
    "n_loyalty_2_invalid": "Seconde carte de fidélité non valide",
    "n_loyalty_2_shared": "Seconde carte de fidélité commune à plusieurs personnes",
    "n_postal_invalid": "Nom et adresse non valides", "n_postal_shared": "Nom et adresse communs à plusieurs personnes",
    "m_shared_drop": "Une valeur de clé que plusieurs personnes ont n’est utilisée pour aucune d’elles.",
    "m_shared_unless_conflict":
        "Une valeur de clé que plusieurs personnes ont n’est utilisée pour aucune d’elles, sauf si leurs fiches "
        "concordent en toute autre clé : alors pour celle qui a le plus de clés.",
    "t_keys": "Clés d’appariement de nos personnes", "key": "Clé", "key_used": "Utilisées", "key_missing": "Absentes",
    "key_refused": "Refusées", "key_shared": "Perdues car partagées", "key_matched": "Appariées par elle",
    "key_note": "Appariées\u00a0: personnes trouvées par cette clé et par aucune avant elle, avec l’intervalle à "
                "95\u00a0% du remplissage.",
    "t_why": "Clés refusées, par raison", "forms": "Forme de quelques-unes (lettres a, chiffres 9)",
    "t_kinds": "Valeurs de clés que plusieurs personnes ont", "kind_common": "De plus de personnes qu’un foyer",
    "kind_conflict": "De personnes dont les autres clés diffèrent",
    "kind_alike": "D’enregistrements par ailleurs concordants",
    "kind_kept": "\u2026 dont personnes qui la gardent",
    "why_too_long": "Trop longue", "why_hidden_character": "Caractère caché", "why_inner_space": "Espace à l’intérieur",
    "why_unstable_unicode": "Unicode instable", "why_not_one_at_sign": "Pas exactement un @",
    "why_local_part": "À gauche du @", "why_domain": "Domaine", "why_mixed_scripts": "Lettres de plusieurs alphabets",
    "why_form": "Forme", "why_no_country": "Numéro sans son pays", "why_not_in_the_number_plan": "Numéro inexistant",
    "why_check_digit": "Clé de contrôle", "why_hash_of_nothing": "Hachage d’un texte vide", "why_name": "Nom",
    "why_address": "Adresse", "why_postcode": "Code postal",
    "n_exposures_of_unknown_device": "Expositions d’un appareil sans connexion connue",
    "n_exposures_of_shared_device": "Expositions d’un appareil de plusieurs personnes",
    "n_exposures_after_last_login": "Expositions après la dernière connexion sur leur appareil",
    "n_exposures_before_login_without_account_consent":
        "Expositions avant la première connexion, de personnes qui n’ont pas consenti avec leur compte",
    "n_tied_by_login_share": "Expositions rattachées par une connexion du moment",
    "n_tied_before_login_share": "Expositions rattachées par une connexion ultérieure",
}
