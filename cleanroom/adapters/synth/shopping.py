"""What the retailer's members buy, and when they are seen in a store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cleanroom.adapters.synth.columns import Flags, Ints, opening_hours, repeated
from cleanroom.adapters.synth.parameters import SEGMENT_FACTORS, WINDOW_DAYS
from cleanroom.adapters.synth.population import People

SALES_CHANNELS: Final = ("store", "online", "click_collect", "pickup_extra")
STORE, ONLINE, CLICK_COLLECT, PICKUP_EXTRA = range(4)
# Kinds of shoppers: their share, and the chance of store, online and click & collect for each basket.
_KIND_SHARES: Final = (0.55, 0.15, 0.30)
_KINDS: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.7, 0.3], [0.5, 0.25, 0.25]])
CATEGORIES: Final = ("GROCERY", "FRESH", "TEA", "DRINKS", "BEAUTY", "HOME", "PETS")
_CATEGORY_SHARES: Final = (0.34, 0.24, 0.10, 0.12, 0.08, 0.08, 0.04)
TEA: Final = CATEGORIES.index("TEA")  # what the advertiser makes

HISTORY, WINDOW, AFTER = range(3)
HISTORY_DAYS: Final = 365
AFTER_DAYS: Final = 14
_HISTORY_BASKETS: Final = 1.2  # mean of an occasional customer, in the year before the window
_AFTER_BASKETS: Final = 0.2
_MORE_BASKETS: Final = 0.8  # of a buyer in the window, beyond the first
_MORE_LINES: Final = 1.2  # of a basket, beyond the first
_MORE_UNITS: Final = 0.3  # of a line, beyond the first
_EXTRA: Final = 0.3  # of collections: another purchase in the store, the same day
_BRAND: Final = 0.5  # of the lines of tea
_MEDIAN_CENTS: Final = 600
_LARGE: Final = 0.01  # of the lines are multiplied by 3 (1 + Pareto(1.8)): infinite variance, but for the cut
_MOST_CENTS: Final = 5_000_000


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Baskets:
    """One entry a basket. `person` indexes the chunk's people, `part` is HISTORY, WINDOW or AFTER of their period.

    `real`: False for what a person would only have bought had the arm been the other one.
    """

    person: Ints
    part: Ints
    day: Ints
    second: Ints
    channel: Ints
    real: Flags


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Lines:
    """One entry a purchase line. `basket` indexes the baskets; `cents` of the whole line."""

    basket: Ints
    category: Ints
    brand: Flags
    quantity: Ints
    cents: Ints


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Visits:
    """One entry a store check-in."""

    person: Ints
    day: Ints
    second: Ints


def draw_baskets(random: np.random.Generator, people: People) -> Baskets:
    """Baskets of the retailer's members, under either arm."""
    rows = np.sort(people.retailer)
    factor = np.array(SEGMENT_FACTORS)[people.segment[rows]]
    would = (people.buys[0] | people.buys[1])[rows]
    counts = (random.poisson(_HISTORY_BASKETS * factor), would * (1 + random.poisson(_MORE_BASKETS, len(rows))),
              random.poisson(_AFTER_BASKETS, len(rows)))
    person = np.concatenate([rows[repeated(count)[0]] for count in counts])
    part = np.repeat([HISTORY, WINDOW, AFTER], [count.sum() for count in counts])
    day = people.window[person] + _days(random, part)
    real = (part != WINDOW) | people.bought[person]
    baskets = Baskets(person, part, day, opening_hours(random, len(person)), _channels(random, people, person), real)
    return _with_extras(random, baskets)


def draw_lines(random: np.random.Generator, baskets: Baskets) -> Lines:
    """What is in the baskets."""
    basket, _ = repeated(1 + random.poisson(_MORE_LINES, len(baskets.person)))
    size = len(basket)
    category = random.choice(len(CATEGORIES), size, p=_CATEGORY_SHARES)
    brand = (category == TEA) & (random.random(size) < _BRAND)
    return Lines(basket, category, brand, 1 + random.poisson(_MORE_UNITS, size), _cents(random, size))


def draw_visits(random: np.random.Generator, people: People, baskets: Baskets) -> Visits:
    """Check-ins: at half of the baskets that end in a store, and without buying."""
    seen = np.flatnonzero(baskets.real & (baskets.channel != ONLINE) & (random.random(len(baskets.real)) < 0.5))
    rows = np.sort(people.retailer)
    idle = rows[repeated(random.poisson(0.3, len(rows)))[0]]
    return Visits(np.r_[baskets.person[seen], idle],
                  np.r_[baskets.day[seen], people.window[idle] + random.integers(0, WINDOW_DAYS, len(idle))],
                  np.r_[baskets.second[seen], opening_hours(random, len(idle))])


def _days(random: np.random.Generator, part: NDArray[Any]) -> Ints:
    """Days from the first of the window: before it, in it, after it."""
    low = np.array([-HISTORY_DAYS, 0, WINDOW_DAYS])
    high = np.array([0, WINDOW_DAYS, WINDOW_DAYS + AFTER_DAYS])
    days: Ints = random.integers(low[part], high[part])
    return days


def _channels(random: np.random.Generator, people: People, person: Ints) -> Ints:
    kind = random.choice(len(_KINDS), len(people), p=_KIND_SHARES)
    edges = _KINDS.cumsum(axis=1)[kind[person]]
    draw = random.random(len(person))
    channels: Ints = (draw[:, None] >= edges[:, :2]).sum(axis=1)
    return channels


def _with_extras(random: np.random.Generator, baskets: Baskets) -> Baskets:
    """Some collections are followed by a purchase in the store."""
    extra = np.flatnonzero((baskets.channel == CLICK_COLLECT) & (random.random(len(baskets.channel)) < _EXTRA))
    place = np.r_[np.arange(len(baskets.person)), extra]
    channel = baskets.channel[place]
    channel[len(baskets.person):] = PICKUP_EXTRA
    return replace(baskets, person=baskets.person[place], part=baskets.part[place], day=baskets.day[place],
                   second=baskets.second[place], channel=channel, real=baskets.real[place])


def _cents(random: np.random.Generator, size: int) -> Ints:
    cents = _MEDIAN_CENTS * random.lognormal(0.0, 1.0, size)
    large = random.random(size) < _LARGE
    cents[large] *= 3 * (1 + random.pareto(1.8, int(large.sum())))
    return np.clip(np.rint(cents), 1, _MOST_CENTS).astype(np.int64)
