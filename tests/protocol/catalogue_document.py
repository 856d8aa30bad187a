"""The measurement of the market of `market`: every metric of the catalogue, as a document."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from test_catalogue_reference import Quiet, Run

from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue import Context, compute
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import RunFacts, Spend


def catalogue_document() -> dict:
    """Without noise, as the retailer has it."""
    run, spend, moment = Run(1), Spend("1", "0"), datetime(2026, 6, 1, tzinfo=UTC)
    facts = RunFacts("00" * 16, "retailer", moment, moment, "0", "test", "0" * 64, "0" * 64, "0" * 64, 200, 200, 200, 1,
                     1, spend, spend, spend, spend, merged={"path_merged": 3})
    found = compute(Quiet(run.agreed), run.table, Context("retailer", 200, 200, run.own[1].coverage))
    return json.loads(json.dumps(measurement_document(run.agreed, Plan(run.agreed), run.table, found, facts)))
