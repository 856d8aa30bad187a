"""The page: self-contained, escaped, honest about what was withheld and what kind of claim it makes."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from report_kit import PEOPLE, contract, document, everything

from cleanroom.contract.model import Contract
from cleanroom.errors import DataError, UsageError
from cleanroom.report.html import render_html

HOSTILE = '"&\'{{7*7}}${x}'


class _Tags(HTMLParser):
    """All start tags with their attributes, and all visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(json.loads(json.dumps(document())))


@pytest.fixture(scope="module")
def randomised() -> str:
    return render_html(document(of=contract(assignment="randomised")))


@pytest.fixture(scope="module")
def empty() -> str:
    return render_html(document(suppressed=everything()))


def test_nothing_is_loaded_from_outside(page: str) -> None:
    tags = _Tags(page)
    links = [value for _, attributes in tags.tags for name, value in attributes.items()
             if name in {"src", "href", "xlink:href", "action", "data", "srcset"}]
    assert links == ["#results"]
    assert not tags.all("script") + tags.all("link") + tags.all("iframe") + tags.all("img")
    assert not re.search(r"@import|url\((?!#)|https?:", page.replace("http-equiv", ""))


def test_no_handler_and_a_strict_policy(page: str) -> None:
    tags = _Tags(page)
    assert not [name for _, attributes in tags.tags for name in attributes if name.startswith("on")]
    policies = [meta["content"] for meta in tags.all("meta") if "http-equiv" in meta]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_ids_are_unique_and_every_reference_exists(page: str) -> None:
    tags = _Tags(page)
    ids = [attributes["id"] for _, attributes in tags.tags if "id" in attributes]
    used = [part for _, attributes in tags.tags for part in (attributes.get("aria-labelledby") or "").split()]
    assert len(ids) == len(set(ids))
    assert set(used) <= set(ids)


def test_charts_have_a_text_alternative(page: str) -> None:
    charts = _Tags(page).all("svg")
    assert len(charts) == 6
    assert all(chart["role"] == "img" and chart["aria-labelledby"] and chart["viewbox"] for chart in charts)
    assert page.count("<desc id=") == len(charts)
    assert "Exposed, Everyone: 1,016" in page


def test_structure_for_assistive_technology(page: str) -> None:
    tags = _Tags(page)
    assert tags.all("html") == [{"lang": "en"}]
    assert [len(tags.all(name)) for name in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    assert len(tags.all("caption")) == len(tags.all("table"))
    assert all("scope" in header for header in tags.all("th"))
    levels = [int(name[1]) for name, _ in tags.tags if re.fullmatch(r"h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_first_lines_answer(page: str) -> None:
    text = " ".join(_Tags(page).text.split())
    start = text[:text.index("Who matched")]
    assert "exposed to Campaign 18 (direct mail) between 2 March 2026 and 15 March 2026" in start
    assert "About 2,215 people" in start
    assert "+€ 41.00" in start
    assert "Nothing: each of the 6 groups" in start
    assert "ε = 3 (δ = 10⁻⁶)" in start
    assert "3 is left" in start


def test_observational_arms_show_an_association(page: str) -> None:
    assert "incremental" not in page.lower()
    assert "association, not an effect" in page


def test_randomised_arms_show_an_increment(randomised: str) -> None:
    assert "Incremental sales per person" in randomised
    assert "association" not in randomised.lower()


@pytest.mark.parametrize("agreed", [contract(title=f"<script>alert(1)</script>{HOSTILE}"),
                                    contract(segments=(HOSTILE, "singles"))], ids=["title", "segment"])
def test_hostile_text_is_only_text(agreed: Contract) -> None:
    found = document(of=agreed, refused=(), excluded={"<img src=x onerror=1>": 1})
    tags = _Tags(render_html(found))
    assert not tags.all("script") + tags.all("img")
    assert HOSTILE in tags.text


def test_suppressed_cells_show_no_number() -> None:
    hidden = ("control", "singles")
    tags = _Tags(render_html(document(suppressed=(hidden,))))
    assert str(PEOPLE[hidden]) not in tags.text
    assert "1 of 6 groups" in tags.text
    assert "suppressed" in tags.text


def test_a_report_without_any_number_says_so(empty: str) -> None:
    text = _Tags(empty).text
    assert "No number of matched people was opened" in text
    assert "all 6 groups had fewer than 50" in text
    assert "No comparison can be shown" in text
    assert "<svg" not in empty


def test_nobody_admitted_is_said() -> None:
    page = render_html(document(suppressed=everything(), admitted=0, refused=(), excluded={}))
    assert "Regional Grocers put no one in" in page
    assert "No row was refused by a consent rule." in page


def test_evidence_and_legal_limits(page: str) -> None:
    assert "51" * 32 in page
    assert "c0" * 32 in page
    assert "cleanroom audit verify &lt;folder&gt;" in page
    assert "not a legal certificate" in page


def test_another_schema_is_refused() -> None:
    with pytest.raises(DataError):
        render_html({**document(), "schema": "cleanroom-measurement/2"})


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError):
        render_html(document(), language="tlh")
