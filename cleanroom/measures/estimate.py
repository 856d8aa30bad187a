"""The type of every published number that is computed from the released table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cleanroom.contract.model import Metric
from cleanroom.contract.plan import Group

Unit = Literal["people", "share", "cents", "cents_per_person", "cents_per_basket", "baskets", "units", "per_person",
               "ratio"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with its 95 % interval.

    `group` is the released group it describes; for a comparison it is the exposed group and `against` the
    control one. `value` is None when the number is undefined (0/0) or suppressed, and `note` then says why.
    `sampling_se` and `noise_se` are the two parts of the uncertainty in the unit of `value`; the interval
    holds both. `numerator` and `denominator` name what was divided; `detail` is the category, sales channel, segment or
    days that the number is restricted to.
    """

    metric: Metric
    name: str
    group: Group | None
    against: Group | None
    unit: Unit
    value: float | None
    low: float | None
    high: float | None
    sampling_se: float | None
    noise_se: float | None
    numerator: str = ""
    denominator: str = ""
    note: str = ""
    detail: str = ""
