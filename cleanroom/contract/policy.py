"""A party's own limits. The strictest of the contract's value and both policies is what a run uses.

A policy stands in party.toml, travels in the party's card and is signed as part of the contract, so both sides derive
the same effective contract from the same signed text and nothing is negotiated while a run is going on (ADR 13).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cleanroom.contract.types import Days, Document, Epsilon, Label, Metric, Percent


class Policy(Document):
    """Limits of one party; what is left out is not limited by it."""

    threshold: Annotated[int, Field(ge=1, le=10**6)] | None = None  # people, at least
    budget_epsilon: Epsilon | None = None  # of all runs, at most
    lookback_days: Days | None = None  # at most
    dominance_percent: Percent | None = None  # at most
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=32)] | None = None  # only these
    categories: Annotated[tuple[Label, ...], Field(max_length=256)] | None = None  # statistics only of these
