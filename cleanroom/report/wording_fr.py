"""The wording of the report in French: the keys and placeholders of `wording.ENGLISH`, see there.

Texts are written with plain spaces; `_set` puts the spaces of French typography that never break.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cleanroom.report.wording_catalogue_fr import CATALOGUE
from cleanroom.report.wording_keys_fr import KEYS

_FIXED: Final = (  # (what, with): narrow before ; ! ?, full before : % and inside « »
    (re.compile(r" (?=[;!?])"), "\u202f"), (re.compile(r" (?=[:%»])"), "\u00a0"), (re.compile(r"(?<=«) "), "\u00a0"),
)


def _set(text: str) -> str:
    for pattern, space in _FIXED:
        text = pattern.sub(space, text)
    return text


_TEXTS: Final[Mapping[str, str]] = {
    # --- page ---------------------------------------------------------------------------------------------------
    "kicker": "Rapport de mesure · exemplaire {role}",
    "parties": "{advertiser} (annonceur) et {retailer} (distributeur)",
    "stamp":
        "Contrat {id}, version {version}. Exécution du {day}. Montants en {currency}, jours dans le fuseau {zone}.",
    "skip": "Aller aux résultats",
    "owner":
        "Réservé à {owner} : la section « {section} » contient des décomptes exacts sur ses propres données. Ne "
        "remettez pas cet exemplaire à l’autre partie.",
    "footer": "Produit par cleanroom {software}. Ce fichier ne charge rien depuis un réseau.",
    "advertiser": "de l’annonceur", "retailer": "du distributeur", "and": "et", "to": "à", "all": "Ensemble",
    "interval": "intervalle à 95 %", "suppressed": "masqué", "undefined": "non défini",
    "none": "aucun", "person": "1 personne", "days": "{count} jours", "day": "1 jour",
    "months": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",

    # --- headings -----------------------------------------------------------------------------------------------
    "h_short": "En bref", "h_matched": "Personnes appariées", "h_groups": "Résultats par groupe",
    "h_compare": "Exposés et témoins", "h_categories": "Ventes par catégorie", "h_privacy": "Confidentialité",
    "h_learned": "Ce que l’autre partie a pu apprendre", "h_statement": "Déclaration de confidentialité",
    "h_method": "Méthode", "h_own": "Qualité des données de {owner}",
    "h_evidence": "Éléments de preuve", "h_limits": "Limites",
    "h_annex": "Annexe : tous les nombres ouverts",

    # --- in short -----------------------------------------------------------------------------------------------
    "asked": "Question", "matched": "Appariement", "found": "Résultat", "withheld": "Masqué",
    "privacy": "Confidentialité",
    "asked_text":
        "Les personnes exposées à la campagne « {campaigns} » ({channels}) {when} ont-elles acheté davantage "
        "chez {retailer}, dans une fenêtre de {window} après cette période, que les personnes témoins ?",
    "on_day": "le {first}", "between_days": "entre le {first} et le {last}",
    "matched_text":
        "Environ {people} personnes figurent dans les deux fichiers (intervalle à 95 % du bruit : {interval}).",
    "matched_arms": "Par bras : {arms}.",
    "matched_part": "Certains groupes sont masqués ; ce décompte ne comprend pas leurs personnes.",
    "matched_rate": "Cela représente {rate} des {admitted} personnes apportées par {owner}.",
    "matched_none":
        "Aucun nombre de personnes appariées n’a été ouvert : chaque groupe est resté sous le seuil de "
        "{threshold}. Les "
        "deux fichiers ont peu de personnes en commun, ou aucune.",
    "admitted_none": "{owner} n’a apporté personne : chaque ligne a été refusée ou écartée.",
    "withheld_none":
        "Rien : chacun des {groups} groupes a atteint le seuil de {threshold} personnes appariées.",
    "withheld_some":
        "{suppressed} groupes sur {groups} ({share}), parce que chacun comptait moins de {threshold} personnes "
        "appariées après ajout du bruit. Un groupe masqué n’est pas un groupe vide.",
    "withheld_all":
        "Tout : les {groups} groupes comptaient chacun moins de {threshold} personnes appariées après ajout du bruit. "
        "Un groupe masqué n’est pas un groupe vide.",
    "withheld_empty": "Le contrat ne publie aucun groupe.",
    "privacy_text":
        "Cette exécution a dépensé ε = {run} (δ = {run_delta}). L’ensemble des exécutions de ce contrat a dépensé "
        "ε = {cumulative} sur {budget} ; il reste {left}.",
    "found_nothing":
        "Aucune comparaison ne peut être montrée : les groupes nécessaires sont masqués, ou le contrat n’en demande "
        "pas.",
    "zero_inside": "L’intervalle contient zéro : les données ne permettent pas de conclure sur le sens.",
    "zero_outside": "L’intervalle ne contient pas zéro.",
    "effect_incremental":
        "Effet incrémental, {what} : {value} (intervalle à 95 % : {interval}), {exposed} moins {control}.",
    "effect_association":
        "Écart, {what} : {value} (intervalle à 95 % : {interval}), {exposed} moins {control}.",
    "why_incremental":
        "Les bras ont été tirés au sort : l’écart peut se lire comme l’effet de la campagne.",
    "why_association":
        "Il s’agit d’une association, non d’un effet : les bras n’ont pas été tirés au sort, et les personnes choisies "
        "pour la campagne auraient pu acheter davantage, ou moins, sans elle.",
    "lead_incremental": "Effet incrémental : {what}", "lead_association": "Écart (association) : {what}",
    "lead_arms": "{exposed} moins {control}", "lead_mix": "{exposed} moins {control}, à composition égale",

    # --- names of results ---------------------------------------------------------------------------------------
    "people": "Personnes appariées", "group": "Groupe", "value": "Valeur", "statistic": "Statistique",
    "comparison": "Parmi", "category": "Catégorie", "se_sampling": "Erreur type, échantillonnage",
    "se_noise": "Erreur type, bruit de confidentialité", "pp": "pt", "pp_note": "pt : points de pourcentage.",
    "count_note":
        "Sous chaque valeur : son intervalle à 95 %, qui réunit l’erreur d’échantillonnage et le bruit de "
        "confidentialité.",
    "noise_note": "L’intervalle est celui du seul bruit de confidentialité.",
    "same_mix": "Ensemble, composition égale",
    "mix_note":
        "Composition égale : chaque strate des témoins reçoit le poids qu’elle a parmi les exposés.",
    "what_sales_per_person_difference": "ventes par personne",
    "what_conversion_difference": "taux de conversion",
    "n_conversion_rate": "Taux de conversion", "n_sales_per_person": "Ventes par personne",
    "n_baskets_per_person": "Paniers par personne", "n_units_per_person": "Unités par personne",
    "n_sales_per_buyer": "Ventes par acheteur", "n_average_basket": "Panier moyen",
    "n_conversion_difference": "Taux de conversion",
    "n_conversion_relative_lift": "Taux de conversion, par rapport aux témoins",
    "n_sales_per_person_difference": "Ventes par personne",
    "n_sales_relative_lift": "Ventes par personne, par rapport aux témoins",
    "n_incremental_buyers": "Acheteurs incrémentaux", "n_incremental_sales": "Ventes incrémentales",
    "n_associated_buyers": "Acheteurs, écart × exposés",
    "n_associated_sales": "Ventes, écart × exposés",
    "n_roas": "Ventes des exposés appariés / coût de la campagne (ROAS)", "n_iroas": "iROAS",
    "n_cost_per_buyer": "Coût de la campagne par acheteur exposé apparié",
    "n_cost_per_incremental_buyer": "Coût de la campagne par acheteur incrémental",
    "n_cost_per_associated_buyer": "Coût de la campagne par acheteur supplémentaire",
    "n_associated_roas": "Écart de ventes / coût de la campagne", "n_too_noisy": "trop bruité pour être montré",
    "n_suppressed": "masqué", "colon": " : ",
    "n_too_few_people": "trop peu de personnes",
    "n_undefined_zero_denominator": "non défini (division par zéro)", "n_not_finite": "non défini",
    "n_email": "e-mail", "n_phone": "téléphone", "n_loyalty": "carte de fidélité", "n_no_arm": "Sans bras",
    "n_no_arm_row": "Sans bras", "n_no_key": "Sans clé d’appariement utilisable",
    "n_email_invalid": "E-mail non valide", "n_email_shared": "E-mail commun à plusieurs personnes",
    "n_phone_invalid": "Téléphone non valide", "n_phone_shared": "Téléphone commun à plusieurs personnes",
    "n_loyalty_invalid": "Carte de fidélité non valide",
    "n_loyalty_shared": "Carte de fidélité commune à plusieurs personnes",
    "n_exposures_outside_lookback": "Expositions trop anciennes",
    "n_arms_outside_lookback": "Affectations trop anciennes",
    "n_purchases_outside_lookback": "Achats trop anciens",
    "n_unknown_arm": "Bras absent du contrat", "n_unknown_segment": "Segment absent du contrat",
    "n_outside_calendar": "Hors calendrier",
    "n_no_exposure": "Bras exposé, sans exposition retenue", "n_contaminated": "Témoin, mais exposé",
    "a_exposed": "exposés", "a_control": "témoins", "d_arm": "bras", "d_segment": "segment",
    "d_campaign": "campagne", "d_channels": "ensemble de canaux", "d_path": "parcours",
    "d_frequency": "nombre d’expositions", "d_engagement": "engagement", "d_periods": "périodes d’exposition",
    "k_tv": "télévision", "k_radio": "radio", "k_display": "display", "k_video": "vidéo",
    "k_social": "réseaux sociaux", "k_search": "recherche en ligne", "k_email": "e-mail", "k_sms": "SMS",
    "k_app": "application", "k_direct_mail": "courrier adressé", "k_out_of_home": "affichage",
    "k_site_visit": "visite du site", "k_store_visit": "visite en magasin",
    "n_reading": "Lecture de ses propres fichiers", "n_connecting": "Connexion à l’autre nœud",
    "n_gate": "Contrôle du consentement, clés", "n_hello": "Salutations",
    "n_sizes": "Annonce des tailles avec remplissage",
    "n_account": "Comparaison des registres de confidentialité",
    "n_blinded_cells": "Aveuglement des personnes de l’annonceur",
    "n_reblinded_cells": "Second aveuglement et mélange",
    "n_blinded_values": "Aveuglement des personnes du distributeur",
    "n_lattice_key": "Échange de la clé de chiffrement", "n_columns": "Chiffrement des achats",
    "n_tokens": "Envoi et rapprochement des empreintes salées",
    "n_masked_sums": "Addition des chiffrés", "n_commit_people": "Engagement sur les décomptes",
    "n_open_people": "Ouverture des décomptes", "n_commit_sums": "Engagement sur les sommes",
    "n_open_sums": "Ouverture des sommes", "n_receipt": "Signature du reçu",
    "v_buyers": "Acheteurs", "v_sales": "Ventes", "v_sales_squared": "Carrés des ventes", "v_baskets": "Paniers",
    "v_units": "Unités", "u_": "personnes", "u_people": "personnes", "u_buyers": "personnes", "u_sales": "",
    "u_sales_squared": "{currency} au carré", "u_baskets": "paniers", "u_units": "unités",

    # --- charts -------------------------------------------------------------------------------------------------
    "c_people": "Personnes appariées par groupe",
    "c_people_text":
        "Décompte bruité des personnes trouvées des deux côtés. Le trait est l’intervalle à 95 % du bruit.",
    "c_conversion": "Taux de conversion par groupe",
    "c_conversion_text":
        "Part des personnes appariées qui ont acheté dans la fenêtre, avec son intervalle à 95 %.",
    "c_sales": "Ventes par personne et par groupe",
    "c_sales_text":
        "Ventes dans la fenêtre divisées par les personnes appariées, en {currency}, avec leur intervalle à 95 %.",
    "c_lift_share": "Écart de taux de conversion",
    "c_lift_share_text": "{exposed} moins {control}, en points de pourcentage, avec son intervalle à 95 %.",
    "c_lift_money": "Écart de ventes par personne",
    "c_lift_money_text": "{exposed} moins {control}, en {currency}, avec son intervalle à 95 %.",
    "c_categories": "Ventes par personne et par catégorie",
    "c_categories_text":
        "Ventes de la catégorie divisées par les personnes appariées, en {currency}, avec leur intervalle à 95 %.",
    "c_numbers": "Valeurs : {values}.",
    "c_cut": "Les {shown} premières lignes sur {total} sont dessinées ; le tableau les contient toutes.",
    "c_in_table": "Les mêmes nombres figurent dans le tableau qui suit.",

    # --- tables -------------------------------------------------------------------------------------------------
    "t_matched": "Personnes présentes dans les deux fichiers", "match_rate": "Taux d’appariement de {party}",
    "match_bound": "Taux d’appariement de {party}, au moins", "in_part": "{name}, sans les groupes masqués",
    "noise_below": "Sous chaque valeur : l’intervalle à 95 % du bruit de confidentialité.",
    "t_group": "Publié par {dimensions}", "t_total": "Publié pour l’ensemble",
    "t_compare": "Comparaisons : {exposed} moins {control}",
    "t_categories": "Ventes par personne, par catégorie et par bras",
    "t_spent": "Budget de confidentialité dépensé et restant",
    "t_refused": "Refusé par une règle de consentement", "t_excluded": "Écarté pour une autre raison",
    "t_clipped": "Écrêté au plafond d’une statistique", "t_sizes": "Tailles", "t_stages": "Durée par étape",
    "t_annex": "Nombres ouverts, publiés par {dimensions}",
    "t_annex_credit": "Nombres ouverts, crédit par canal : {method}",
    "t_annex_total": "Nombres ouverts, publiés pour l’ensemble", "rule": "Règle",
    "meaning": "Signification", "count": "Nombre", "reason": "Motif", "cap": "Plafond par personne",
    "people_clipped": "Personnes au-dessus du plafond", "share_clipped": "Part de valeur écrêtée", "stage": "Étape",
    "seconds": "Secondes", "scope": "Périmètre", "epsilon": "ε", "delta": "δ",
    "posterior": "Certitude possible à partir de 50 %", "s_transcript": "Appariement, cette exécution",
    "s_release": "Nombres publiés, cette exécution", "s_run": "Cette exécution",
    "s_cumulative": "Ce contrat jusqu’ici", "s_budget": "Budget du contrat", "s_left": "Reste",
    "admitted": "Personnes admises", "rows_sent": "Lignes envoyées, remplissage compris",
    "peer_rows": "Lignes reçues, remplissage compris", "bytes_sent": "Octets envoyés",
    "bytes_received": "Octets reçus", "nothing_refused": "Aucune ligne n’a été refusée par une règle de consentement.",
    "nothing_excluded": "Aucune ligne n’a été écartée.", "annex_noise": "Intervalle à 95 % du bruit",
    "annex_note":
        "La première ligne est la demi-largeur de cet intervalle, la même pour tous les groupes d’une publication.",
    "annex_text":
        "Les deux parties détiennent exactement ces totaux. Chacun porte le bruit des deux côtés ; un total négatif "
        "vient du bruit, ce n’est pas une erreur.",

    # --- privacy ------------------------------------------------------------------------------------------------
    "posterior_text":
        "En clair : quelqu’un qui est sûr à 50 % qu’une personne donnée figure dans les données peut en devenir sûr à "
        "{run} au plus par cette exécution, et à {cumulative} au plus par toutes les exécutions de ce contrat "
        "jusqu’ici, sauf avec une probabilité d’environ δ. Aucune autorité n’a désigné d’ε acceptable.",
    "posterior_weak": "Un ε de 5 ou plus est, à lui seul, une garantie faible.",
    "learned_none": "Aucun échange n’a été enregistré.",

    # --- method card --------------------------------------------------------------------------------------------
    "m_attribution": "Attribution",
    "m_attribution_none":
        "Aucune. Aucune vente n’est attribuée à une exposition ; des groupes de personnes sont comparés dans leur "
        "ensemble.",
    "m_windows": "Fenêtres",
    "m_windows_text":
        "Une personne exposée pour la première fois (témoin : affectée) dans une période de {period} est mesurée sur "
        "une fenêtre de {window} après la fin de cette période : un achat ne précède jamais l’exposition. Fuseau "
        "horaire {zone}. Profondeur d’historique : {lookback} au plus.",
    "m_keys": "Clés d’appariement",
    "m_keys_text":
        "Déterministes, de première main : {keys}, dans cet ordre de priorité ; profil {normalisation} ; protocole "
        "{protocol}.",
    "m_dedup": "Dédoublonnage",
    "m_dedup_text":
        "L’appariement est d’un à un. Les fiches d’une même partie qui partagent une clé sont départagées avant "
        "l’exécution ; une personne compte dans un seul groupe de chaque publication.",
    "m_clipping": "Écrêtage",
    "m_clipping_text":
        "La contribution de chaque personne à chaque somme est plafonnée avant chiffrement : {caps}. Ce que les "
        "plafonds retranchent manque dans les totaux.",
    "m_sales": "Ventes",
    "m_design": "Plan d’étude",
    "m_design_randomised": "Bras tirés au sort : l’incrémentalité a été testée. {note}",
    "m_design_observational": "Bras observés : le lien de cause à effet n’a pas été testé. {note}",
    "m_interval": "Intervalles",
    "m_interval_text":
        "95 %. Ils réunissent l’erreur d’échantillonnage et le bruit de confidentialité ; les deux parts sont "
        "données à "
        "côté de chaque comparaison.",
    "m_noise": "Bruit et seuil",
    "m_noise_text":
        "Chaque partie ajoute un bruit de Laplace discret à chaque somme ; un groupe n’est ouvert que si son décompte "
        "bruité atteint {threshold}.",
    "m_lookback_text":
        "Seuls les achats compris dans la durée d’attribution d’une exposition lui sont attribués ({days}), comptée de "
        "sorte qu’aucune exposition de la période ne soit plus ancienne.",
    "g_click": "clic", "g_visit": "visite", "g_view": "vue", "g_listen": "écoute", "g_opportunity": "occasion de voir",
    "g_none": "non touchés", "g_frequency": "{number} exposition{plural}", "g_other": "autres",
    "m_cost": "Coût de la campagne", "m_cost_text": "{cost}, selon le contrat.",
    "m_cost_own": "{cost}, somme des coûts des expositions de l’annonceur. Le distributeur ne la connaît pas.",
    "m_cost_none": "Non indiqué : pas de retour sur investissement.",

    "t_merged": "Comptés sous une autre valeur",
    "m_attribution_text":
        "{methods}. Les crédits sont des sixièmes par canal du parcours de la personne dans la période "
        "d’exposition, arrondis au plus fort reste ; les ventes des personnes sans exposition ne sont pas "
        "attribuées.",
    "m_sales_refuse":
        "Brutes, telles que le distributeur a enregistré les lignes d’achat, en {currency} ; un fichier avec "
        "des remboursements aurait été refusé. Les achats sans identifiant de client ne sont pas dans les "
        "totaux.",
    "m_sales_gross":
        "Brutes, en {currency} : les lignes de remboursement ont été ignorées. Les achats sans identifiant de"
        " client ne sont pas dans les totaux.",
    "m_sales_net":
        "Nettes des remboursements de la fenêtre, en {currency} ; un total négatif d’une personne compte pour"
        " zéro. Les achats sans identifiant de client ne sont pas dans les totaux.",

    # --- evidence and limits ------------------------------------------------------------------------------------
    "e_run": "Exécution", "e_contract": "Contrat, SHA-256", "e_transcript": "Transcription, SHA-256",
    "e_root": "Racine d’audit", "e_software": "Logiciel", "e_backend": "Arithmétique",
    "e_time": "Début et fin (UTC)", "e_verify": "Vérifier avec", "e_traffic": "Trafic",
    "e_traffic_text": "{sent} octets envoyés, {received} reçus",
    "e_command": "cleanroom audit verify <dossier>",
    "l_matched":
        "Les résultats portent sur les personnes présentes dans les deux fichiers, non sur toutes celles qui ont vu la "
        "campagne ou qui achètent chez {retailer}.",
    "l_noise":
        "Chaque décompte et chaque somme portent un bruit aléatoire. Les petits groupes et les achats rares sont les "
        "plus flous.",
    "l_many":
        "Plusieurs comparaisons sont présentées. Un intervalle sur vingt manque sa vraie valeur même quand tout "
        "va bien.",
    "l_association":
        "Les bras n’ont pas été tirés au sort. Les écarts peuvent venir de la façon dont les personnes ont été "
        "choisies.",
    "l_randomised": "L’effet vaut pour les personnes, les semaines et le lieu de cette campagne.",
    "l_semi":
        "Le protocole protège d’une partie qui le suit et cherche à en apprendre davantage. Il n’arrête pas une partie "
        "qui fournit de fausses données.",
    "l_legal":
        "Une preuve technique n’est pas une attestation juridique : un délégué à la protection des données doit "
        "valider "
        "ce traitement. Les identifiants appariés ou hachés sont des données à caractère personnel chez les deux "
        "parties.",
}

FRENCH: Final[Mapping[str, str]] = {key: _set(text) for key, text in {**CATALOGUE, **KEYS, **_TEXTS}.items()}
