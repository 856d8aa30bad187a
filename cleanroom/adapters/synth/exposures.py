"""The advertiser's contacts: the measured campaign, another one, and people who look online before they buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cleanroom.adapters.synth.columns import Flags, Ints, opening_hours, repeated
from cleanroom.adapters.synth.parameters import CAMPAIGN_DAYS, WINDOW_DAYS
from cleanroom.adapters.synth.population import People
from cleanroom.adapters.synth.shopping import STORE, WINDOW, Baskets

# Channel → share of the campaign's exposures, type of contact, cost of one in ten-thousandths of the currency.
CAMPAIGN_CHANNELS: Final = {
    "tv": (0.14, "view", 120), "radio": (0.10, "listen", 40), "display": (0.18, "view", 30),
    "video": (0.12, "view", 150), "social": (0.16, "view", 60), "search": (0.06, "view", 500),
    "email": (0.10, "view", 10), "sms": (0.03, "view", 400), "app": (0.04, "view", 20),
    "direct_mail": (0.03, "view", 4_500), "out_of_home": (0.04, "opportunity", 20),
}
SITE_VISIT: Final = "site_visit"
CHANNELS: Final = (*CAMPAIGN_CHANNELS, SITE_VISIT)
TYPES: Final = ("view", "listen", "opportunity", "click", "visit")
CAMPAIGNS: Final = ("autumn", "always_on", "site")
AUTUMN, ALWAYS_ON, SITE = range(3)

_MORE: Final = 2.5  # exposures of a reached person beyond the first
_MOST_MORE: Final = 11
_ALWAYS_ON_SHARE: Final = 0.15
_BROWSERS: Final = 0.2  # of the people who buy nothing in a store in their window
_RESEARCH_DAYS: Final = 10  # a researcher looks 1 to 10 days before the basket
_BEFORE: Final = 20  # days before the campaign on which other contacts start

_SHARES: Final = np.array([share for share, _, _ in CAMPAIGN_CHANNELS.values()])
_TYPE_OF: Final = np.array([TYPES.index(kind) for _, kind, _ in CAMPAIGN_CHANNELS.values()])
_COSTS: Final = np.array([cost for _, _, cost in CAMPAIGN_CHANNELS.values()])


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Contacts:
    """One entry a contact: codes index CHANNELS, CAMPAIGNS and TYPES; `cost` in ten-thousandths of the currency."""

    person: Ints
    channel: Ints
    campaign: Ints
    kind: Ints
    day: Ints
    second: Ints
    cost: Ints


def draw_contacts(random: np.random.Generator, people: People, baskets: Baskets) -> Contacts:
    """Contacts of the advertiser's people, in the order of time."""
    parts = [_campaign(random, people), _always_on(random, people), _site(random, people, baskets)]
    person, channel, campaign, kind, day, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    second = opening_hours(random, len(person))
    order = np.argsort(day * 86_400 + second, kind="stable")
    return Contacts(*(column[order] for column in (person, channel, campaign, kind, day, second, cost)))


def seen_before(contacts: Contacts, chosen: Flags, baskets: Baskets, days: int) -> Flags:
    """Whether a chosen contact of the same person lies 1 to `days` days before each basket."""
    def when(person: Ints, day: Ints) -> Ints:
        return person * 4096 + day + 1024  # days of one person stay together, in order

    contact = np.sort(when(contacts.person[chosen], contacts.day[chosen]))
    basket = when(baskets.person, baskets.day)
    last = np.searchsorted(contact, basket) - 1  # the latest one on an earlier day
    found: Flags = (last >= 0) & (basket - np.append(contact, -1)[last] <= days)
    return found


def _campaign(random: np.random.Generator, people: People) -> tuple[NDArray[Any], ...]:
    """The first exposure on its day, the others later in the campaign."""
    reached = np.flatnonzero(people.treated)
    owner, place = repeated(1 + np.minimum(random.poisson(_MORE, len(reached)), _MOST_MORE))
    person = reached[owner]
    first = people.first[person]
    day = np.where(place == 0, first, random.integers(first, CAMPAIGN_DAYS))
    channel = random.choice(len(_SHARES), len(person), p=_SHARES)
    return person, channel, np.full(len(person), AUTUMN), _TYPE_OF[channel], day, _COSTS[channel]


def _always_on(random: np.random.Generator, people: People) -> tuple[NDArray[Any], ...]:
    """Another campaign, shown to anybody, which the contract does not name."""
    rows = np.sort(people.advertiser)
    chosen = rows[random.random(len(rows)) < _ALWAYS_ON_SHARE]
    person = chosen[repeated(random.integers(1, 4, len(chosen)))[0]]
    channel = random.choice([CHANNELS.index(name) for name in ("display", "social", "email")], len(person))
    day = random.integers(-_BEFORE, CAMPAIGN_DAYS, len(person))
    return person, channel, np.full(len(person), ALWAYS_ON), _TYPE_OF[channel], day, _COSTS[channel]


def _site(random: np.random.Generator, people: People, baskets: Baskets) -> tuple[NDArray[Any], ...]:
    """Clicks and visits: researchers before each store basket of their window, and people who buy in no store."""
    known = people.mask(people.advertiser)
    in_store = baskets.real & (baskets.part == WINDOW) & (baskets.channel == STORE) & known[baskets.person]
    looked = np.flatnonzero(in_store & people.researcher[baskets.person])
    browser = known & ~people.mask(baskets.person[in_store]) & (random.random(len(people)) < _BROWSERS)
    idle = np.flatnonzero(browser)
    person = np.r_[baskets.person[looked], idle]
    day = np.r_[baskets.day[looked] - random.integers(1, _RESEARCH_DAYS + 1, len(looked)),
                random.integers(-_BEFORE, CAMPAIGN_DAYS + WINDOW_DAYS, len(idle))]
    click = random.random(len(person)) < 0.4
    channel = np.where(click, CHANNELS.index("search"), CHANNELS.index(SITE_VISIT))
    kind = np.where(click, TYPES.index("click"), TYPES.index("visit"))
    return person, channel, np.full(len(person), SITE), kind, day, np.zeros(len(person), dtype=np.int64)
