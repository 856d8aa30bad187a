"""Times out of texts, against the standard library's reading of each."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from cleanroom.consent.texts import nanoseconds

TIMES = ["2024-02-29T10:00:00Z", "1900-01-01 00:00:00+00:00", "2199-12-31T23:59:59.999999Z", "2024-05-01T10:00:00-0230",
         "1969-12-31T23:59:59.5+23:59", "2024-03-31T02:30:00.000001+01:00"]
NONE = ["", "2024-04-31T10:00:00Z", "2024-05-01T25:00:00Z", "2024-05-01T10:00:60Z", "2024-05-01T10:00:00+24:00",
        "2200-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2024-05-01T10:00:00", "2024-05-01T10:00:00Z\n"]


def expected(text):
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return 10**3 * ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds)


@pytest.mark.parametrize("dtype", ["str", "category"])
@pytest.mark.parametrize("others", [[], NONE, [None]])
def test_instants(others, dtype):
    instants, valid = nanoseconds(pd.Series([*others, *TIMES], dtype=dtype))
    assert instants.tolist() == [0] * len(others) + [expected(text) for text in TIMES]
    assert np.flatnonzero(valid).tolist() == list(range(len(others), len(others) + len(TIMES)))


@pytest.mark.parametrize("text", NONE)
def test_no_times(text):
    assert not nanoseconds(pd.Series([text]))[1].any()


def test_nanoseconds_are_kept():
    assert nanoseconds(pd.Series(["1970-01-01T00:00:00.123456789Z"]))[0].tolist() == [123_456_789]
