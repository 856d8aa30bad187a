"""Words of the filters, the credits and the tables of single metrics in French. Keys as in `wording`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CATALOGUE: Final[Mapping[str, str]] = {
    "v_visitors": "Visiteurs",
    "v_visits": "Jours avec visite",
    "v_collections_with_extra": "Retraits avec un achat en magasin le même jour",
    "v_extra_sales": "Ventes en magasin les jours de retrait",
    "u_visitors": "personnes",
    "u_visits": "jours",
    "u_collections_with_extra": "retraits",
    "u_extra_sales": "",
    "f_store": "en magasin",
    "f_online": "en ligne",
    "f_click_collect": "retrait en magasin",
    "f_pickup_extra": "acheté lors du retrait",
    "f_campaign": "catégories de la campagne",
    "f_halo": "hors des catégories de la campagne",
    "f_brand": "la marque",
    "f_store_only": "clients du magasin seul",
    "f_online_only": "clients en ligne seuls",
    "f_lookback": "dans la durée d’attribution",
    "f_both_channels": "clients des deux canaux",
    "f_new_to_brand": "nouveaux pour la marque",
    "f_unattributed": "Non attribué",
    "f_other": "Autres parcours",
    "n_path_merged": "Parcours regroupé dans « other »",
    "n_channels_merged": "Ensemble de canaux regroupé dans « other »",
    "n_refund_lines": "Lignes de remboursement, ignorées",
    "n_unknown_path": "Parcours absent du contrat",
    "n_unknown_channels": "Ensemble de canaux absent du contrat",
    "n_unknown_periods": "Suite de périodes absente du contrat",
    "n_unknown_frequency": "Fréquence absente du contrat",
    "n_unknown_engagement": "Engagement absent du contrat",
    "n_unknown_campaign": "Campagne absente du contrat",
    "n_visits_outside_lookback": "Visites hors de la période de référence",
    "n_sales_channel_average_basket": "Panier moyen par canal de vente",
    "h_metrics": "Autres réponses",
    "h_attribution": "Attribution aux canaux",
    "exact": "exact", "x_measure": "Mesure",
    "x_days": "jours {days} après la dernière exposition",
    "x_ropo": "Recherche en ligne, achat en magasin (ROPO)",
    "x_ropo_text":
        "Les personnes ayant cliqué ou visité pendant la période d’exposition, et leur part de ce que toutes "
        "les personnes appariées ont acheté en magasin dans la fenêtre qui suit.",
    "x_vopo": "Vue en ligne, achat en magasin (VOPO)",
    "x_vopo_text":
        "La même chose pour les personnes qui ont seulement vu ou entendu la campagne. Chacun compte une "
        "fois, sous l’engagement le plus fort : ROPO et VOPO s’additionnent.",
    "x_offline_share": "Part du magasin dans les ventes",
    "x_offline_share_text":
        "Les ventes en magasin parmi les ventes en magasin et en ligne. Le retrait en magasin n’est dans "
        "aucune des deux.",
    "x_omnichannel": "Clients omnicanaux et clients d’un seul canal",
    "x_omnichannel_text":
        "Chaque acheteur est d’une seule sorte, selon le lieu de ses achats dans la fenêtre : magasin seul, "
        "en ligne seul, ou les deux.",
    "x_click_collect": "Retrait en magasin",
    "x_click_collect_text":
        "Le panier en ligne moyen livré et celui retiré en magasin, et ce qui est acheté en magasin le jour "
        "d’un retrait.",
    "x_frequency": "Fréquence et récence",
    "x_frequency_text":
        "Selon le nombre d’expositions pendant la période d’exposition. Les personnes souvent touchées "
        "diffèrent souvent des autres : la courbe décrit, elle ne montre pas ce que ferait une exposition de "
        "plus.",
    "x_new_to_brand": "Nouveaux clients de la marque",
    "x_new_to_brand_text":
        "Acheteurs de la marque dans la fenêtre qui ne l’avaient pas achetée pendant les 365 jours précédents"
        " chez ce distributeur.",
    "x_visits": "Visites en magasin",
    "x_visits_text": "Visites dans la fenêtre, avec ou sans achat.",
    "x_halo": "Effet de halo",
    "x_halo_text":
        "Ce que les acheteurs des catégories de la campagne ont acheté en dehors d’elles, dans la même "
        "fenêtre.",
    "x_coverage": "Couverture des données de {owner}",
    "x_coverage_text":
        "Nombres exacts du propriétaire de cet exemplaire, inconnus de l’autre partie : la part de ses "
        "données rattachée à une personne. Rien n’en est extrapolé.",
    "x_attribution": "Ventes créditées, par méthode",
    "x_channel": "Canal",
    "x_unattributed": "Non attribué",
    "x_attributed": "Attribué, ensemble",
    "x_attribution_note":
        "Chaque colonne répartit les mêmes ventes ; avec la ligne non attribuée elle les redonne toutes, au "
        "bruit près. Entre parenthèses : la part de toutes les ventes ; dessous, l’intervalle à 95 % du bruit. Un "
        "crédit dit qui a touché, non qui a causé.",
    "at_first": "Premier contact",
    "at_last": "Dernier contact",
    "at_linear": "Linéaire",
    "at_position": "Selon la position",
    "at_time_decay": "Décroissance temporelle",
    "n_ropo_revenue_share": "Part des ventes en magasin",
    "n_ropo_buyer_rate": "Part des acheteurs en magasin",
    "n_vopo_revenue_share": "Part des ventes en magasin",
    "n_vopo_buyer_rate": "Part des acheteurs en magasin",
    "n_offline_share": "Part du magasin",
    "n_customers_store_only": "Clients du magasin seul",
    "n_customers_online_only": "Clients en ligne seuls",
    "n_customers_both_channels": "Clients des deux",
    "n_customer_share_store_only": "Part, magasin seul",
    "n_customer_share_online_only": "Part, en ligne seul",
    "n_customer_share_both_channels": "Part, les deux",
    "n_sales_per_customer_store_only": "Ventes par client du magasin seul",
    "n_sales_per_customer_online_only": "Ventes par client en ligne seul",
    "n_sales_per_customer_both_channels": "Ventes par client des deux",
    "n_baskets_per_customer_store_only": "Paniers par client du magasin seul",
    "n_baskets_per_customer_online_only": "Paniers par client en ligne seul",
    "n_baskets_per_customer_both_channels": "Paniers par client des deux",
    "n_basket_online": "Panier en ligne, livré",
    "n_basket_click_collect": "Panier en ligne, retiré",
    "n_extra_purchase_rate": "Retraits avec un achat en magasin le même jour",
    "n_extra_sales_per_collection": "Ventes en magasin ce jour-là, par retrait",
    "n_frequency_conversion": "Conversion",
    "n_frequency_sales_per_person": "Ventes par personne",
    "n_recency_share": "Part des ventes",
    "n_new_to_brand_buyers": "Nouveaux acheteurs de la marque",
    "n_new_to_brand_rate": "Nouveaux parmi les acheteurs de la marque",
    "n_new_to_brand_sales_share": "Part des nouveaux dans les ventes de la marque",
    "n_visitors": "Visiteurs",
    "n_visit_rate": "Part des personnes appariées venues en magasin",
    "n_visits_per_person": "Jours avec visite, par personne",
    "n_campaign_sales": "Ventes dans les catégories de la campagne",
    "n_halo_sales": "Ventes hors de ces catégories",
    "n_halo_share": "Halo, part de toutes leurs ventes",
    "n_carded_sales_share": "Ventes avec identifiant de client",
    "n_tied_exposures_share": "Expositions rattachées à une personne",
    "n_tied_visits_share": "Visites rattachées à une personne",
    "c_frequency": "Conversion selon le nombre d’expositions",
    "c_frequency_text":
        "Part des personnes appariées qui ont acheté, avec son intervalle à 95 %. Ce n’est pas un effet.",
    "c_baskets": "Panier moyen par canal de vente",
    "c_baskets_text": "Ventes divisées par les paniers, en {currency}, avec leur intervalle à 95 %.",
    "c_attribution": "Ventes créditées par canal et par méthode",
    "c_attribution_text": "Ventes de la fenêtre créditées à chaque canal, en {currency}, avec l’intervalle du bruit.",
}
