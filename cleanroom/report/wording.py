"""Every word of the HTML report, by language. Placeholders are for `str.format`; values are escaped later.

Keys: `n_` names, `v_` measures, `u_` their units, `c_` charts, `t_` tables, `m_` method card, `e_` evidence,
`l_` limits, `a_` arms, `d_` dimensions, `k_` advertising channels, `f_` filters of statistics, `x_` tables of single
metrics, `at_` methods of attribution. The word for a
causal effect stands only in texts named `incremental` or `randomised`, so a report on arms that were not drawn at
random never prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cleanroom.errors import UsageError
from cleanroom.report import format as numbers
from cleanroom.report.wording_catalogue import CATALOGUE
from cleanroom.report.wording_fr import FRENCH
from cleanroom.report.wording_keys import KEYS

ENGLISH: Final[Mapping[str, str]] = {
    **CATALOGUE, **KEYS,
    # --- page -------------------------------------------------------------------------------------------
    "kicker": "Measurement report · {role}'s copy",
    "parties": "{advertiser} (advertiser) and {retailer} (retailer)",
    "stamp": "Contract {id}, version {version}. Run of {day}. Amounts in {currency}, days in {zone}.",
    "skip": "Skip to the results",
    "owner":
        "For {owner} only: “{section}” holds exact counts about its own data. Do not hand this copy to the "
        "other party.",
    "footer": "Made by cleanroom {software}. This file loads nothing from a network.",
    "advertiser": "advertiser", "retailer": "retailer", "and": "and", "to": "to", "all": "Everyone",
    "interval": "95\u00a0% interval", "suppressed": "suppressed", "undefined": "not defined",
    "none": "none", "person": "1 person", "days": "{count} days", "day": "1 day",
    "months": "January February March April May June July August September October November December",

    # --- headings ---------------------------------------------------------------------------------------
    "h_short": "In short", "h_matched": "Who matched", "h_groups": "Results by group",
    "h_compare": "Exposed against control", "h_categories": "Sales by category", "h_privacy": "Privacy",
    "h_learned": "What the other side could learn", "h_statement": "Privacy statement",
    "h_method": "Method", "h_own": "Data quality at {owner}",
    "h_evidence": "Evidence", "h_limits": "Limits",
    "h_annex": "Annex: every number that was opened",

    # --- in short ---------------------------------------------------------------------------------------
    "asked": "Asked", "matched": "Matched", "found": "Found", "withheld": "Withheld",
    "privacy": "Privacy",
    "asked_text":
        "Did people who were exposed to {campaigns} ({channels}) {when} buy more at {retailer} in the "
        "{window} that followed than the control people did?",
    "on_day": "on {first}", "between_days": "between {first} and {last}",
    "matched_text": "About {people} people are in both files (95\u00a0% noise interval: {interval}).",
    "matched_arms": "By arm: {arms}.",
    "matched_part": "Some groups are suppressed, so this count leaves their people out.",
    "matched_rate": "That is {rate} of the {admitted} people {owner} put in.",
    "matched_none":
        "No number of matched people was opened: every group stayed under the threshold of {threshold}. "
        "The two files share few people, or none.",
    "admitted_none": "{owner} put no one in: every row was refused or excluded.",
    "withheld_none":
        "Nothing: each of the {groups} groups reached the threshold of {threshold} matched people.",
    "withheld_some":
        "{suppressed} of {groups} groups ({share}), because each had fewer than {threshold} matched people "
        "after noise. A suppressed group is not zero.",
    "withheld_all":
        "Everything: all {groups} groups had fewer than {threshold} matched people after noise. A "
        "suppressed group is not zero.",
    "withheld_empty": "The contract released no group.",
    "privacy_text":
        "This run spent ε = {run} (δ = {run_delta}). All runs of this contract have spent ε = {cumulative} "
        "of {budget}; {left} is left.",
    "found_nothing":
        "No comparison can be shown: the groups it needs were suppressed, or the contract asks for none.",
    "zero_inside": "The interval includes zero: the data do not settle the direction.",
    "zero_outside": "The interval excludes zero.",
    "effect_incremental":
        "Incremental {what}: {value} (95\u00a0% interval: {interval}), {exposed} minus {control}.",
    "effect_association":
        "Difference in {what}: {value} (95\u00a0% interval: {interval}), {exposed} minus {control}.",
    "why_incremental":
        "The arms were drawn at random, so the difference can be read as the effect of the campaign.",
    "why_association":
        "This is an association, not an effect: the arms were not drawn at random, and people who were "
        "chosen for the campaign may have bought more, or less, without it.",
    "lead_incremental": "Incremental {what}", "lead_association": "Difference in {what} (association)",
    "lead_arms": "{exposed} minus {control}", "lead_mix": "{exposed} minus {control}, same mix of strata",

    # --- names of results -------------------------------------------------------------------------------
    "people": "Matched people", "group": "Group", "value": "Value", "statistic": "Statistic",
    "comparison": "Among", "category": "Category", "se_sampling": "Standard error, sampling",
    "se_noise": "Standard error, privacy noise", "pp": "pp", "pp_note": "pp: percentage points.",
    "count_note": "Under each value: its 95\u00a0% interval, which holds sampling error and privacy noise.",
    "noise_note": "The interval is that of the privacy noise alone.", "same_mix": "Everyone, same mix",
    "mix_note": "Same mix: each stratum of the control is weighted as in the exposed group.",
    "what_sales_per_person_difference": "sales per person", "what_conversion_difference": "conversion",
    "n_conversion_rate": "Conversion", "n_sales_per_person": "Sales per person",
    "n_baskets_per_person": "Baskets per person", "n_units_per_person": "Units per person",
    "n_sales_per_buyer": "Sales per buyer", "n_average_basket": "Average basket",
    "n_conversion_difference": "Conversion",
    "n_conversion_relative_lift": "Conversion, relative to control",
    "n_sales_per_person_difference": "Sales per person",
    "n_sales_relative_lift": "Sales per person, relative to control",
    "n_incremental_buyers": "Incremental buyers", "n_incremental_sales": "Incremental sales",
    "n_associated_buyers": "Buyers, difference × exposed people",
    "n_associated_sales": "Sales, difference × exposed people",
    "n_roas": "Sales of the matched exposed / campaign cost (ROAS)", "n_iroas": "iROAS",
    "n_cost_per_buyer": "Campaign cost per matched exposed buyer",
    "n_cost_per_incremental_buyer": "Campaign cost per incremental buyer",
    "n_cost_per_associated_buyer": "Campaign cost per additional buyer",
    "n_associated_roas": "Sales difference / campaign cost", "n_too_noisy": "too noisy to show",
    "n_suppressed": "suppressed", "colon": ": ",
    "n_too_few_people": "too few people",
    "n_undefined_zero_denominator": "not defined (nothing to divide by)", "n_not_finite": "not defined",
    "n_email": "e-mail", "n_phone": "phone", "n_loyalty": "loyalty card", "n_no_arm": "No arm",
    "n_no_arm_row": "No arm", "n_no_key": "No usable match key",
    "n_email_invalid": "E-mail not valid", "n_email_shared": "E-mail shared by several people",
    "n_phone_invalid": "Phone number not valid", "n_phone_shared": "Phone number shared by several people",
    "n_loyalty_invalid": "Loyalty number not valid", "n_loyalty_shared": "Loyalty number shared by several people",
    "n_exposures_outside_lookback": "Exposures before the look-back",
    "n_arms_outside_lookback": "Arms before the look-back",
    "n_purchases_outside_lookback": "Purchases before the look-back",
    "n_unknown_arm": "Arm not in the contract", "n_unknown_segment": "Segment not in the contract",
    "n_outside_calendar": "Outside the calendar",
    "n_no_exposure": "Exposed arm, but no qualifying exposure", "n_contaminated": "Control, but exposed",
    "a_exposed": "exposed", "a_control": "control", "d_arm": "arm", "d_segment": "segment",
    "d_campaign": "campaign", "d_channels": "set of channels", "d_path": "path", "d_frequency": "number of exposures",
    "d_engagement": "engagement", "d_periods": "periods with an exposure",
    "k_tv": "TV", "k_radio": "radio", "k_display": "display", "k_video": "video", "k_social": "social media",
    "k_search": "search", "k_email": "e-mail", "k_sms": "SMS", "k_app": "app", "k_direct_mail": "direct mail",
    "k_out_of_home": "out of home", "k_site_visit": "site visit", "k_store_visit": "store visit",
    "n_reading": "Reading own files", "n_connecting": "Reaching the other node", "n_gate": "Consent gate, keys",
    "n_hello": "Greeting", "n_sizes": "Declaring padded sizes",
    "n_account": "Comparing the privacy ledgers",
    "n_blinded_cells": "Blinding the advertiser's people",
    "n_reblinded_cells": "Re-blinding and shuffling", "n_blinded_values": "Blinding the retailer's people",
    "n_lattice_key": "Exchanging the encryption key", "n_columns": "Encrypting purchases",
    "n_tokens": "Sending and matching salted hashes",
    "n_masked_sums": "Adding up, encrypted", "n_commit_people": "Committing to counts",
    "n_open_people": "Opening counts", "n_commit_sums": "Committing to sums", "n_open_sums": "Opening sums",
    "n_receipt": "Signing the receipt",
    "v_buyers": "Buyers", "v_sales": "Sales", "v_sales_squared": "Squared sales", "v_baskets": "Baskets",
    "v_units": "Units", "u_": "people", "u_people": "people", "u_buyers": "people", "u_sales": "",
    "u_sales_squared": "{currency} squared", "u_baskets": "baskets", "u_units": "units",

    # --- charts -----------------------------------------------------------------------------------------
    "c_people": "Matched people by group",
    "c_people_text":
        "Noised count of the people found on both sides. The line is the 95\u00a0% interval of the noise.",
    "c_conversion": "Conversion by group",
    "c_conversion_text":
        "Share of the matched people who bought in the window, with its 95\u00a0% interval.",
    "c_sales": "Sales per person by group",
    "c_sales_text":
        "Sales in the window divided by matched people, in {currency}, with its 95\u00a0% interval.",
    "c_lift_share": "Difference in conversion",
    "c_lift_share_text": "{exposed} minus {control}, in percentage points, with its 95\u00a0% interval.",
    "c_lift_money": "Difference in sales per person",
    "c_lift_money_text": "{exposed} minus {control}, in {currency}, with its 95\u00a0% interval.",
    "c_categories": "Sales per person by category",
    "c_categories_text":
        "Sales of the category divided by matched people, in {currency}, with its 95\u00a0% interval.",
    "c_numbers": "Values: {values}.",
    "c_cut": "The first {shown} of {total} lines are drawn; the table holds all.",
    "c_in_table": "The same numbers are in the table that follows.",

    # --- tables -----------------------------------------------------------------------------------------
    "t_matched": "People in both files", "match_rate": "Match rate of {party}",
    "match_bound": "Match rate of {party}, at least", "in_part": "{name}, without suppressed groups",
    "noise_below": "Under each value: the 95\u00a0% interval of the privacy noise.",
    "t_group": "Released by {dimensions}", "t_total": "Released for everyone together",
    "t_compare": "Comparisons of “{exposed}” with “{control}”",
    "t_categories": "Sales per person by category and arm", "t_spent": "Privacy spent and left",
    "t_refused": "Refused by a consent rule", "t_excluded": "Excluded for another reason",
    "t_merged": "Counted under another value",
    "t_clipped": "Clipped at the cap of a statistic", "t_sizes": "Sizes", "t_stages": "Time by stage",
    "t_annex": "Opened numbers, released by {dimensions}",
    "t_annex_credit": "Opened numbers, credit by channel: {method}",
    "t_annex_total": "Opened numbers, released for everyone together", "rule": "Rule",
    "meaning": "Meaning", "count": "Count", "reason": "Reason", "cap": "Cap a person",
    "people_clipped": "People above the cap", "share_clipped": "Share of value cut off", "stage": "Stage",
    "seconds": "Seconds", "scope": "Scope", "epsilon": "ε", "delta": "δ",
    "posterior": "Certainty reachable from 50\u00a0%", "s_transcript": "Matching, this run",
    "s_release": "Released numbers, this run", "s_run": "This run",
    "s_cumulative": "This contract so far", "s_budget": "Budget of the contract", "s_left": "Left",
    "admitted": "People admitted", "rows_sent": "Rows sent, padding included",
    "peer_rows": "Rows received, padding included", "bytes_sent": "Bytes sent",
    "bytes_received": "Bytes received", "nothing_refused": "No row was refused by a consent rule.",
    "nothing_excluded": "No row was excluded.", "annex_noise": "95\u00a0% interval of the noise",
    "annex_note": "The first line is the half-width of that interval, the same for every group of a release.",
    "annex_text":
        "Both parties hold exactly these totals. Each carries the noise of both sides; a negative total is "
        "noise, not an error.",

    # --- privacy ----------------------------------------------------------------------------------------
    "posterior_text":
        "In plain words: someone who is 50\u00a0% sure that a given person is in the data can become at "
        "most {run} sure from this run, and at most {cumulative} from all runs of this contract so far, "
        "except with a probability of about δ. No regulator has named an acceptable ε.",
    "posterior_weak": "An ε of 5 or more is a weak guarantee by itself.",
    "learned_none": "No exchange was recorded.",

    # --- method card ------------------------------------------------------------------------------------
    "m_attribution": "Attribution",
    "m_attribution_none":
        "None. No sale is credited to an exposure; groups of people are compared as a whole.",
    "m_attribution_text":
        "{methods}. Credits are shares of a sixth by channels of the person's path in the exposure period, rounded by "
        "largest remainder; sales of people without an exposure are unattributed.",
    "m_windows": "Windows",
    "m_windows_text":
        "A person first exposed (control: assigned) in a period of {period} is measured over the {window} "
        "after that period ends, so a purchase never precedes the exposure. Time zone {zone}. Look-back of "
        "at most {lookback}.",
    "m_keys": "Match keys",
    "m_keys_text":
        "Deterministic, first-party: {keys}, in this order of priority; profile {normalisation}; protocol "
        "{protocol}.",
    "m_dedup": "De-duplication",
    "m_dedup_text":
        "Matching is one to one. Records of one side that share a match key are settled before the run; a "
        "person is counted in one group of each release.",
    "m_clipping": "Clipping",
    "m_clipping_text":
        "Each person's contribution to each sum is capped before encryption: {caps}. What the caps cut off "
        "is missing from the totals.",
    "m_sales": "Sales",
    "m_sales_refuse":
        "Gross, as the retailer recorded the purchase lines, in {currency}; a file with refunds would have been "
        "refused. Purchases without a customer identifier are not in the totals.",
    "m_sales_gross":
        "Gross, in {currency}: refund lines were ignored. Purchases without a customer identifier are not in the "
        "totals.",
    "m_sales_net":
        "Net of refunds inside the window, in {currency}; a person's total below zero counts as zero. Purchases "
        "without a customer identifier are not in the totals.",
    "m_design": "Design", "m_design_randomised": "Randomised arms: incrementality was tested. {note}",
    "m_design_observational": "Observational arms: cause and effect were not tested. {note}",
    "m_interval": "Intervals",
    "m_interval_text":
        "95\u00a0%. They hold both the sampling error and the privacy noise; the two parts are listed "
        "beside each comparison.",
    "m_noise": "Noise and threshold",
    "m_noise_text":
        "Each side adds discrete Laplace noise to every sum; a group is opened only when its noised count "
        "reaches {threshold}.",
    "m_lookback_text":
        "Credited to an exposure are only purchases within its look-back ({days}), counted so that no exposure of the "
        "period is older.",
    "g_click": "click", "g_visit": "visit", "g_view": "view", "g_listen": "listen", "g_opportunity": "opportunity",
    "g_none": "not reached", "g_frequency": "{number} exposure{plural}", "g_other": "other",
    "m_cost": "Campaign cost", "m_cost_text": "{cost}, as stated in the contract.",
    "m_cost_own": "{cost}, the sum of the costs in the advertiser's exposures. The retailer does not know it.",
    "m_cost_none": "Not stated: there is no return on cost.",

    # --- evidence and limits ----------------------------------------------------------------------------
    "e_run": "Run", "e_contract": "Contract, SHA-256", "e_transcript": "Transcript, SHA-256",
    "e_root": "Audit root", "e_software": "Software", "e_backend": "Arithmetic",
    "e_time": "Start and end (UTC)", "e_verify": "Verify with", "e_traffic": "Traffic",
    "e_traffic_text": "{sent} bytes sent, {received} received",
    "e_command": "cleanroom audit verify <folder>",
    "l_matched":
        "The results speak of people found in both files, not of everyone who saw the campaign or shops at "
        "{retailer}.",
    "l_noise":
        "Every count and sum carries random noise. Small groups and rare purchases are blurred most.",
    "l_many":
        "Several comparisons are shown. One interval in twenty misses its true value even when all is well.",
    "l_association":
        "The arms were not drawn at random. Differences between them may come from how people were chosen.",
    "l_randomised": "The effect holds for the people, weeks and place of this campaign.",
    "l_semi":
        "The protocol protects against a party that follows it and tries to learn more. It does not stop a "
        "party that feeds in false data.",
    "l_legal":
        "Technical evidence is not a legal certificate: a data protection officer must validate this "
        "processing. Matched and hashed identifiers are personal data at both parties.",
}

LANGUAGES: Final[Mapping[str, Mapping[str, str]]] = {"en": ENGLISH, "fr": FRENCH}
NUMBERS: Final[Mapping[str, numbers.Numbers]] = {"en": numbers.ENGLISH, "fr": numbers.FRENCH}


def words(language: str) -> Mapping[str, str]:
    """All wording of a language. UsageError when it is not there."""
    try:
        return LANGUAGES[language]
    except KeyError:
        raise UsageError(f"no report in language {language!r}", todo=f"use {', '.join(LANGUAGES)}") from None
