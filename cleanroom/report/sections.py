"""The tables of the report, made of text cells, from a measurement document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cleanroom.report import select
from cleanroom.report.select import Result
from cleanroom.report.voice import NOISE_ONLY, Cell, Voice

Group = Mapping[str, Any]
Sum = Mapping[str, Any] | None  # a statistic of the contract, or the person count
ONE_PAGE = 20  # lines
SIDE_BY_SIDE = 5  # columns of opened numbers that fit on a printed page


@dataclass(frozen=True, slots=True)
class Line:
    """One table row: its header and its cells."""

    head: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """Rows that belong together; `title` and `detail` head them when the table has several."""

    lines: tuple[Line, ...]
    title: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table. `heads` names the header column first; `prose` marks a first column of text."""

    caption: str
    heads: tuple[str, ...]
    bodies: tuple[Body, ...]
    note: str = ""
    prose: bool = False

    @property
    def fits(self) -> bool:
        """Whether it is short enough to stay on one printed page with what surrounds it."""
        return sum(len(body.lines) for body in self.bodies) <= ONE_PAGE


def matched(voice: Voice) -> Table:
    """People found on both sides, by arm and together, and the match rate of each side where it is known."""
    w, found = voice.words, voice.document["matched"]
    counts = [(voice.value_of("arm", arm["arm"]), arm) for arm in found["arms"]] + [(w["all"], found)]
    people = [Line(name if whole else voice.say("in_part", name=name), (_people(voice, counted),))
              for name, counted in counts for whole in [counted["complete"] or counted["people"] is None]]
    parties = voice.document["contract"]["parties"]
    rates = [Line(voice.say("match_bound" if result["note"] == "lower_bound" else "match_rate",
                            party=parties[role]), (voice.cell(result),))
             for role in ("advertiser", "retailer") for result in voice.document["results"]
             if result["name"] == f"match_rate_{role}"]
    return Table(w["t_matched"], (w["group"], w["value"]), (Body((*people, *rates)),), w["noise_below"])


def groups(voice: Voice) -> list[Table]:
    """For each release, a row per group: people, then every rate that was computed.

    Releases without a rate are in the annex only.
    """
    levels = select.levels(voice.document)
    rated = {_key(result["group"]) for result in levels}
    shown = [entry for entry in voice.document["released"] if entry["groups"] and not entry["attribution"]]
    found = [entry for entry in shown if any(_key(group["group"]) in rated for group in entry["groups"])]
    return [_release(voice, entry, levels) for entry in found or shown]


def compare(voice: Voice) -> Table | None:
    """Every comparison, by what is compared, a row per stratum; None when none has a value."""
    w, found = voice.words, select.comparisons(voice.document)
    if all(result["value"] is None for result in found):
        return None
    exposed, control = (voice.value_of("arm", arm) for arm in select.compared_arms(voice.document))
    names = dict.fromkeys(select.base_name(result) for result in found)
    lines = [(select.base_name(result), _comparison(voice, result)) for result in found]
    bodies = tuple(Body(tuple(line for of, line in lines if of == name), voice.name(name)) for name in names)
    alone = all(len(body.lines) == 1 for body in bodies)
    if alone:  # one comparison only: what is compared says more than among whom
        bodies = (Body(tuple(replace(body.lines[0], head=body.title) for body in bodies)),)
    notes = [w["pp_note"]] if any(result["unit"] == "share" for result in found) else []
    notes += [w["mix_note"]] if any(select.is_standardised(result) for result in found) else []
    heads = (w["x_measure"] if alone else w["comparison"], w["value"], voice.label(w["interval"]), w["se_sampling"],
             w["se_noise"])
    return Table(w["t_compare"].format(exposed=exposed, control=control), heads, bodies, " ".join(notes))


def categories(voice: Voice) -> Table | None:
    """Sales per person, a row per category and a column per arm; None when none has a value."""
    w, found = voice.words, voice.document["categories"]
    if all(result["value"] is None for result in found):
        return None
    arms = tuple(dict.fromkeys(voice.arm(result["group"]) for result in found))
    of = {(result["category"], voice.arm(result["group"])): voice.cell(result) for result in found}
    lines = tuple(Line(voice.label(name), tuple(of.get((name, arm), Cell("")) for arm in arms))
                  for name in dict.fromkeys(result["category"] for result in found))
    return Table(w["t_categories"], (w["category"], *arms), (Body(lines),), _under_note(voice, found))


