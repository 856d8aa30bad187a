"""The people of one chunk: who is on which side, in which arm, and what exposure would do to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleanroom.adapters.synth.columns import Array, Flags, Ints, digits
from cleanroom.adapters.synth.parameters import (
    PERIOD_DAYS,
    PERIODS,
    SEGMENT_SHARES,
    SEGMENTS,
    Parameters,
    Part,
)
from cleanroom.contract.model import Role

EXPOSED, CONTROL, UNASSIGNED = 0, 1, 2  # arm codes; the first two index parameters.ARMS
_UNASSIGNED_SHARE: Final = 0.02  # people of the advertiser who came after the draw
_UNREACHED: Final = 0.03  # of the exposed arm: no exposure at all
_CONTAMINATED: Final = 0.01  # of the control: exposed by mistake
# Serial number → id: n·a + b modulo a power of ten. a is prime to ten, so ids differ; a·n stays below 2^63.
_CRM, _CRM_MODULUS = 6_364_136_223, 10**10
_MEMBER, _MEMBER_MODULUS = 2_862_933_557, 10**9


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class People:
    """One chunk of people. Arrays have one entry a person; the first `common` are on both sides.

    `serial`: unique number over all chunks. `segment`: index of SEGMENTS. `arm`: EXPOSED, CONTROL or UNASSIGNED,
    drawn at random. `period`: of the assignment. `assigned`, `first`: days of the assignment and of the first
    exposure, in the same period. `treated`: whether there is an exposure: independent of everything but the arm.
    `buys`: shape (2, n), whether the person would buy in the window if exposed (row 0) and if not (row 1).
    `researcher`: looks online before every store basket. `advertiser`, `retailer`: who is on a side, in the order
    of its files.
    """

    common: int
    serial: Ints
    segment: Ints
    arm: Ints
    period: Ints
    assigned: Ints
    first: Ints
    treated: Flags
    buys: Flags
    researcher: Flags
    advertiser: Ints
    retailer: Ints

    def __len__(self) -> int:
        return len(self.serial)

    @property
    def window(self) -> Ints:
        """First day of the window of each person's period."""
        return (self.period + 1) * PERIOD_DAYS

    @property
    def bought(self) -> Flags:
        """Whether the person does buy in the window."""
        bought: Flags = np.where(self.treated, self.buys[0], self.buys[1])
        return bought

    def mask(self, rows: Ints) -> Flags:
        """Everyone's flag: is this person one of `rows`?"""
        flags = np.zeros(len(self), dtype=np.bool_)
        flags[rows] = True
        return flags

    def rows(self, role: Role) -> Ints:
        """Who is on a side, in the order of its files."""
        return self.advertiser if role == "advertiser" else self.retailer

    def spread(self, role: Role, flags: Flags) -> Flags:
        """Flags of the people of one side, in its order, as flags of everyone."""
        found = np.zeros(len(self), dtype=np.bool_)
        found[self.rows(role)] = flags
        return found

    def ids(self, role: Role) -> Array:
        """Everyone's id on a side: texts at the advertiser, numbers at the retailer."""
        if role == "advertiser":
            return digits((self.serial * _CRM + 1_234_567_891) % _CRM_MODULUS, 10)
        return pa.array((self.serial * _MEMBER + 271_828_183) % _MEMBER_MODULUS)


def draw_people(parameters: Parameters, part: Part) -> People:
    """The people of one chunk."""
    random = parameters.stream(part, "people")
    people, common = part.people, part.common
    size = 2 * people - common
    segment = random.choice(len(SEGMENTS), size, p=SEGMENT_SHARES)
    arm = _arms(random, size, parameters.exposed)
    arm[people:] = UNASSIGNED  # known to the retailer only
    assigned = random.integers(0, PERIODS * PERIOD_DAYS, size)
    period = assigned // PERIOD_DAYS
    first = random.integers(assigned, (period + 1) * PERIOD_DAYS)
    return People(common, part.serial + np.arange(size), segment, arm, period, assigned, first,
                  _treated(random, arm), _buys(random, parameters, segment), random.random(size) < parameters.ropo,
                  random.permutation(people),
                  random.permutation(np.r_[np.arange(common), np.arange(people, size)]))


def _arms(random: np.random.Generator, size: int, exposed: float) -> Ints:
    draw = random.random(size)
    arm = np.where(draw < exposed, EXPOSED, CONTROL)
    return np.where(random.random(size) < _UNASSIGNED_SHARE, UNASSIGNED, arm)


def _treated(random: np.random.Generator, arm: NDArray[Any]) -> Flags:
    chance = np.array([1 - _UNREACHED, _CONTAMINATED, 0.0])
    treated: Flags = random.random(len(arm)) < chance[arm]
    return treated


def _buys(random: np.random.Generator, parameters: Parameters, segment: NDArray[Any]) -> Flags:
    """Potential outcomes from one draw a person: exposure only ever moves a person in the direction of the lift."""
    draw, (control, exposed) = random.random(len(segment)), parameters.chances()
    return np.stack([draw < exposed[segment], draw < control[segment]])
