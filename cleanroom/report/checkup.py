"""What `cleanroom check` shows, for the page and the terminal, from its document alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.report import sections_keys
from cleanroom.report.charts import Chart, Point, described, svg
from cleanroom.report.environment import environment
from cleanroom.report.figures import COUNT_AXIS, SHARE_AXIS, Figure
from cleanroom.report.mode import notice_of
from cleanroom.report.sections import Body, Line, Table, counted
from cleanroom.report.voice import Cell, Voice
from cleanroom.report.wording import NUMBERS, words
from cleanroom.report.wording_check import CHECK
from cleanroom.rules import PACKS, Rule

_FATES: Final = {"valid": "key_used", "missing": "key_missing", "invalid": "key_refused", "duplicate": "key_shared"}


@dataclass(frozen=True, slots=True)
class Chapter:
    """One subject: what to draw, and the numbers."""

    id: str
    title: str
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that is shown, in one language. `mode`: a notice that stands first, or nothing; `short`: titles and
    sentences; `colon` joins them."""

    mode: str
    title: str
    about: str
    owner: str
    short: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    colon: str


def checkup(document: Mapping[str, Any], language: str = "en") -> Checkup:
    """What to show of a document of `cleanroom check`. UsageError for an unknown language."""
    voice = _voice(document, language)
    party = document["party"]["name"]
    found = (Chapter("tables", voice.words["h_c_tables"], (), (_tables(voice),)),
             Chapter("keys", voice.words["h_c_keys"], _filled(voice), tuple(sections_keys.keys(voice))),
             Chapter("consent", voice.words["h_c_consent"], (), tuple(_consent(voice))),
             Chapter("calendar", voice.words["h_c_calendar"], tuple(_calendars(voice)), ()),
             Chapter("sent", voice.words["h_c_sent"], (), tuple(_sent(voice))))
    return Checkup(notice_of(document, language), party, _about(voice), voice.say("c_owner", party=party),
                   _short(voice), tuple(chapter for chapter in found if chapter.charts or chapter.tables),
                   voice.words["colon"])


def render_check(document: Mapping[str, Any], language: str = "en") -> str:
    """The page as text. UsageError for an unknown language."""
    voice, shown = _voice(document, language), checkup(document, language)
    figures = {chapter.id: [_figure(voice, chart) for chart in chapter.charts] for chapter in shown.chapters}
    return environment().get_template("check.html").render(lang=language, w=voice.words, shown=shown, figures=figures)


def _voice(document: Mapping[str, Any], language: str) -> Voice:
    """Keys in the form that the report's own tables of keys take."""
    keys = [{"key": name, "matched": None, "shared": key["duplicate"], "shared_by": key.get("shared_by", {}),
             "reasons": key.get("reasons", {}), **{fate: key[fate] for fate in _FATES},
             "forms": {why: [{"form": form} for form in forms] for why, forms in key.get("forms", {}).items()}}
            for name, key in document["keys"].items()]
    return Voice({**document, "own": {"keys": keys}}, {**words(language), **CHECK[language]}, NUMBERS[language],
                 language)


def _about(voice: Voice) -> str:
    contract, day = voice.document["contract"], _day(voice, voice.document["at"])
    return voice.say("c_alone", day=day) if contract is None else voice.say("c_under", day=day, **contract)


def _short(voice: Voice) -> tuple[tuple[str, str], ...]:
    document, w, fmt = voice.document, voice.words, voice.fmt
    missing = voice.say("c_keys_text", count=fmt.number(document["without_key"]))
    if document["consent"] is None:
        return (w["c_sent"], w["c_not_sent"]), (w["c_keys"], missing)
    gate = document["consent"]
    people = fmt.number(gate["considered"])
    consent = voice.say("c_consent_text", admitted=fmt.number(gate["admitted"]), considered=people,
                        share=_share(voice, gate["admitted"], gate["considered"]))
    if gate["refused_by_a_shared_key"]:
        consent += " " + voice.say("c_shared_key", count=fmt.number(gate["refused_by_a_shared_key"]))
    sent = voice.say(f"c_sent_{document['party']['role'] if 'mode' in document else 'text'}",
                     sent=fmt.number(document["sent"]), people=people,
                     share=_share(voice, document["sent"], gate["considered"]))
    return (w["c_sent"], sent), (w["c_consent"], consent), (w["c_keys"], missing)


def _share(voice: Voice, part: int, whole: int) -> str:
    return voice.fmt.percent(part / max(1, whole))


