"""What a synthetic pair of parties is made from: the options, their bounds, and the random streams.

All randomness here is numpy's, from explicit seeds: reproducible on purpose, and therefore of no use for
cryptography. Nothing of this package is imported by a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from cleanroom import limits
from cleanroom.contract.keys import KeyType
from cleanroom.errors import UsageError

CHUNK: Final = 32_768  # people of each side made at once; part of the model, since streams are seeded by chunk
MIN_ROWS: Final = 100
START: Final = date(2025, 9, 1)  # day 0: the first day of the campaign, a Monday
PERIODS: Final = 2
PERIOD_DAYS: Final = 7
CAMPAIGN_DAYS: Final = PERIODS * PERIOD_DAYS
WINDOW_DAYS: Final = 28
LOOKBACK_DAYS: Final = 90
TIME_ZONE: Final = "Europe/Paris"
CURRENCY: Final = "EUR"

SEGMENTS: Final = ("new", "occasional", "loyal")
SEGMENT_SHARES: Final = (0.30, 0.45, 0.25)
SEGMENT_FACTORS: Final = (0.5, 1.0, 1.6)  # of the conversion rate; their mean under the shares is 1
ARMS: Final = ("exposed", "control")
SYNTHETIC: Final[tuple[KeyType, ...]] = ("email", "phone", "loyalty", "postal")  # keys that are made

Purpose = Literal["people", "advertiser_keys", "retailer_keys", "advertiser_consents", "retailer_consents",
                  "exposures", "purchases", "visits"]
_PURPOSES: Final = ("people", "advertiser_keys", "retailer_keys", "advertiser_consents", "retailer_consents",
                    "exposures", "purchases", "visits")


@dataclass(frozen=True, slots=True)
class Part:
    """One chunk. `people` of each side, the first `common` of them on both; `serial`: number of its first person."""

    number: int
    people: int
    common: int
    serial: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """Options of `cleanroom synth`, checked. Shares and rates are between 0 and 1.

    `rows`: people on each side. `overlap`: share of them on both sides. `keys`: key columns, in priority order.
    `conversion`: mean chance of a control person to buy in the window. `lift`: relative lift of that chance.
    `exposed`: chance to be drawn into the exposed arm. `refused`: share of people, on each side, whose consent
    does not stand. `ropo`: share of store buyers who look online before every store basket.
    """

    rows: int
    seed: int = 1
    overlap: float = 0.5
    keys: tuple[KeyType, ...] = ("email", "phone", "loyalty")
    lift: float = 0.1
    conversion: float = 0.25
    exposed: float = 0.5
    refused: float = 0.08
    ropo: float = 0.3

    def __post_init__(self) -> None:
        _check_range("--rows", self.rows, MIN_ROWS, limits.MAX_ROWS)
        _check_range("--seed", self.seed, 0, 2**63 - 1)
        _check_range("--overlap", self.overlap, 0, 1)
        _check_range("--conversion", self.conversion, 0.001, 0.6)
        _check_range("--lift", self.lift, -1, 5)
        _check_range("--exposed", self.exposed, 0.05, 0.95)
        _check_range("--refused", self.refused, 0, 0.9)
        _check_range("--ropo", self.ropo, 0, 1)
        if not self.keys or len(set(self.keys)) != len(self.keys) or not set(self.keys) <= set(SYNTHETIC):
            raise UsageError(f"--keys takes each of {', '.join(SYNTHETIC)} at most once, at least one of them")
        if max(SEGMENT_FACTORS) * self.conversion * (1 + self.lift) > 1:
            raise UsageError(f"--conversion {self.conversion} with --lift {self.lift} gives the most frequent buyers "
                             "a chance above 1", todo="lower one of them")

    @property
    def common(self) -> int:
        """People on both sides."""
        return round(self.overlap * self.rows)

    def parts(self) -> Iterator[Part]:
        """The chunks, in order; `common` people are spread evenly over them."""
        for number, low in enumerate(range(0, self.rows, CHUNK)):
            high = min(low + CHUNK, self.rows)
            before = low * self.common // self.rows
            yield Part(number, high - low, high * self.common // self.rows - before, 2 * low - before)

    def stream(self, part: Part, purpose: Purpose) -> np.random.Generator:
        """The random numbers of one chunk for one purpose: independent of every other chunk and purpose."""
        key = (part.number, _PURPOSES.index(purpose))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def chances(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
        """Chance to buy in the window by segment, as a control person and as an exposed one."""
        control = self.conversion * np.array(SEGMENT_FACTORS)
        return control, control * (1 + self.lift)


def _check_range(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} is {value}; it must be between {low} and {high}")
