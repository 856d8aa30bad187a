"""A real headless Chromium, and reports to open in it. Skipped, with the reason, where there is no Chromium."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "unit"))
sys.path.insert(0, str(Path(__file__).parent.parent / "protocol"))

import kit
from catalogue_document import catalogue_document
from check_kit import checked
from compliance_kit import report as compliance
from node_kit import document as node_document
from playwright.sync_api import Browser, Page, sync_playwright
from report_kit import contract, document, everything

from cleanroom.cli.plan_document import Network, plan_document
from cleanroom.contract.plan import Plan
from cleanroom.measures.planning import Assumptions
from cleanroom.report.checkup import render_check
from cleanroom.report.compliance.page import render_compliance
from cleanroom.report.forecast import render_plan
from cleanroom.report.html import render_html
from cleanroom.report.node_page import render_node
from cleanroom.report.wording import LANGUAGES
from cleanroom.session.costs import NATIVE

KINDS = ("association", "randomised", "suppressed", "catalogue", "plan", "check")
COMPLIANCE = ("compliance-owner", "compliance-shared", "compliance-broken")


def measurement(kind: str) -> dict[str, object]:
    """A measurement document: full, of drawn arms, or with every group withheld."""
    hidden = everything() if kind == "suppressed" else ()
    agreed = contract(assignment="randomised" if kind == "randomised" else "observational")
    return json.loads(json.dumps(document(of=agreed, suppressed=hidden)))


def report_of(kind: str) -> dict[str, object]:
    """A compliance document: the owner's, the one to share, or with rules that were broken."""
    found = compliance(shared=kind == "compliance-shared")
    for item in found["rules"]["items"] if kind == "compliance-broken" else ():
        if item["id"] in {"C-04", "P-04"}:
            item.update(kept=False, detail="legal.proof.audit_right = false")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the operating system, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium on PATH: install Debian's package chromium to run the browser tests")
    with sync_playwright() as driver:
        # A container's root has no user namespace for the sandbox; only our own pages are opened.
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of report in every language, as `<kind>.<language>.html`."""
    out = tmp_path_factory.mktemp("reports")
    for kind in KINDS:
        make, render = MADE.get(kind, (partial(measurement, kind), render_html))
        found = make()
        for language in LANGUAGES:
            (out / f"{kind}.{language}.html").write_text(render(found, language), encoding="utf-8")
    for kind in COMPLIANCE:
        for language in LANGUAGES:
            page = render_compliance(report_of(kind), language)
            (out / f"{kind}.{language}.html").write_text(page, encoding="utf-8")
    for language in LANGUAGES:
        (out / f"node.{language}.html").write_text(render_node(node_document(), language), encoding="utf-8")
    return out


def forecast() -> dict[str, object]:
    """The plan of the demonstration's contract."""
    plan = Plan(kit.contract())
    assumed = Assumptions((100.0,) * len(plan.cells), 5_000, 0.5, 0.3, 50.0, 80.0)
    return plan_document(plan, assumed, {}, Network(2, 100.0, "test", NATIVE))


MADE = {"plan": (forecast, render_plan), "check": (checked, render_check),
        "catalogue": (catalogue_document, render_html)}


@pytest.fixture(params=[f"{kind}.{language}" for kind in (*KINDS, *COMPLIANCE, "node") for language in LANGUAGES])
def report(request: pytest.FixtureRequest, folder: Path) -> Path:
    """One report."""
    return folder / f"{request.param}.html"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab."""
    with browser.new_context() as context:
        yield context.new_page()
