"""The fuzzing of TC strings at length: `make soak`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from test_tcf import FUZZ, decision, independent


@pytest.mark.soak
@settings(max_examples=1_000_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(FUZZ)
def test_a_million_texts(text):
    if decision(text) == "accept":
        assert independent(text)
