"""The compliance report as one self-contained HTML page, from the saved compliance.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleanroom.errors import DataError
from cleanroom.report.compliance import tables
from cleanroom.report.compliance.document import SCHEMA, broken
from cleanroom.report.compliance.speaker import Speaker, speaker
from cleanroom.report.environment import environment
from cleanroom.report.mode import notice_of

ROLES = ("advertiser", "retailer")
VERIFY = "cleanroom audit verify FOLDER OTHER-FOLDER --contract CONTRACT.toml"
PROVE = "cleanroom audit prove-consent FOLDER ROW"
CONSENT = "cleanroom audit verify-consent PROOF FOLDER"


def render_compliance(document: Mapping[str, Any], language: str = "en") -> str:
    """The page as text. DataError for a document of another schema, UsageError for an unknown language."""
    if document.get("schema") != SCHEMA:
        raise DataError(f"not a {SCHEMA} document", where="schema")
    voice = speaker(document, language)
    return environment().get_template("compliance.html").render(
        lang=language, w=voice.words, header=_header(voice), verdict=_verdict(voice), short=_short(voice),
        who=tables.companies(voice), people=tables.people(voice), legal=tables.legal(voice), rules=tables.rules(voice),
        rules_text=voice.say("rules_text", pack=document["rules"]["pack"]),
        policies=[voice.written(item) for item in document["policies"]],
        statement=document["privacy"]["statement"][language] or document["privacy"]["statement"]["en"],
        sends=document["privacy"]["sends"][language] or document["privacy"]["sends"]["en"],
        criteria=_criteria(voice), dominance=_dominance(voice), evidence=tables.evidence(voice), steps=_steps(voice),
        limits=[voice.words[f"limit_{name}"] for name in document["limits"]])


def _header(voice: Speaker) -> dict[str, str]:
    contract, form = voice.document["contract"], voice.document["form"]
    run = voice.document["run"]
    return {
        "mode": notice_of(voice.document, voice.language),
        "title": voice.words["title"], "kicker": voice.say(f"kicker_{form}", owner=voice.owner),
        "parties": voice.say("parties", **contract["parties"]), "subject": contract["title"],
        "stamp": voice.say("stamp", id=contract["id"], version=contract["version"], run=run["id"],
                           day=voice.day(run["started"])),
        "note": voice.say(f"{form}_note", owner=voice.owner),
        "footer": voice.say("footer", software=run["software"]),
    }


def _verdict(voice: Speaker) -> dict[str, Any]:
    names, items = broken(voice.document), voice.document["rules"]["items"]
    if names:
        return {"kept": False, "head": voice.say("kept_not", count=len(names), names=", ".join(names)),
                "text": voice.words["broken_text"]}
    return {"kept": True, "head": voice.say("kept_all", count=len(items)), "text": voice.say("kept_text", **{
        where: sum(item["where"] in kinds for item in items) for where, kinds in tables.PARTS.items()})}


def _short(voice: Speaker) -> list[tuple[str, list[str]]]:
    w = voice.words
    return [(w["done"], [_done(voice)]), (w["whose"], _whose(voice)), (w["why"], _why(voice)),
            (w["left"], [_left(voice)]), (w["protected"], _protected(voice)),
            (w["check"], [voice.say("check_text", command=VERIFY)])]


def _done(voice: Speaker) -> str:
    contract, campaign = voice.document["contract"], voice.document["campaign"]
    first, last = campaign["exposures_from"], campaign["exposures_until"]
    when = voice.day(first) if first == last else voice.say("range", low=voice.day(first), high=voice.day(last))
    names = voice.listed([voice.say("quoted", name=name) for name in campaign["names"]])
    return voice.say("done_text", **contract["parties"], names=names, when=when,
                     channels=voice.listed([voice.channel(name) for name in campaign["channels"]]),
                     start=voice.day(campaign["purchases_from"]), end=voice.day_before(campaign["purchases_before"]))


def _whose(voice: Speaker) -> list[str]:
    people, matched = voice.document["people"], voice.document["released"]["matched"]
    own = voice.say("whose_text", owner=voice.owner, peer=voice.peer,
                    **{name: voice.count(number) for name, number in people.items()})
    if matched is None:
        return [own, voice.words["whose_matched_none"]]
    return [own, voice.say("whose_matched", people=voice.number(max(0, matched["value"])),
                           low=voice.number(max(0, matched["low"])), high=voice.number(max(0, matched["high"])))]


def _why(voice: Speaker) -> list[str]:
    legal, contract = voice.legal, voice.document["contract"]
    resting = [voice.say("why_interest", party=contract["parties"][role]) for role in ROLES
               if legal[f"parties.{role}.basis"] == "legitimate_interest"]
    consent = voice.say("why_consent", owner=voice.owner, peer=voice.peer, age=contract["minimum_age"])
    return [consent, *resting, voice.say(
        "why_contract", id=contract["id"], roles=voice.words[f"roles_{legal['role_model']}"],
        arrangement=legal["arrangement_ref"], dpia=legal["dpia.ref"], day=voice.day(str(legal["dpia.completed"])),
        outcome=voice.value("dpia.outcome"), forbidden=voice.value("forbidden_uses"))]


def _left(voice: Speaker) -> str:
    shown = voice.document["released"]
    key = "left_all" if not shown["withheld"] else "left_none" if shown["withheld"] == shown["groups"] else "left_some"
    groups = voice.say(key, groups=shown["groups"], shown=shown["groups"] - shown["withheld"],
                       withheld=shown["withheld"], threshold=shown["threshold"])
    return voice.say("left_text", groups=groups)


def _protected(voice: Speaker) -> list[str]:
    privacy = voice.document["privacy"]
    text = voice.say("protected_text", run=voice.certainty(privacy["run"]["posterior"]),
                     all=voice.certainty(privacy["cumulative"]["posterior"]))
    return [text + (f" {voice.words['protected_weak']}" if float(privacy["cumulative"]["epsilon"]) >= 5 else "")]


def _criteria(voice: Speaker) -> list[tuple[str, str]]:
    return [(voice.words[item["id"]], voice.say(f"{item['id']}_text", **{
        name: voice.certainty(value) if name.startswith("posterior") else voice.plain(value)
        for name, value in item.items() if name != "id"})) for item in voice.document["assessment"]]


def _dominance(voice: Speaker) -> str:
    shown = voice.document["released"]
    if not shown["amounts"]:
        return voice.words["dominance_none"]
    return voice.say("dominance_text", dominated=shown["dominated"], amounts=shown["amounts"],
                     percent=shown["dominance_percent"], times=voice.number(shown["noise_in_caps"], 1))


def _steps(voice: Speaker) -> list[str]:
    return voice.say("steps", verify=VERIFY, prove=PROVE, consent=CONSENT).split("|")