def spent(voice: Voice) -> Table:
    """Privacy by part, with the posterior bound."""
    w, privacy = voice.words, voice.document["privacy"]
    lines = []
    for part in ("transcript", "release", "run", "cumulative", "budget", "left"):
        amount = privacy[part]
        bound = "" if part == "left" else voice.certainty(amount["posterior"])
        lines.append(Line(w[f"s_{part}"], (Cell(voice.fmt.decimal_text(amount["epsilon"])),
                                           Cell(voice.fmt.decimal_text(amount["delta"])), Cell(bound))))
    return Table(w["t_spent"], (w["scope"], w["epsilon"], w["delta"], w["posterior"]), (Body(tuple(lines)),))


def own(voice: Voice) -> list[Table]:
    """Exact counts of this side: sizes, refused, excluded, clipped."""
    facts, w = voice.document["own"], voice.words
    tables = [counted(voice, w["t_sizes"], w["scope"], w["count"],
                      [(w[name], facts[name]) for name in ("admitted", "rows_sent", "peer_rows")])]
    if facts["refused"]:
        lines = tuple(Line(item["rule"], (Cell(voice.rule(item)), Cell(voice.fmt.number(item["count"]))))
                      for item in facts["refused"])
        heads = (w["rule"], w["meaning"], w["count"])
        tables.append(Table(w["t_refused"], heads, (Body(lines),), prose=True))
    if any(facts["excluded"].values()):
        excluded = [(voice.name(label), count) for label, count in facts["excluded"].items() if count]
        tables.append(counted(voice, w["t_excluded"], w["reason"], w["count"], excluded))
    if any(facts["merged"].values()):
        merged = [(voice.name(label), count) for label, count in facts["merged"].items()]
        tables.append(counted(voice, w["t_merged"], w["reason"], w["count"], merged))
    return [*tables, *([_clipped(voice, facts["clipping"])] if facts["clipping"] else [])]


def stages(voice: Voice) -> Table:
    """Seconds by stage, the whole run last."""
    runtime, w = voice.document["runtime"], voice.words
    times = [(voice.name(stage), seconds) for stage, seconds in runtime["stages"].items()]
    times.append((w["s_run"], runtime["seconds"]))
    lines = tuple(Line(name, (Cell(voice.fmt.compact(seconds)),)) for name, seconds in times)
    return Table(w["t_stages"], (w["stage"], w["seconds"]), (Body(lines),))


def annex(voice: Voice) -> list[Table]:
    """Every opened number, a row per group and a few statistics side by side; the noise of a column is the same
    in all groups of a release, so it is said once."""
    return [_annex(voice, entry, sums, f" ({part}/{len(parts)})" if len(parts) > 1 else "")
            for entry in voice.document["released"] if entry["groups"] for parts in [_side_by_side(voice, entry)]
            for part, sums in enumerate(parts, 1)]


def _release(voice: Voice, entry: Mapping[str, Any], levels: Sequence[Result]) -> Table:
    w = voice.words
    of = {(result["name"], _key(result["group"])): voice.cell(result) for result in levels}
    keys = {_key(group["group"]) for group in entry["groups"]}
    names = [name for name in dict.fromkeys(result["name"] for result in levels)
             if any((name, key) in of for key in keys)]
    lines = tuple(Line(voice.group(group["group"]), (_people(voice, group), *(
        voice.withheld() if group["suppressed"] else of.get((name, _key(group["group"])), Cell(""))
        for name in names))) for group in entry["groups"])
    shown = [result for result in levels if _key(result["group"]) in keys]
    return Table(_caption(voice, "t_group", entry), (w["group"], w["people"], *map(voice.name, names)),
                 (Body(lines),), _under_note(voice, shown))


def _under_note(voice: Voice, results: Iterable[Result]) -> str:
    w = voice.words
    alone = any(result["note"] == "noise_only" and result["value"] is not None for result in results)
    return f"{w['count_note']} {NOISE_ONLY} {w['noise_note']}" if alone else w["count_note"]


