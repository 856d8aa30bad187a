"""The page of a running node, from its status document alone. Made anew at each look; nothing personal is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleanroom.report.environment import environment
from cleanroom.report.format import NBSP, Numbers
from cleanroom.report.sections import Body, Line, Table
from cleanroom.report.voice import Cell
from cleanroom.report.wording import LANGUAGES, NUMBERS, words
from cleanroom.report.wording_node import NODE

Item = Mapping[str, Any]


def render_node(document: Item, language: str = "en") -> str:
    """The page as text. `document`: of `cleanroom.node.status`. UsageError for an unknown language."""
    says = _Says(document, {**words(language), **NODE[language]}, NUMBERS[language])
    other = next(each for each in LANGUAGES if each != language)
    return environment().get_template("node.html").render(
        lang=language, other=other, w=says.words, title=says.say("o_title", role=says.words[document["role"]]),
        stamp=says.say("o_stamp", time=says.time(document["at"]), software=document["software"]),
        verdict=_verdict(says), cards=_cards(says), contracts=_contracts(says), runs=_runs(says), audit=_audit(says))


@dataclass(frozen=True, slots=True)
class _Says:
    document: Item
    words: Mapping[str, str]
    fmt: Numbers

    def say(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def time(self, text: str | None) -> str:
        """`2026-03-01T12:30:00+00:00` as a day and a time of it, UTC."""
        if text is None:
            return "–"
        return f"{self.fmt.day(text, self.words['months'])}, {text[11:16]}{NBSP}UTC"

    def duration(self, seconds: float | None) -> str:
        """Hours, or days from two on."""
        if seconds is None:
            return self.words["o_missing"]
        days = seconds >= 2 * 86_400
        return self.say("o_days" if days else "o_hours", count=self.fmt.number(seconds / (86_400 if days else 3600), 1))


def _verdict(says: _Says) -> dict[str, Any]:
    found, lacking = says.document, [(name, text) for name, text in says.document["ready"].items() if text]
    if not found["node"]["running"]:
        return {"good": False, "head": says.words["o_stopped"], "reasons": []}
    reasons = [says.say("o_reason", what=says.words[f"o_check_{name}"], why=text) for name, text in lacking]
    return {"good": not lacking, "head": says.words["o_not_ready" if lacking else "o_ready"], "reasons": reasons}


def _cards(says: _Says) -> list[tuple[str, str]]:
    found, w = says.document, says.words
    days, free = found["certificate_days"], found["disk"]["free_bytes"]
    last = found["measured"]
    cards = [
        (w["o_since"], says.time(found["node"]["since"])),
        (w["o_certificate"], says.duration(None if days is None else days * 86_400)),
        (w["o_disk"], says.say("o_gigabytes", count=says.fmt.number(free / 1e9, 1))),
        (w["o_suppressions"], says.duration(found["suppressions_age_seconds"])),
        (w["o_waiting"], says.say("o_waiting_text", runs=found["runs"]["waiting"], proposals=found["proposals"])),
    ]
    if last is not None:
        cards.append((w["o_last"], says.say(
            "o_last_text", rows=says.fmt.number(last["rows_sent"] + last["rows_received"]),
            megabytes=says.fmt.number((last["bytes_sent"] + last["bytes_received"]) / 1e6, 1),
            seconds=says.fmt.compact(last["seconds"]))))
    return cards


def _contracts(says: _Says) -> Table:
    w = says.words
    lines = tuple(Line(f"{each['id']}, {each['version']}", (
        Cell(w[f"o_{each['state']}"], each["reason"]), Cell(says.time(each["until"])), _left(says, each),
    )) for each in says.document["contracts"])
    heads = (w["o_contract"], w["o_state"], w["o_until"], w["o_left"])
    return Table(w["o_contracts"], heads, (Body(lines),), prose=True)


def _left(says: _Says, contract: Item) -> Cell:
    if contract["left_epsilon"] is None:
        return Cell(says.words["o_missing"], muted=True)
    left, whole = (says.fmt.number(contract[name], 2) for name in ("left_epsilon", "budget_epsilon"))
    return Cell(says.say("o_left_text", left=left, whole=whole))


def _runs(says: _Says) -> Table:
    w = says.words
    lines = tuple(Line(each["run"][:12], (
        Cell(w[f"o_{each['state']}"], _why(each)), Cell(each["contract"]), Cell(says.time(each["asked"])),
    )) for each in says.document["runs"]["newest"])
    return Table(w["o_runs"], (w["o_run"], w["o_state"], w["o_contract"], w["o_when"]), (Body(lines),), prose=True)


def _why(run: Item) -> str:
    return f"{run['error']}: {run['reason']}" if run["error"] else str(run["step"])


def _audit(says: _Says) -> list[tuple[str, str]]:
    audit, w = says.document["audit"], says.words
    if not audit["head"] and not audit["reason"]:
        return [(w["o_head"], w["o_none"])]
    verdict = w["o_verifies"] if audit["verifies"] else says.say("o_broken", reason=audit["reason"])
    return [(w["o_head"], audit["head"] or w["none"]), (w["o_run"], audit["run"] or w["none"]), (w["o_check"], verdict)]
