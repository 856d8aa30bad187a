"""The owner's tables about match keys: what was used, what was refused and why, what several people share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cleanroom.report.sections import Body, Line, Table
from cleanroom.report.voice import Cell, Voice

_KINDS: Final = ("common", "conflict", "alike", "kept")


def keys(voice: Voice) -> list[Table]:
    """Up to three tables; none when the document says nothing about keys."""
    found = voice.document["own"].get("keys", [])
    tables = [_use(voice, found)] if found else []
    if any(key["reasons"] for key in found):
        tables.append(_why(voice, found))
    if any(key["shared_by"].get(kind) for key in found for kind in _KINDS):
        tables.append(_kinds(voice, found))
    return tables


def _use(voice: Voice, found: Sequence[Mapping[str, Any]]) -> Table:
    w = voice.words
    known = any(key["matched"] is not None for key in found)
    lines = tuple(Line(voice.label(voice.name(key["key"])), (
        *(Cell(voice.fmt.number(key[name])) for name in ("valid", "missing", "invalid", "shared")),
        *([_matched(voice, key["matched"])] if known else []))) for key in found)
    heads = (w["key"], w["key_used"], w["key_missing"], w["key_refused"], w["key_shared"],
             *([w["key_matched"]] if known else []))
    return Table(w["t_keys"], heads, (Body(lines),), w["key_note"] if known else "")


def _matched(voice: Voice, estimate: Mapping[str, float] | None) -> Cell:
    if estimate is None:
        return Cell("")
    low, high = (voice.fmt.number(estimate[which]) for which in ("low", "high"))
    return Cell(voice.fmt.number(estimate["people"]), f"{low} {voice.words['to']} {high}")


def _why(voice: Voice, found: Sequence[Mapping[str, Any]]) -> Table:
    w = voice.words
    lines = tuple(Line(f"{voice.label(voice.name(key['key']))}{w['colon']}{w.get(f'why_{reason}', reason)}", (
        Cell(voice.fmt.number(count)), Cell(", ".join(form["form"] for form in key["forms"].get(reason, [])))))
        for key in found for reason, count in key["reasons"].items())
    return Table(w["t_why"], (w["reason"], w["count"], w["forms"]), (Body(lines),))


def _kinds(voice: Voice, found: Sequence[Mapping[str, Any]]) -> Table:
    w = voice.words
    lines = tuple(Line(w[f"kind_{kind}"], tuple(Cell(voice.fmt.number(key["shared_by"].get(kind, 0))) for key in found))
                  for kind in _KINDS)
    return Table(w["t_kinds"], (w["scope"], *(voice.label(voice.name(key["key"])) for key in found)), (Body(lines),))
