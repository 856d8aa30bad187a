"""All results as CSV, one row per estimate, safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, Final

from cleanroom.report.mode import notice_of
from cleanroom.report.select import Document, Result

AXES: Final = ("arm", "segment", "campaign", "channels", "path", "frequency", "engagement", "periods", "channel")
COLUMNS: Final = ("metric", "name", "detail", *AXES, "against_arm", "against_segment", "unit", "currency",
                  "value", "low", "high", "sampling_se", "noise_se", "suppressed",
                  "numerator", "denominator", "note")
# What a spreadsheet takes for a formula at the start of a cell, its full-width forms included. Programs that
# split at semicolons or tabs instead of commas start a cell there, too.
_FORMULA: Final = re.compile(r"(^|[;\t\r\n,])(\s*)(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


def render_csv(document: Document) -> str:
    """RFC 4180 text with a header row. Unknown numbers are empty; money is in cents. A notice of the run's mode, if
    there is one, is the first column."""
    out = io.StringIO()
    notice = {"mode": harmless(told)} if (told := notice_of(document, "en")) else {}
    writer = csv.DictWriter(out, (*notice, *COLUMNS), quoting=csv.QUOTE_MINIMAL)
    writer.writeheader()
    currency = str(document["contract"]["campaign"]["currency"])
    writer.writerows({**notice, **_row(result, currency)} for result in document["results"])
    return out.getvalue()


def harmless(text: str) -> str:
    """`text` with an apostrophe before anything that a spreadsheet would run as a formula."""
    return _FORMULA.sub(r"\1\2'", text)


def _row(result: Result, currency: str) -> dict[str, Any]:
    group, against = result["group"] or {}, result["against"] or {}
    texts = {
        **{name: result[name] for name in ("metric", "name", "detail", "unit", "numerator", "denominator", "note")},
        **{name: group.get(name, "") for name in AXES},
        "against_arm": against.get("arm", ""), "against_segment": against.get("segment", ""),
        "currency": currency if result["unit"].startswith("cents") else "",
    }
    numbers = {name: "" if result[name] is None else result[name]
               for name in ("value", "low", "high", "sampling_se", "noise_se")}
    return {**{name: harmless(text) for name, text in texts.items()}, **numbers,
            "suppressed": "yes" if result["suppressed"] else "no"}
