"""Words of the filters, the credits and the tables of single metrics. Keys as in `wording`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CATALOGUE: Final[Mapping[str, str]] = {
    "v_visitors": "Visitors", "v_visits": "Days with a visit",
    "v_collections_with_extra": "Collections with a store purchase on the same day",
    "v_extra_sales": "Store sales on days of a collection", "u_visitors": "people", "u_visits": "days",
    "u_collections_with_extra": "collections", "u_extra_sales": "",
    "f_store": "in store", "f_online": "online", "f_click_collect": "click and collect",
    "f_pickup_extra": "bought while collecting", "f_campaign": "campaign's categories",
    "f_halo": "outside the campaign's categories", "f_brand": "the brand", "f_store_only": "store-only customers",
    "f_online_only": "online-only customers", "f_both_channels": "customers of both channels",
    "f_lookback": "within the look-back",
    "f_new_to_brand": "new to the brand", "f_unattributed": "Unattributed", "f_other": "Other paths",
    "n_path_merged": "Path merged into “other”", "n_channels_merged": "Set of channels merged into “other”",
    "n_refund_lines": "Refund lines, ignored", "n_unknown_path": "Path not in the contract",
    "n_unknown_channels": "Set of channels not in the contract",
    "n_unknown_periods": "Pattern of periods not in the contract",
    "n_unknown_frequency": "Frequency not in the contract",
    "n_unknown_engagement": "Engagement not in the contract", "n_unknown_campaign": "Campaign not in the contract",
    "n_visits_outside_lookback": "Visits outside the look-back",
    "n_sales_channel_average_basket": "Average basket by sales channel",

    # --- metrics with a table of their own ----------------------------------------------------------------
    "h_metrics": "Further answers", "h_attribution": "Attribution to channels", "x_measure": "Measure",
    "exact": "exact",
    "x_days": "days {days} after the last exposure",
    "x_ropo": "Research online, purchase offline (ROPO)",
    "x_ropo_text":
        "People with a click or a visit in the exposure period, and their part of what all matched people bought in "
        "the store in the window that followed.",
    "x_vopo": "View online, purchase offline (VOPO)",
    "x_vopo_text":
        "The same for people who only saw or heard the campaign. A person counts once, under the stronger "
        "engagement, so ROPO and VOPO add up.",
    "x_offline_share": "Offline share of sales",
    "x_offline_share_text": "Store sales among store and online sales. Click and collect is in neither.",
    "x_omnichannel": "Omnichannel and single-channel customers",
    "x_omnichannel_text":
        "Each buyer is of one kind, by where they bought in the window: in store only, online only, or both.",
    "x_click_collect": "Click and collect",
    "x_click_collect_text":
        "The average online basket that is delivered and the one that is collected, and what is bought in the store "
        "on the day of a collection.",
    "x_frequency": "Frequency and recency",
    "x_frequency_text":
        "By number of exposures in the exposure period. People who are reached often differ from others, so the "
        "curve describes; it does not show what one more exposure would do.",
    "x_new_to_brand": "New to brand",
    "x_new_to_brand_text":
        "Buyers of the brand in the window who had not bought it in the 365 days before, with this retailer.",
    "x_visits": "Store visits", "x_visits_text": "Visits in the window, whether or not anything was bought.",
    "x_halo": "Halo",
    "x_halo_text": "What buyers of the advertised categories bought outside them, in the same window.",
    "x_coverage": "Coverage of {owner}'s own data",
    "x_coverage_text":
        "Exact numbers of the owner of this copy, unknown to the other party: how much of its data is tied to a "
        "person at all. Nothing is extrapolated from them.",
    "x_attribution": "Credited sales, by method", "x_channel": "Channel", "x_attributed": "Attributed, together",
    "x_unattributed": "Unattributed",
    "x_attribution_note":
        "Each column shares out the same sales; with the unattributed row it adds up to all of them, up to the "
        "noise. In brackets: the share of all sales; under it the 95\u00a0% interval of the noise. A credit says who "
        "touched, not who caused.",
    "at_first": "First touch", "at_last": "Last touch", "at_linear": "Linear", "at_position": "Position-based",
    "at_time_decay": "Time decay",
    "n_ropo_revenue_share": "Share of store sales", "n_ropo_buyer_rate": "Share of store buyers",
    "n_vopo_revenue_share": "Share of store sales", "n_vopo_buyer_rate": "Share of store buyers",
    "n_offline_share": "Offline share",
    "n_customers_store_only": "Store-only customers", "n_customers_online_only": "Online-only customers",
    "n_customers_both_channels": "Customers of both", "n_customer_share_store_only": "Share, store only",
    "n_customer_share_online_only": "Share, online only", "n_customer_share_both_channels": "Share, both",
    "n_sales_per_customer_store_only": "Sales per store-only customer",
    "n_sales_per_customer_online_only": "Sales per online-only customer",
    "n_sales_per_customer_both_channels": "Sales per customer of both",
    "n_baskets_per_customer_store_only": "Baskets per store-only customer",
    "n_baskets_per_customer_online_only": "Baskets per online-only customer",
    "n_baskets_per_customer_both_channels": "Baskets per customer of both",
    "n_basket_online": "Online basket, delivered", "n_basket_click_collect": "Online basket, collected",
    "n_extra_purchase_rate": "Collections with a store purchase on the same day",
    "n_extra_sales_per_collection": "Store sales that day, per collection",
    "n_frequency_conversion": "Conversion", "n_frequency_sales_per_person": "Sales per person",
    "n_recency_share": "Share of sales", "n_new_to_brand_buyers": "New buyers of the brand",
    "n_new_to_brand_rate": "New among buyers of the brand",
    "n_new_to_brand_sales_share": "New buyers' part of brand sales",
    "n_visitors": "Visitors", "n_visit_rate": "Share of matched people who visited",
    "n_visits_per_person": "Days with a visit, per person", "n_campaign_sales": "Sales in the campaign's categories",
    "n_halo_sales": "Sales outside them", "n_halo_share": "Halo, of all their sales",
    "n_carded_sales_share": "Sales with a customer identifier",
    "n_tied_exposures_share": "Exposures tied to a person", "n_tied_visits_share": "Visits tied to a person",
    "c_frequency": "Conversion by number of exposures",
    "c_frequency_text": "Share of the matched people who bought, with its 95\u00a0% interval. Not an effect.",
    "c_baskets": "Average basket by sales channel",
    "c_baskets_text": "Sales divided by baskets, in {currency}, with its 95\u00a0% interval.",
    "c_attribution": "Credited sales by channel and method",
    "c_attribution_text": "Sales of the window credited to each channel, in {currency}, with the noise interval.",
}