def _tables(voice: Voice) -> Table:
    document, w = voice.document, voice.words
    lines = []
    for name, rows in document["rows"].items():
        days = [_day(voice, day) for day in document["days"].get(name, ())] or ["", ""]
        cells = [voice.fmt.number(rows), voice.fmt.number(document["strangers"].get(name, 0)), *days]
        lines.append(Line(w[f"c_{name}"], tuple(map(Cell, cells))))
    heads = (w["c_table"], w["c_rows"], w["c_strangers"], w["c_first"], w["c_last"])
    return Table(w["t_c_tables"], heads, (Body(tuple(lines)),), w["c_strangers_note"])


def _filled(voice: Voice) -> tuple[Chart, ...]:
    points = []
    for key in voice.document["own"]["keys"]:
        people = max(1, sum(key[fate] for fate in _FATES))
        points += [Point(voice.label(voice.name(key["key"])), voice.words[word], key[fate] / people, 0.0, 0.0,
                         voice.fmt.percent(key[fate] / people)) for fate, word in _FATES.items()]
    if not points:
        return ()
    return (Chart("fig-keys", voice.words["c_filled"], voice.words["c_filled_text"], SHARE_AXIS, tuple(points),
                  bars=True),)


def _consent(voice: Voice) -> list[Table]:
    gate, w = voice.document["consent"], voice.words
    if gate is None:
        return []
    rules = {rule.id: rule for pack in PACKS.values() if pack.name == gate["rules"] for rule in pack.rules}
    found = [_ruled(voice, w[title], rules, gate[part]) for title, part in
             (("t_refused", "refused"), ("t_c_warned", "warned")) if any(gate[part].values())]
    dropped = {f"{rule} {table}": count for rule, rows in gate["dropped"].items() for table, count in rows.items()}
    return [*found, *([_ruled(voice, w["t_c_dropped"], rules, dropped)] if any(dropped.values()) else [])]


def _ruled(voice: Voice, caption: str, rules: Mapping[str, Rule], counts: Mapping[str, int]) -> Table:
    """Counts by rule; after its id may stand the table."""
    lines = []
    for key, count in counts.items():
        rule, _, table = key.partition(" ")
        text = rules[rule].french if voice.language == "fr" else rules[rule].english
        if count:
            lines.append(Line(f"{rule} {voice.words.get(f'c_{table}', '')}".strip(),
                              (Cell(text), Cell(voice.fmt.number(count)))))
    w = voice.words
    return Table(caption, (w["rule"], w["meaning"], w["count"]), (Body(tuple(lines)),), prose=True)


def _calendars(voice: Voice) -> list[Chart]:
    return [_calendar(voice, name, found) for name, found in voice.document["calendar"].items()]


def _calendar(voice: Voice, name: str, found: Mapping[str, Any]) -> Chart:
    step = voice.words[f"c_{found['step']}"]
    points = tuple(Point(day[: {"week": 10, "month": 7, "year": 4}[found["step"]]], step, float(count), 0.0, 0.0,
                         voice.fmt.number(count)) for day, count in found["events"].items())
    return Chart(f"fig-{name}", voice.say("c_events", table=voice.words[f"c_{name}"], step=step),
                 voice.say("c_events_text", step=step), COUNT_AXIS, points, bars=True)


def _sent(voice: Voice) -> list[Table]:
    document, w = voice.document, voice.words
    cells = [(_cell(voice, cell), cell["people"]) for cell in document["cells"]]
    left_out = [(voice.name(label), count) for label, count in (document["excluded"] or {}).items() if count]
    return [counted(voice, caption, head, w["count"], counts) for caption, head, counts in
            ((w["t_c_cells"], w["c_cell"], cells), (w["t_excluded"], w["reason"], left_out)) if counts]


def _cell(voice: Voice, cell: Mapping[str, Any]) -> str:
    name = " · ".join(voice.value_of("arm", value) for value in cell["values"]) or voice.words["all"]
    return voice.say("c_period", cell=name, number=cell["period"] + 1) if cell["period"] else name


def _figure(voice: Voice, chart: Chart) -> Figure:
    values = voice.say("c_numbers", values=described(chart.points, voice.words["colon"]))
    return Figure(chart.id, chart.title, chart.text, svg(chart, f"{chart.text} {values}", voice.fmt.axis))


def _day(voice: Voice, text: str) -> str:
    return voice.fmt.day(text, voice.words["months"])


def shares(points: Sequence[Point]) -> list[float]:
    """The length of each bar beside the longest of its chart, 0 to 1."""
    longest = max((point.value or 0.0 for point in points), default=0.0) or 1.0
    return [(point.value or 0.0) / longest for point in points]
