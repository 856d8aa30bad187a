"""What `cleanroom check` shows: every count of its document, in both languages, and no identifier."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from check_kit import SECRETS, checked

from cleanroom.adapters.profile import _calendar
from cleanroom.cli.check_table import print_check
from cleanroom.report.checkup import checkup, render_check
from cleanroom.report.wording_check import CHECK


@pytest.fixture(scope="module")
def document():
    return checked()


def test_the_words_of_both_languages_have_the_same_names_and_places():
    import string

    places = {language: {key: sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
                         for key, text in told.items()} for language, told in CHECK.items()}
    assert places["en"] == places["fr"]


def cells(shown, caption):
    [table] = [table for chapter in shown.chapters for table in chapter.tables if table.caption == caption]
    return {line.head: [cell.text for cell in line.cells] for body in table.bodies for line in body.lines}


def test_every_part_is_shown(document):
    shown = checkup(document)
    assert [chapter.id for chapter in shown.chapters] == ["tables", "keys", "consent", "calendar", "sent"]
    assert cells(shown, "Rows of each table")["Exposures"] == ["14", "1", "2\u00a0January 2024", "2\u00a0March 2025"]
    assert cells(shown, "Match keys of our people")["E-mail"] == ["1", "1", "1", "10"]
    assert cells(shown, "Key values that several people have")["Of more people than a household"] == ["8"]
    assert cells(shown, "Refused keys, by reason") == {"E-mail: Form": ["1", "aaaa aaaaaa"]}
    assert cells(shown, "Refused by a consent rule")["R-01"][1] == "1"
    assert dict(shown.short)["What would be sent"].startswith("Blinded keys of ")
    assert f"of {document['consent']['considered']} people" in dict(shown.short)["Consent"]
    assert sum(int(count) for [count] in cells(shown, "People who would be sent, by cell").values()) == document["sent"]


def test_without_a_contract_it_says_that_no_consent_was_looked_at(document):
    shown = checkup({**document, "contract": None, "consent": None, "sent": None, "cells": [], "excluded": None})
    assert [chapter.id for chapter in shown.chapters] == ["tables", "keys", "calendar"]
    assert "nobody’s consent was looked at" in dict(shown.short)["What would be sent"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_is_whole_escaped_and_shows_no_identifier(document, language):
    page = render_check(document, language)
    assert f'<html lang="{language}">' in page
    assert "Brand &lt;i&gt;" in page
    assert "<b>là" not in page
    assert page.count("<svg") == 3  # keys, exposures, arms
    assert not [secret for secret in SECRETS if secret in page.lower()]


def test_the_terminal_shows_the_same_and_no_identifier(document, capsys):
    for language in ("en", "fr"):
        shown = checkup(document, language)
        print_check(shown)
        said = capsys.readouterr().out
        for chapter in shown.chapters:
            assert all(table.caption in said for table in chapter.tables)
            assert all(chart.title in said for chart in chapter.charts)
        assert "█" in said
        assert not [secret for secret in SECRETS if secret in said.lower()]


@pytest.mark.parametrize(("days", "step", "first", "count"), [
    (["2025-03-02", "2025-03-03", "2025-03-24"], "week", date(2025, 2, 24), 5),  # a Sunday is of the week before
    (["2024-01-31", "2025-03-01"], "month", date(2024, 1, 1), 15), (["2019-06-01", "2025-03-01"], "year",
                                                                   date(2019, 1, 1), 7)])
def test_the_calendar_leaves_no_period_out(days, step, first, count):
    found = _calendar(pd.Series(pd.to_datetime(days)))
    assert (found.step, next(iter(found.events)), len(found.events)) == (step, first, count)
    assert sum(found.events.values()) == len(days)
    assert 0 in found.events.values()
