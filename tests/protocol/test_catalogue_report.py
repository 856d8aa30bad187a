"""Every metric of the catalogue in the page, in both languages, in the CSV and in the JSON."""

from __future__ import annotations

import json

import market
import pytest
from catalogue_document import catalogue_document

from cleanroom.report.html import render_html
from cleanroom.report.select import METHODS, TABLED
from cleanroom.report.tables import render_csv
from cleanroom.report.wording import words


@pytest.fixture(scope="module")
def document() -> dict:
    return catalogue_document()


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
