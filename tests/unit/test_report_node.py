"""The page of a node: both languages, hostile names, and states of every kind."""

from __future__ import annotations

import re

import pytest
from node_kit import document

from cleanroom.adapters.run_states import State
from cleanroom.report.node_page import render_node
from cleanroom.report.wording_node import NODE


def test_both_languages_have_the_same_words_and_placeholders() -> None:
    english, french = NODE["en"], NODE["fr"]
    assert english.keys() == french.keys()
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", french[key])), key


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("state", State.__args__)
def test_every_state_of_a_run_has_a_word(state: str, language: str) -> None:
    found = document()
    found["runs"]["newest"][0]["state"] = state
    assert NODE[language][f"o_{state}"] in render_node(found, language)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_unknown_is_said_and_not_guessed(language: str) -> None:
    found = document()
    found.update(measured=None, certificate_days=None, suppressions_age_seconds=None)
    found["contracts"][0]["left_epsilon"] = None
    assert render_node(found, language).count(NODE[language]["o_missing"]) == 3


def test_texts_are_escaped() -> None:
    found = document()
    found["contracts"][0]["reason"] = "<script>alert(1)</script>"
    page = render_node(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("running", "lacking", "says"), [
    (True, "", "Ready: a run could begin now"), (True, "no contract", "Not ready"),
    (False, "no contract", "The node is not running")])
def test_the_verdict(running: bool, lacking: str, says: str) -> None:
    found = document()
    found["node"]["running"], found["ready"]["contracts"] = running, lacking
    assert says in render_node(found)