def _people(voice: Voice, group: Group) -> Cell:
    if group["people"] is None:
        return voice.withheld()
    return Cell(voice.total(group["people"]["value"], ""), voice.noise_interval(group["people"]))


def _comparison(voice: Voice, result: Result) -> Line:
    cell, nothing = voice.cell(result), Cell("")
    if cell.muted:
        return Line(voice.stratum(result), (cell, nothing, nothing, nothing))
    interval = Cell(voice.interval(result))
    errors = [nothing if result[part] is None else Cell(voice.value(result, part).lstrip("+"))
              for part in ("sampling_se", "noise_se")]
    return Line(voice.stratum(result), (Cell(cell.text), interval, *errors))


def _clipped(voice: Voice, items: Iterable[Mapping[str, Any]]) -> Table:
    w = voice.words
    named = {terms["name"]: voice.statistic(terms) for terms in voice.document["contract"]["statistics"]}
    lines = tuple(Line(named.get(item["statistic"], item["statistic"]), (Cell(voice.fmt.number(item["people"])),
                                                       Cell(voice.fmt.percent(item["share"])))) for item in items)
    return Table(w["t_clipped"], (w["statistic"], w["people_clipped"], w["share_clipped"]), (Body(lines),))


def counted(voice: Voice, caption: str, head: str, count: str, counts: Iterable[tuple[str, int]]) -> Table:
    """Numbers of people or rows, each after its name."""
    lines = tuple(Line(label, (Cell(voice.fmt.number(number)),)) for label, number in counts)
    return Table(caption, (head, count), (Body(lines),))


def _side_by_side(voice: Voice, entry: Mapping[str, Any]) -> list[list[Sum]]:
    sums: list[Sum] = [None, *(statistic for statistic in voice.document["contract"]["statistics"]
                                if statistic["name"] in entry["statistics"])]
    parts = -(-len(sums) // SIDE_BY_SIDE)
    size = -(-len(sums) // parts)  # evenly: no table with a single column at the end
    return [sums[i:i + size] for i in range(0, len(sums), size)]


def _annex(voice: Voice, entry: Mapping[str, Any], sums: Sequence[Sum], part: str) -> Table:
    w = voice.words
    heads = tuple(w["people"] if of is None else voice.statistic(of) for of in sums)
    lines = [Line(voice.group(group["group"]), tuple(_opened(voice, group, of) for of in sums))
             for group in entry["groups"]]
    shown = next((group for group in entry["groups"] if not group["suppressed"]), None)
    noise = [] if shown is None else [Line(w["annex_noise"], tuple(_noise(voice, shown, of) for of in sums))]
    return Table(_caption(voice, "t_annex", entry) + part, (w["group"], *heads), (Body((*noise, *lines)),),
                 w["annex_note"])


def _opened(voice: Voice, group: Group, of: Sum) -> Cell:
    number = _number(group, of)
    return voice.withheld() if number is None else Cell(voice.total(number["value"], _measure(of)))


def _noise(voice: Voice, group: Group, of: Sum) -> Cell:
    number = _number(group, of)
    if number is None:
        return Cell("")
    return Cell(f"± {voice.total(number['high'] - number['value'], _measure(of))} {voice.unit(_measure(of))}".strip(),
                muted=True)


def _number(group: Group, of: Sum) -> Mapping[str, Any] | None:
    if of is None or group["sums"] is None:
        found: Mapping[str, Any] | None = group["people"] if of is None else None
        return found
    number: Mapping[str, Any] = group["sums"][of["name"]]
    return number


def _measure(of: Sum) -> str:
    return "people" if of is None else str(of["measure"])


def _caption(voice: Voice, key: str, entry: Mapping[str, Any]) -> str:
    if entry["attribution"]:
        return voice.say(f"{key}_credit", method=voice.words[f"at_{entry['attribution']}"])
    if not entry["dimensions"]:
        return voice.words["t_total" if key == "t_group" else f"{key}_total"]
    return voice.say(key, dimensions=f" {voice.words['and']} ".join(map(voice.dimension, entry["dimensions"])))


def _key(group: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(group.items()))
