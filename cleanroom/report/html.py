"""One self-contained HTML page from a measurement document. It works from the saved JSON alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleanroom.errors import DataError
from cleanroom.report import figures, metrics, prose, sections, sections_keys
from cleanroom.report.document import SCHEMA
from cleanroom.report.environment import environment
from cleanroom.report.select import Document
from cleanroom.report.voice import Voice
from cleanroom.report.wording import NUMBERS, words
from cleanroom.report.wording_salted import worded


def render_html(document: Document, language: str = "en") -> str:
    """The page as text. DataError for a document of another schema, UsageError for an unknown language."""
    if document.get("schema") != SCHEMA:
        raise DataError(f"not a {SCHEMA} document", where="schema")
    voice = Voice(document, worded(words(language), document, language), NUMBERS[language], language)
    return environment().get_template("report.html").render(lang=language, w=voice.words, **_page(voice))


def _page(voice: Voice) -> Mapping[str, Any]:
    return {
        "header": prose.header(voice), "short": prose.short(voice), "lead": prose.lead(voice),
        "people": figures.people(voice), "matched": sections.matched(voice),
        "rates": figures.rates(voice), "groups": sections.groups(voice),
        "lifts": figures.lifts(voice), "compare": sections.compare(voice), "why": prose.why(voice),
        "category_figures": figures.categories(voice), "categories": sections.categories(voice),
        "chapters": metrics.chapters(voice), "chapter_figures": [*figures.frequency(voice), *figures.baskets(voice)],
        "attribution": metrics.attribution(voice), "attribution_figures": figures.attribution(voice),
        "spent": sections.spent(voice), "posterior": prose.posterior(voice),
        "sends": voice.told("sends"), "statement": voice.told("statement"),
        "method": prose.method(voice), "own": [*sections.own(voice), *sections_keys.keys(voice)],
        "gaps": prose.gaps(voice),
        "stages": sections.stages(voice), "evidence": prose.evidence(voice), "limits": prose.limits(voice),
        "annex": sections.annex(voice),
    }
