"""The words of the compliance page in English, and French typography."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cleanroom.errors import UsageError
from cleanroom.report.compliance.wording_fr import FRENCH
from cleanroom.rules import Language

ENGLISH: Final[Mapping[str, str]] = {
    "kicker_owner": "Compliance report of one run · copy of {owner}, with exact counts of its own people",
    "kicker_shared": "Compliance report of one run · form to share, made from {owner}’s records",
    "title": "What was done with whose data, and why it was allowed",
    "parties": "{advertiser} (advertiser) and {retailer} (retailer)",
    "stamp": "Contract {id}, version {version} · run {run} · {day}", "skip": "Skip to the answer",
    "footer": "Made by cleanroom {software} from the signed contract, the audit log and the measurement of the run. "
              "This page loads nothing and runs no script.",
    "owner_note": "Counts of {owner}’s people are exact on this page, and exact counts say something about single "
                  "people: give this copy to your own organisation and its supervisor only. The form to share has "
                  "ranges instead: cleanroom report --compliance --shared.",
    "shared_note": "Counts of people are given as ranges, because an exact number of refusals says something about "
                   "single people.",
    "kept_all": "All {count} rules were kept", "kept_not": "{count} rules were broken: {names}",
    "kept_text": "{contract} about the contract, {row} about people, rows and files, {run} about the run, {report} "
                 "about its reports. To keep a rule about people means that nobody took part whom it refuses.",
    "broken_text": "See the table of rules for the reasons.",

    # --- two minutes ------------------------------------------------------------------------------------
    "h_short": "In two minutes",
    "done": "What was done",
    "done_text": "{advertiser} knows who was shown the campaign {names} ({channels}, {when}). {retailer} knows what "
                 "its customers bought from {start} to {end}. Their computers worked out together how much the people "
                 "found in both files bought, in total and by group. Neither company showed the other a customer.",
    "whose": "Whose data",
    "whose_text": "{owner} looked at {considered} people in its file. {admitted} took part; {refused} were left out "
                  "because a rule spoke against it, before anything about them was computed. {peer} checked its own "
                  "people in the same way and does not say how many.",
    "whose_matched": "About {people} people ({low} to {high}) were found on both sides. Who they are is known to "
                     "nobody.",
    "whose_matched_none": "So few people were found on both sides that the number is withheld.",
    "why": "Why it was allowed",
    "why_consent": "Everybody in {owner}’s file who took part had agreed to exactly this purpose, with the other "
                   "company named, in a notice that the contract lists; had not taken it back; and had certainly "
                   "reached the age of {age}. The same rules were applied by {peer} to its own people.",
    "why_interest": "{party} relies on legitimate interest, with a written assessment, for data that come from no "
                    "tracker. Everybody who took part was in addition asked and had agreed to this purpose.",
    "why_contract": "Both companies signed contract {id}: {roles}, under “{arrangement}”, after the impact assessment "
                    "“{dpia}” of {day} ({outcome}). It forbids: {forbidden}.",
    "roles_joint_controllers": "they answer for it jointly",
    "roles_controller_processor": "one answers for it and the other works on its instructions",
    "left": "What left each company",
    "left_text": "Unreadable tokens that were used once and deleted, encrypted sums, and at the end totals with "
                 "random noise. {groups} No name, no purchase of a person and no list of common customers left either "
                 "company.",
    "left_all": "All {groups} groups were shown, because each had at least {threshold} people (as counted with noise).",
    "left_some": "Of {groups} groups {shown} were shown and {withheld} withheld, because fewer than {threshold} people "
                 "(as counted with noise) were in them.",
    "left_none": "All {groups} groups were withheld, because fewer than {threshold} people (as counted with noise) "
                 "were in each.",
    "quoted": "“{name}”",
    "protected": "How well people are protected",
    "protected_text": "Somebody who gives even odds that a certain person took part can become at most {run} sure from "
                      "this run, and at most {all} sure from all runs of this contract so far.",
    "protected_weak": "That is not strong protection.",
    "check": "How to check it",
    "check_text": "A copy of the run’s folder is enough, without a network: {command}",

    # --- who --------------------------------------------------------------------------------------------
    "h_who": "Who answers for it",
    "t_who": "The two companies",
    "line": "Line",
    "none": "none",
    "yes": "yes",
    "no": "no",
    "advertiser": "Advertiser", "retailer": "Retailer", "entity": "Legal entity", "registration": "Register and number",
    "address": "Registered address", "country": "Country", "contact": "Contact", "dpo": "Data protection officer",
    "basis": "Legal basis", "assessment_sha256": "Assessment, SHA-256", "tracker_data": "Data from trackers",

    # --- people -----------------------------------------------------------------------------------------
    "h_people": "Whose data took part, and who was left out",
    "people_text": "Each person is counted once, at the first rule that spoke against it. A rule with 0 was applied, "
                   "too.",
    "t_people": "People in {owner}’s file",
    "outcome": "Outcome",
    "considered": "Looked at",
    "admitted": "Took part",
    "refused": "Left out",
    "people": "People", "t_refused": "Left out, by rule", "rule": "Rule", "meaning": "What it asks",
    "t_dropped": "Rows dropped, by rule", "rows": "Rows", "range": "{low} to {high}",

    # --- legal ------------------------------------------------------------------------------------------
    "h_legal": "Why it was allowed: the legal lines",
    "legal_text": "As both companies signed them. A hash (SHA-256) fixes the exact text of a document that is kept "
                  "elsewhere: whoever holds the document can check that it is the same one.",
    "t_legal": "Legal lines of the contract", "value": "Value",
    "t_notices": "Notices that people accepted", "notice": "Notice", "party": "Company", "published": "Published",
    "language": "Language", "partner": "Names", "sha256": "SHA-256",
    "t_denied": "Goods that never take part", "kind": "Kind", "labels": "Categories",
    "denied_none": "no category of this retailer is listed",
    "pharmacy": "Pharmacy", "sexual_health": "Sexual health", "pregnancy_tests": "Pregnancy tests",
    "religious": "Religious goods", "trade_union": "Trade union", "political": "Political goods",
    "v_joint_controllers": "joint controllers", "v_controller_processor": "controller and processor",
    "v_consent": "consent", "v_legitimate_interest": "legitimate interest", "v_risk_reduced": "risk reduced",
    "v_high_residual_risk": "high residual risk", "v_adequacy_decision": "adequacy decision",
    "v_standard_clauses": "standard contractual clauses", "v_binding_corporate_rules": "binding corporate rules",
    "v_none": "none", "v_advertiser": "the advertiser", "v_retailer": "the retailer",
    "v_activation": "advertising to the people matched", "v_lookalike": "look-alike audiences",
    "v_enrichment": "enriching profiles", "v_individual_decisions": "decisions about single people",
    "policies": "The companies’ own policies are stricter than the contract. The run used these values:",

    # --- rules ------------------------------------------------------------------------------------------
    "h_rules": "Every rule, and what came of it",
    "rules_text": "Rule pack {pack}. A run starts only under a contract that keeps the rules C; rules R decide about "
                  "each person, row or file; X about the run; P about this report and the measurement.",
    "t_contract": "C · the contract", "t_row": "R · people, rows and files", "t_run": "X · the run",
    "t_report": "P · the reports", "source": "Source", "since": "Source in force", "verdict": "Verdict",
    "kept": "kept",
    "broken": "broken",
    "warned": "kept, with a warning",
    "left_out": "{count} left out",
    "rows_dropped": "{count} rows dropped",

    # --- privacy ----------------------------------------------------------------------------------------
    "h_privacy": "Privacy statement",
    "h_learned": "What the other side could learn from what we sent",
    "h_criteria": "The three questions of the data protection authorities",
    "criteria_text": "Working Party opinion WP216 asks three questions of anonymised data. The released totals are "
                     "measured against them; hashed and matched identifiers stay personal data at both companies.",
    "singling_out": "Can a person be singled out?",
    "singling_out_text": "Not from what was released. No row about a person exists in it. A group is shown only with "
                         "at least {threshold} people, as counted with noise, and every number carries noise that "
                         "covers one person (ε {epsilon} for the run).",
    "linkability": "Can two records of one person be linked?",
    "linkability_text": "Not outside the run. Tokens are made with keys that both companies draw anew and delete "
                        "({protocol}), so tokens of two runs cannot be compared. Sizes and match counts carry dummies "
                        "(ε {match_epsilon}, δ {match_delta} each). Inside the run the computers link records, and "
                        "neither shows a person which.",
    "inference": "Can something be concluded about a person?",
    "inference_text": "Only within a limit. From even odds, at most {posterior_run} from this run and {posterior_all} "
                      "from all runs so far (ε {epsilon}, δ {delta}). What statistics teach about people in general, "
                      "such as that mailings work, is not limited: it is the purpose.",
    "h_dominance": "Could one person make up an amount?",
    "dominance_text": "{dominated} of {amounts} amounts shown are so small, as released, that one person at the cap "
                      "could be more than {percent} % of them. Each party’s noise is at least {times} times the most "
                      "that one person may count for, so an amount does not tell that person’s part even then.",
    "dominance_none": "No amount of money was shown.",

    # --- evidence ---------------------------------------------------------------------------------------
    "h_evidence": "Evidence, and how to check it without trusting us",
    "evidence_text": "Every step of the run is a line of a log that cannot be changed afterwards without the signature "
                     "breaking. Both companies signed the result; each keeps the other’s signature.",
    "e_run": "Run", "e_time": "Start and end (UTC)", "e_contract": "Contract, SHA-256", "e_log": "Root of the log",
    "e_lines": "Lines of the log", "e_previous": "Root of the run before", "e_first": "none: the first run",
    "e_consent": "Root of the consent records", "e_records": "Consent records used", "e_receipt": "Receipt, SHA-256",
    "e_table": "Released table, SHA-256", "e_transcript": "Transcript, SHA-256", "e_pack": "Rule pack, SHA-256",
    "e_signed": "Signed by", "e_key": "Signing key, {role}", "e_root": "Log up to the result, {role}",
    "h_verify": "To check it",
    "steps": "Ask both companies for a copy of their folder of this run, and either of them for the contract.|"
             "Run {verify}. It needs no network and names the first thing that does not fit.|"
             "To see one person’s consent: the company that holds it runs {prove}; you check the proof with {consent}.|"
             "To see the rules again: each is data with a version; the hash above names the version that was applied.",

    # --- limits -----------------------------------------------------------------------------------------
    "h_limits": "What this report does not show",
    "limit_matched": "The results speak of people found in both files, not of all customers.",
    "limit_noise": "Every number carries random noise; a withheld group is not an empty one.",
    "limit_subtraction": "A withheld group can be estimated from a total less the groups beside it. Such an estimate "
                         "holds the noise of all of them: more than the group’s own number would have had.",
    "limit_records": "The rules believe a company’s consent records. That a proof stands behind each is for the audit "
                     "that the contract grants.",
    "limit_inputs": "A company that puts false data in gets false totals out; nothing here detects that.",
    "limit_software": "Protection between the companies holds as long as both run the agreed software. A company that "
                      "changed its own could learn far more, up to the other’s encrypted purchases.",
    "limit_traces": "Keys and tokens are overwritten after a run. Copies that a library or the operating system made "
                    "cannot be ruled out.",
    "limit_personal": "Hashed and matched identifiers are personal data. Nothing here makes them anonymous.",
    "limit_advice": "INSEE’s thresholds are used by analogy, and no authority’s text accepts a given ε.",
    "legal": "These are product rules derived from public texts, not legal advice, and technical evidence is no "
             "certificate of compliance: a data protection officer must validate this processing.",
}
WORDS: Final[Mapping[Language, Mapping[str, str]]] = {"en": ENGLISH, "fr": FRENCH}


def words(language: str) -> Mapping[str, str]:
    """All wording of a language, typeset. UsageError when it is not there."""
    if language == "en":
        return ENGLISH
    if language == "fr":
        return {key: typeset(text) for key, text in FRENCH.items()}
    raise UsageError(f"no report in language {language!r}", todo=f"use {', '.join(WORDS)}")


def typeset(text: str) -> str:
    """French text with its spaces that do not break and its apostrophes."""
    for mark in ";?!":
        text = text.replace(f" {mark}", f"\u202f{mark}")
    text = re.sub(r" ([:%»])", "\u00a0\\1", text).replace("« ", "«\u00a0")
    return re.sub(r"(?<=\w)'(?=\w)", "’", text)
