"""The entry of a run in the record of processing activities, Art. 30(1) GDPR, as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cleanroom.report.mode import notice_of
from cleanroom.report.tables import harmless

COLUMNS: Final = ("point", "item", "value")
_POINTS: Final = (("a", "controllers"), ("b", "purposes"), ("c", "subjects_and_data"), ("d", "recipients"),
                  ("e", "transfers"), ("f", "erasure"), ("g", "security"))
# Legal lines that say more about a point, by what they begin with.
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "a": ("role_model", "processor", "arrangement", "parties."), "b": ("forbidden_uses",), "e": ("transfers.",),
    "f": ("retention.",), "g": ("dpia.", "proof.")}


def render_record(document: Mapping[str, Any]) -> str:
    """RFC 4180 text: one row an item, `point` as in Art. 30(1). It holds no count of people."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    rows = sorted(_rows(document), key=lambda row: row[0])  # stable: within a point the order stays
    writer.writerows((point, item, harmless(value)) for point, item, value in rows)
    return out.getvalue()


def _rows(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    contract, run, legal = document["contract"], document["run"], document["legal"]
    if notice := notice_of(document, "en"):
        yield "", "mode", notice
    yield from (("", name, str(contract[name])) for name in ("title", "id", "version", "purpose"))
    yield from (("", f"run_{name}", run[name]) for name in ("id", "started", "ended"))
    yield "", "contract_sha256", document["evidence"]["contract_sha256"]
    lines = {item["path"]: item["value"] for item in legal}
    for point, name in _POINTS:
        yield point, f"record.{name}", str(lines[f"record.{name}"])
        for path, value in lines.items():
            if path.startswith(_MORE.get(point, ())):
                yield point, path, _text(value)
    yield "d", "released_to", "; ".join(contract["parties"].values())
    yield from (("c", f"notice.{notice['party']}", f"{notice['id']} {notice['published']} {notice['sha256']}")
                for notice in document["notices"])


def _text(value: str | bool | int | list[str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, list) else str(value)
