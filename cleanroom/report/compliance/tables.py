"""The tables of the compliance page, made of text cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from cleanroom.contract.legal_lines import LINES
from cleanroom.report.compliance.speaker import Speaker
from cleanroom.report.compliance.wording import typeset
from cleanroom.report.sections import Body, Line, Table
from cleanroom.report.voice import Cell

ROLES: Final = ("advertiser", "retailer")
ENTITY: Final = ("entity", "registration", "address", "country", "contact", "dpo", "basis", "assessment_sha256",
                 "tracker_data")
PARTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "contract": ("contract",), "row": ("row", "file"), "run": ("run",), "report": ("report",)})
_OF_COMPANIES: Final = tuple(f"parties.{role}.{name}" for role in ROLES for name in ENTITY)


def companies(voice: Speaker) -> Table:
    """Both legal entities side by side."""
    lines = tuple(Line(voice.words[name], tuple(Cell(voice.value(f"parties.{role}.{name}")) for role in ROLES))
                  for name in ENTITY)
    return Table(voice.words["t_who"], (voice.words["line"], *(voice.words[role] for role in ROLES)), (Body(lines),),
                 prose=True)


def people(voice: Speaker) -> list[Table]:
    """Who took part, who was left out by which rule, and the rows that were dropped."""
    w, items = voice.words, voice.document["rules"]["items"]
    sizes = tuple(Line(w[name], (Cell(voice.count(voice.document["people"][name])),))
                  for name in ("considered", "admitted", "refused"))
    tables = [Table(voice.say("t_people", owner=voice.owner), (w["outcome"], w["people"]), (Body(sizes),))]
    for key, head, field in (("t_refused", "people", "refused"), ("t_dropped", "rows", "dropped")):
        lines = tuple(Line(item["id"], (Cell(voice.written(item)), Cell(voice.count(item[field]))))
                      for item in items if item[field] is not None)
        tables.append(Table(w[key], (w["rule"], w["meaning"], w[head]), (Body(lines),), prose=True))
    return tables


def legal(voice: Speaker) -> list[Table]:
    """The legal lines but those of the companies, the notices, and the goods that never take part."""
    w = voice.words
    lines = tuple(Line(typeset(line.french) if voice.language == "fr" else line.english,
                       (Cell(line.rule), Cell(voice.value(line.path))))
                  for line in LINES if line.path not in _OF_COMPANIES)
    notices = tuple(Line(voice.document["contract"]["parties"][notice["party"]], (
        Cell(notice["id"]), Cell(voice.day(notice["published"])), Cell(notice["language"]), Cell(notice["partner"]),
        Cell(notice["sha256"]))) for notice in voice.document["notices"])
    denied = tuple(Line(w[kind], (Cell(", ".join(labels) or w["denied_none"]),))
                   for kind, labels in voice.document["denied_categories"].items())
    heads = (w["party"], w["notice"], w["published"], w["language"], w["partner"], w["sha256"])
    return [Table(w["t_legal"], (w["line"], w["rule"], w["value"]), (Body(lines),), prose=True),
            Table(w["t_notices"], heads, (Body(notices),), prose=True),
            Table(w["t_denied"], (w["kind"], w["labels"]), (Body(denied),), prose=True)]


def rules(voice: Speaker) -> list[Table]:
    """Every rule of the pack, by what it is about."""
    w = voice.words
    heads = (w["rule"], w["meaning"], w["source"], w["since"], w["verdict"])
    return [Table(w[f"t_{part}"], heads, (Body(tuple(_rule(voice, item) for item in voice.document["rules"]["items"]
                                                    if item["where"] in kinds)),), prose=True)
            for part, kinds in PARTS.items()]


def evidence(voice: Speaker) -> list[tuple[str, str]]:
    """Roots, hashes, keys and signatures."""
    w, facts, run = voice.words, voice.document["evidence"], voice.document["run"]
    return [(w["e_run"], run["id"]), (w["e_time"], f"{run['started']} – {run['ended']}"),
            (w["e_contract"], facts["contract_sha256"]), (w["e_pack"], facts["rule_pack_sha256"]),
            (w["e_log"], facts["log_root"]), (w["e_lines"], str(facts["log_lines"])),
            (w["e_previous"], facts["previous_head"] or w["e_first"]), (w["e_consent"], facts["consent_root"]),
            (w["e_records"], voice.count(facts["consent_records"])), (w["e_receipt"], facts["receipt_sha256"]),
            (w["e_table"], facts["table_sha256"]), (w["e_transcript"], facts["transcript_sha256"]),
            (w["e_signed"], voice.listed([w[role].lower() for role in facts["signed_by"]])), *_by_role(voice, facts)]


def _by_role(voice: Speaker, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, field in (("e_key", "signing_keys"), ("e_root", "audit_roots")):
        yield from ((voice.say(key, role=voice.words[role].lower()), facts[field][role]) for role in ROLES)


def _rule(voice: Speaker, item: Mapping[str, Any]) -> Line:
    w = voice.words
    counts = [voice.say(key, count=voice.count(item[field]))
              for key, field in (("left_out", "refused"), ("rows_dropped", "dropped")) if item[field] is not None]
    said = "broken" if not item["kept"] else "warned" if item["warned"] else "kept"
    verdict = Cell(w[said], "; ".join(counts) or item["detail"])
    return Line(item["id"], (Cell(voice.written(item)), Cell(voice.source(item["source"])),
                             Cell(voice.day(item["effective_from"])), verdict))
