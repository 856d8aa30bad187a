"""The sentences of the report: what was asked and found, why to believe it, and how to check it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cleanroom.report import select
from cleanroom.report.mode import notice_of
from cleanroom.report.voice import Voice

Pair = tuple[str, str]


def header(voice: Voice) -> Mapping[str, str]:
    """Title block."""
    document, contract = voice.document, voice.document["contract"]
    role = document["own"]["role"]
    return {
        "mode": notice_of(document, voice.language),
        "title": contract["title"], "kicker": voice.say("kicker", role=voice.words[role]),
        "parties": voice.say("parties", **contract["parties"]),
        "stamp": voice.say("stamp", id=contract["id"], version=contract["version"], currency=voice.currency,
                           day=_day(voice, document["runtime"]["started"]),
                           zone=contract["calendar"]["time_zone"]),
        "owner": voice.say("owner", owner=_owner(voice), section=voice.say("h_own", owner=_owner(voice))),
        "h_own": voice.say("h_own", owner=_owner(voice)),
        "footer": voice.say("footer", software=document["runtime"]["software"]),
    }


def short(voice: Voice) -> list[tuple[str, list[str]]]:
    """The answer in five paragraphs: asked, matched, found, withheld, privacy."""
    w = voice.words
    return [(w["asked"], [_asked(voice)]), (w["matched"], _matched(voice)), (w["found"], _found(voice)),
            (w["withheld"], [_withheld(voice)]), (w["privacy"], [_privacy(voice)])]


def lead(voice: Voice) -> list[Mapping[str, str]]:
    """The leading comparisons as large figures: value, interval, and what they are."""
    exposed, control = _arms(voice)
    return [{"value": voice.value(result, "value"), "interval": voice.bare_interval(result),
             "what": voice.say(f"lead_{voice.document['effect']}",
                               what=voice.words[f"what_{select.base_name(result)}"]),
             "arms": voice.say("lead_mix" if select.is_standardised(result) else "lead_arms", exposed=exposed,
                               control=control)}
            for result in select.headlines(voice.document)]


def why(voice: Voice) -> str:
    """What kind of claim a difference between the arms is."""
    return voice.words[f"why_{voice.document['effect']}"]


def posterior(voice: Voice) -> list[str]:
    """The privacy bound in plain words."""
    privacy = voice.document["privacy"]
    text = voice.say("posterior_text", run=voice.certainty(privacy["run"]["posterior"]),
                     cumulative=voice.certainty(privacy["cumulative"]["posterior"]))
    return [text, *([voice.words["posterior_weak"]] if float(privacy["cumulative"]["epsilon"]) >= 5 else [])]


def method(voice: Voice) -> list[Pair]:
    """The methodology card."""
    w, card = voice.words, voice.document["methodology"]
    caps = ", ".join(f"{voice.statistic(s)} {_with_unit(voice, s)}"
                     for s in voice.document["contract"]["statistics"])
    methods = [w[f"at_{method}"] for method in card["attribution"]]
    design = voice.say(f"m_design_{card['assignment']}", note=card["assignment_note"])
    said = {
        "windows": {"period": _days(voice, card["period_days"]), "window": _days(voice, card["window_days"]),
                    "lookback": _days(voice, card["lookback_days"]), "zone": card["time_zone"]},
        "keys": {"keys": ", ".join(voice.name(key) for key in card["keys"]), "protocol": card["protocol"],
                 "normalisation": card["normalisation"]},
        "clipping": {"caps": caps}, "attribution": {"methods": ", ".join(methods)},
        "noise": {"threshold": voice.fmt.number(card["threshold"])},
    }
    order = ("attribution", "windows", "keys", "dedup", "clipping", "sales", "design", "interval",
             "noise", "cost")
    own = {"design": design, "sales": voice.say(f"m_sales_{card['sales']}", currency=card["currency"]),
           "cost": _cost(voice), **({} if methods else {"attribution": w["m_attribution_none"]}),
           "dedup": f"{w['m_dedup_text']} {w['m_shared_' + card.get('shared_values', 'drop')]}"}
    if lookback := voice.document["contract"]["calendar"].get("lookback"):
        days = ", ".join(f"{w[f'g_{name}']}{w['colon']}{_days(voice, most)}" for name, most in lookback.items() if most)
        own["windows"] = f"{voice.say('m_windows_text', **said['windows'])} {voice.say('m_lookback_text', days=days)}"
    return [(w[f"m_{key}"], own.get(key) or voice.say(f"m_{key}_text", **said.get(key, {}))) for key in order]


def _cost(voice: Voice) -> str:
    declared, own = voice.document["contract"]["campaign"]["cost_cents"], voice.document["own"].get("cost_cents")
    key = "m_cost_text" if declared else "m_cost_own" if own else "m_cost_none"
    return voice.say(key, cost=voice.fmt.money(declared or own or 0, voice.currency))


def gaps(voice: Voice) -> list[str]:
    """What the own-side tables leave out because there was nothing."""
    own, w = voice.document["own"], voice.words
    found = {"refused": own["refused"], "excluded": own["excluded"].values()}
    return [w[f"nothing_{name}"] for name, counted in found.items() if not any(counted)]


def evidence(voice: Voice) -> list[Pair]:
    """What identifies the run."""
    w, facts, runtime = voice.words, voice.document["evidence"], voice.document["runtime"]
    traffic = voice.say("e_traffic_text", sent=voice.fmt.number(runtime["bytes_sent"]),
                        received=voice.fmt.number(runtime["bytes_received"]))
    return [(w["e_run"], facts["run_id"]), (w["e_contract"], facts["contract_sha256"]),
            (w["e_transcript"], facts["transcript_sha256"]), (w["e_root"], facts["audit_root"]),
            (w["e_time"], f"{runtime['started']} {w['to']} {runtime['ended']}"), (w["e_traffic"], traffic),
            (w["e_software"], f"cleanroom {runtime['software']}"), (w["e_backend"], runtime["backend"])]


def limits(voice: Voice) -> list[str]:
    """What the numbers do not say."""
    effect = "l_randomised" if voice.document["effect"] == "incremental" else "l_association"
    retailer = voice.document["contract"]["parties"]["retailer"]
    return [voice.say(key, retailer=retailer) for key in ("l_matched", effect, "l_noise", "l_many", "l_semi")]


def _asked(voice: Voice) -> str:
    contract = voice.document["contract"]
    campaign, calendar = contract["campaign"], contract["calendar"]
    first, last = _day(voice, calendar["exposures_from"]), _day(voice, calendar["exposures_until"])
    when = voice.say("on_day" if first == last else "between_days", first=first, last=last)
    return voice.say("asked_text", campaigns=_listed(voice, campaign["names"]),
                     retailer=contract["parties"]["retailer"],
                     channels=_listed(voice, map(voice.channel, campaign["channels"])),
                     when=when, window=_days(voice, calendar["window_days"]))


def _matched(voice: Voice) -> list[str]:
    found, owner = voice.document["matched"], _owner(voice)
    threshold = voice.fmt.number(voice.document["suppression"]["threshold"])
    if found["people"] is None:
        empty = [voice.say("admitted_none", owner=owner)] if found["own_admitted"] == 0 else []
        return [*empty, voice.say("matched_none", threshold=threshold)]
    text = [voice.say("matched_text", people=_count(voice, found["people"]), interval=_span(voice, found["people"]))]
    arms = [f"{voice.value_of('arm', arm['arm'])} {_count(voice, arm['people'])}"
            for arm in found["arms"] if arm["people"]]
    text += [voice.say("matched_arms", arms=", ".join(arms))] if arms else []
    if not found["complete"]:
        return [*text, voice.words["matched_part"]]
    rate = found["own_match_rate"]
    if rate is not None:
        text.append(voice.say("matched_rate", rate=voice.fmt.percent(rate["value"]), owner=owner,
                              admitted=voice.fmt.number(found["own_admitted"])))
    return text


def _found(voice: Voice) -> list[str]:
    headlines, effect = select.headlines(voice.document), voice.document["effect"]
    if not headlines:
        return [voice.words["found_nothing"]]
    exposed, control = _arms(voice)
    said = [voice.say(f"effect_{effect}", what=voice.words[f"what_{select.base_name(result)}"],
                      value=voice.value(result, "value"), interval=voice.bare_interval(result),
                      exposed=exposed, control=control) + " " + _zero(voice, result) for result in headlines]
    mixed = any(select.is_standardised(result) for result in headlines)
    return [*said, *([voice.words["mix_note"]] if mixed else []), why(voice)]


def _zero(voice: Voice, result: Mapping[str, Any]) -> str:
    if result["low"] is None or result["high"] is None:
        return ""
    return voice.words["zero_inside" if result["low"] <= 0 <= result["high"] else "zero_outside"]


def _withheld(voice: Voice) -> str:
    counts = voice.document["suppression"]
    groups, hidden = counts["groups"], counts["suppressed"]
    key = ("empty" if not groups else "none" if not hidden else "all" if hidden == groups else "some")
    return voice.say(f"withheld_{key}", groups=groups, suppressed=hidden, share=voice.fmt.percent(counts["share"]),
                     threshold=voice.fmt.number(counts["threshold"]))


def _privacy(voice: Voice) -> str:
    amounts = voice.document["privacy"]
    shown = {name: voice.fmt.decimal_text(amounts[name]["epsilon"])
             for name in ("run", "cumulative", "budget", "left")}
    return voice.say("privacy_text", run_delta=voice.fmt.decimal_text(amounts["run"]["delta"]), **shown)


def _with_unit(voice: Voice, statistic: Mapping[str, Any]) -> str:
    if statistic["measure"] == "buyers" and statistic["cap"] == 1:
        return voice.words["person"]
    cap, unit = voice.total(statistic["cap"], statistic["measure"]), voice.unit(statistic["measure"])
    return f"{cap} {unit}".strip()


def _arms(voice: Voice) -> tuple[str, str]:
    exposed, control = select.compared_arms(voice.document)
    return voice.value_of("arm", exposed), voice.value_of("arm", control)


def _owner(voice: Voice) -> str:
    return str(voice.document["contract"]["parties"][voice.document["own"]["role"]])


def _count(voice: Voice, number: Mapping[str, Any]) -> str:
    """Noise can push a count below zero; prose says none."""
    return voice.fmt.number(max(0, number["value"]))


def _span(voice: Voice, number: Mapping[str, Any]) -> str:
    return f"{voice.fmt.number(max(0, number['low']))} {voice.words['to']} {voice.fmt.number(max(0, number['high']))}"


def _days(voice: Voice, count: int) -> str:
    return voice.words["day"] if count == 1 else voice.say("days", count=voice.fmt.number(count))


def _day(voice: Voice, text: str) -> str:
    return voice.fmt.day(text, voice.words["months"])


def _listed(voice: Voice, names: Iterable[str]) -> str:
    every = list(names)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} {voice.words['and']} {every[-1]}"
