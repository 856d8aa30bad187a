"""Words of the page of `cleanroom plan`, beside those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "p_kicker": "Before any data is touched",
    "p_assumed":
        "Assumed: {advertiser} people of the advertiser, {retailer} of the retailer, {matched} in both; "
        "{conversion} buy; {mean} a person with a standard deviation of {sd}; no effect.",
    "p_privacy": "Privacy", "p_time": "Time and traffic", "p_padding": "Padding",
    "p_spends":
        "One run spends ε {epsilon} and δ {delta}. The budget of ε {budget} pays for {runs} such runs.",
    "p_ledger": "The ledger of {role} has recorded ε {epsilon}; runs left: {runs}.",
    "p_advertiser": "the advertiser", "p_retailer": "the retailer",
    "p_time_text":
        "About {seconds} seconds with {backend}, {workers} cores a node and {bandwidth} Mbit/s. The advertiser "
        "sends {advertiser}, the retailer {retailer}.",
    "p_padding_text":
        "{dummies} dummies hide how many match; the padded lists have about {advertiser} and {retailer} rows.",
    "h_p_precision": "How precise the answers will be", "h_p_groups": "Groups",
    "p_precision": "95\u00a0% intervals: half-width and its two parts; smallest detectable effect",
    "p_note":
        "The squares of both parts add up to that of the half-width. Detectable: the smallest true difference that a "
        "two-sided test at 5\u00a0% finds with a power of 80\u00a0%.",
    "p_difference": "{title}, exposed minus control",
    "p_sampling": "Sampling", "p_noise": "Privacy noise", "p_detectable": "Detectable",
    "p_widths": "Half-width of the 95\u00a0% interval, in its two parts. Shorter is better.",
    "p_groups": "Expected people, and groups likely to be withheld",
    "p_suppressed": "Chance to be withheld (under {threshold})",
    "p_stages": "Time by stage", "p_stages_text": "Seconds of each stage, both nodes idle machines of their own.",
    "p_advertiser_sends": "Advertiser sends", "p_retailer_sends": "Retailer sends", "p_megabytes": "{count} MB",
    "p_under": "under {share}", "p_over": "over {share}",
    "p_footer": "A forecast from sizes and rates, computed by the formulas of the report. No data was read but what "
                "the owner named.",
}
_FRENCH: Final = {
    "p_kicker": "Avant de toucher à la moindre donnée",
    "p_assumed":
        "Hypothèses : {advertiser} personnes chez l’annonceur, {retailer} chez le distributeur, {matched} chez les "
        "deux ; {conversion} achètent ; {mean} par personne avec un écart type de {sd} ; aucun effet.",
    "p_privacy": "Confidentialité", "p_time": "Durée et trafic", "p_padding": "Remplissage",
    "p_spends":
        "Une exécution dépense ε {epsilon} et δ {delta}. Le budget de ε {budget} en permet {runs}.",
    "p_ledger": "Registre, {role} : ε {epsilon} dépensé ; exécutions restantes : {runs}.",
    "p_advertiser": "l’annonceur", "p_retailer": "le distributeur",
    "p_time_text":
        "Environ {seconds} secondes avec {backend}, {workers} cœurs par nœud et {bandwidth} Mbit/s. L’annonceur "
        "envoie {advertiser}, le distributeur {retailer}.",
    "p_padding_text":
        "{dummies} lignes factices cachent le nombre d’appariements ; les listes complétées ont environ {advertiser} "
        "et {retailer} lignes.",
    "h_p_precision": "Quelle précision attendre", "h_p_groups": "Groupes",
    "p_precision": "Intervalles à 95\u00a0% : demi-largeur et ses deux parts ; plus petit effet décelable",
    "p_note":
        "Les carrés des deux parts s’additionnent au carré de la demi-largeur. Décelable : la plus petite différence "
        "réelle qu’un test bilatéral à 5\u00a0% trouve avec une puissance de 80\u00a0%.",
    "p_difference": "{title}, exposés moins témoins",
    "p_sampling": "Échantillonnage", "p_noise": "Bruit de confidentialité", "p_detectable": "Décelable",
    "p_widths": "Demi-largeur de l’intervalle à 95\u00a0%, en deux parts. Plus court vaut mieux.",
    "p_groups": "Personnes attendues, et groupes qui seront sans doute masqués",
    "p_suppressed": "Risque d’être masqué (moins de {threshold})",
    "p_stages": "Durée par étape", "p_stages_text": "Secondes de chaque étape, chaque nœud sur sa propre machine.",
    "p_advertiser_sends": "L’annonceur envoie", "p_retailer_sends": "Le distributeur envoie",
    "p_megabytes": "{count} Mo",
    "p_under": "moins de {share}", "p_over": "plus de {share}",
    "p_footer": "Une prévision à partir de tailles et de taux, par les formules du rapport. Aucune donnée n’a été lue "
                "que celles que leur propriétaire a désignées.",
}
PLAN: Final[Mapping[str, Mapping[str, str]]] = {
    "en": _ENGLISH,
    # French typography: a no-break space before high punctuation.
    "fr": {key: text.replace(" :", "\u00a0:").replace(" ;", "\u202f;") for key, text in _FRENCH.items()},
}
