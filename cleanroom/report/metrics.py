"""Tables of the metrics that go beyond groups and comparisons: one each, and attribution with a column per method."""

from __future__ import annotations

from cleanroom.report import select
from cleanroom.report.sections import Body, Line, Table
from cleanroom.report.select import Result
from cleanroom.report.voice import NOISE_ONLY, Cell, Voice


def chapters(voice: Voice) -> list[tuple[str, Table]]:
    """(what the metric says, its table), in the order of the catalogue; metrics without a result are left out."""
    found = [(metric, select.of_metric(voice.document, metric)) for metric in select.TABLED]
    return [(voice.words[f"x_{metric}_text"], _table(voice, metric, results)) for metric, results in found if results]


def attribution(voice: Voice) -> Table | None:
    """Credited sales, a row per channel and a column per method, and the share under each; None without any."""
    w, found = voice.words, select.of_metric(voice.document, "attribution")
    methods = [method for method in select.METHODS if any(each["name"].endswith(f"_{method}") for each in found)]
    if not methods:
        return None
    of = {(each["name"], (each["group"] or {}).get("channel")): each for each in found}
    channels = dict.fromkeys(channel for _, channel in of if channel is not None)
    lines = [Line(voice.touch(channel), tuple(_credit(voice, of, method, channel) for method in methods))
             for channel in channels]
    totals = [Line(w[f"x_{name}"], tuple(voice.cell(of[f"{name}_sales_{method}", None]) for method in methods))
              for name in ("unattributed", "attributed") if (f"{name}_sales_{methods[0]}", None) in of]
    return Table(w["x_attribution"], (w["x_channel"], *(w[f"at_{method}"] for method in methods)),
                 (Body((*lines, *totals)),), w["x_attribution_note"])


def _table(voice: Voice, metric: str, results: list[Result]) -> Table:
    w = voice.words
    groups = {tuple((each["group"] or {}).items()): each["group"] for each in results}
    bodies = tuple(Body(tuple(_line(voice, each) for each in results if tuple((each["group"] or {}).items()) == key),
                        voice.group(group or {}) if len(groups) > 1 else "") for key, group in groups.items())
    alone = any(each["note"] == "noise_only" and each["value"] is not None for each in results)
    owner = voice.document["contract"]["parties"][voice.document["own"]["role"]]
    heads = (w["x_measure"], w["value"], voice.label(w["interval"]), w["se_sampling"], w["se_noise"])
    return Table(voice.say(f"x_{metric}", owner=owner), heads, bodies,
                 f"{NOISE_ONLY} {w['noise_note']}" if alone else "")


def _line(voice: Voice, result: Result) -> Line:
    head = voice.name(result["name"]) + (f" · {voice.detail(result)}" if result["detail"] else "")
    cell, nothing = voice.cell(result), Cell("")
    if cell.muted:
        return Line(head, (cell, nothing, nothing, nothing))
    if result["note"] == "own_exact":
        return Line(head, (Cell(cell.text), Cell(voice.words["exact"], muted=True), nothing, nothing))
    mark = f" {NOISE_ONLY}" if result["note"] == "noise_only" else ""
    errors = [nothing if result[part] is None else Cell(voice.value(result, part))
              for part in ("sampling_se", "noise_se")]
    return Line(head, (Cell(cell.text), Cell(voice.interval(result) + mark), *errors))


def _credit(voice: Voice, of: dict[tuple[str, str | None], Result], method: str, channel: str) -> Cell:
    result, share = (of.get((f"{name}_{method}", channel)) for name in ("credited_sales", "credit_share"))
    if result is None:
        return Cell("")
    cell = voice.cell(result)
    if share is None or share["value"] is None:
        return cell
    return Cell(f"{cell.text} ({voice.value(share, 'value')})", cell.under, cell.muted)
