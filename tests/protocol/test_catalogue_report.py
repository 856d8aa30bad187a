"""Every metric of the catalogue in the page, in both languages, in the CSV and in the JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import market
import pytest
from test_catalogue_reference import Quiet, Run

from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue import Context, compute
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import RunFacts, Spend
from cleanroom.report.html import render_html
from cleanroom.report.select import METHODS, TABLED
from cleanroom.report.tables import render_csv
from cleanroom.report.wording import words


@pytest.fixture(scope="module")
def document() -> dict:
    run, spend, moment = Run(1), Spend("1", "0"), datetime(2026, 6, 1, tzinfo=UTC)
    facts = RunFacts("00" * 16, "retailer", moment, moment, "0", "test", "0" * 64, "0" * 64, "0" * 64, 200, 200, 200, 1,
                     1, spend, spend, spend, spend, merged={"path_merged": 3})
    found = compute(Quiet(run.agreed), run.table, Context("retailer", 200, 200, run.own[1].coverage))
    return measurement_document(run.agreed, Plan(run.agreed), run.table, found, facts)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_has_a_table_for_every_metric(document, language):
    page, said = render_html(document, language).replace("&#39;", "'"), words(language)
    for metric in TABLED:
        assert said[f"x_{metric}_text"] in page
    assert all(said[f"at_{method}"] in page for method in METHODS)
    assert {f'id="fig-{name}-t"' in page for name in ("frequency", "baskets", "attribution")} == {True}
    assert "NaN" not in page
    assert said["n_path_merged"] in page


def test_json_and_csv_carry_every_metric(document):
    json.dumps(document, allow_nan=False)
    assert {result["metric"] for result in document["results"]} == set(market.agreement().metrics)
    lines = render_csv(document).splitlines()
    assert len(lines) == 1 + len(document["results"])
    assert any(line.startswith("omnichannel,customers_store_only,family,") for line in lines)
