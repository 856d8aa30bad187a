"""The page of a node as Chromium gets it from the listener: under the policy of its headers, and with a token."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "node"))

import cleanroom.node  # noqa: F401  # isort: skip  # before gRPC
import pytest
from playwright.sync_api import Browser, Error, Page
from test_observer import TOKEN, configure, watched
from tiny import make_tiny


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A listening node that asks for a token."""
    tiny = make_tiny(tmp_path_factory.mktemp("node") / "both")
    found = configure(tiny, TOKEN)
    with watched(tiny):
        yield found


@pytest.fixture
def known(browser: Browser) -> Iterator[Page]:
    """A tab of somebody who has the token."""
    with browser.new_context(http_credentials={"username": "anybody", "password": TOKEN}) as context:
        yield context.new_page()


def test_the_page_is_styled_loads_nothing_and_says_nothing(known: Page, address: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    known.on("request", lambda request: asked.append(request.url))
    known.on("console", lambda message: said.append(message.text))
    known.goto(f"http://{address}/", wait_until="networkidle")
    assert known.evaluate("getComputedStyle(document.querySelector('.verdict')).borderLeftWidth") == "6px"
    assert asked == [f"http://{address}/"]
    assert [text for text in said if "401" not in text] == []  # the browser first asks without the token
    assert known.context.cookies() == []


def test_the_other_language_is_one_click_away(known: Page, address: str) -> None:
    known.goto(f"http://{address}/en")
    known.get_by_role("link", name="En français").click()
    assert known.evaluate("document.documentElement.lang") == "fr"
    assert known.get_by_text("Prêt").count() == 1


def test_without_the_token_there_is_no_page(page: Page, address: str) -> None:
    with pytest.raises(Error, match="INVALID_AUTH_CREDENTIALS"):  # nobody is there to ask
        page.goto(f"http://{address}/en")


def test_the_policy_lets_no_style_in_that_is_not_the_pages_own(known: Page, address: str) -> None:
    known.goto(f"http://{address}/en")
    known.evaluate("""() => { const style = document.createElement('style');
        style.textContent = 'h1 { color: rgb(1, 2, 3) !important }'; document.head.append(style); }""")
    assert known.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(1, 2, 3)"
