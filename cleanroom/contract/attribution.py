"""How the credit for one person's purchases is shared among the channels that reached them.

A credit depends on the person's cell alone, so credited totals are weighted sums that the protocol can open. The
weights of one cell add up to the denominator of the method exactly: nothing is credited twice, nothing is lost, and one
person moves all rows of a release together by at most cap × denominator.

    first, last     all to one touch                                          denominator 1
    linear          the same to each touch                                    denominator 6
    position        40 % first, 40 % last, the rest among those between       denominator 6
    time_decay      each touch half of the one after it                       denominator 6

Shares that are not sixths are rounded by largest remainder, ties to the later touch: linear is exact for 1, 2, 3 and 6
touches; position for 1 and 2 (3 touches: 2, 1, 3); time decay for 1 and 2 (3 touches: 1, 2, 3 for 6/7, 12/7, 24/7).
The denominator is small because the flooding must hide errors that grow with the weight (`primitives.parameters`); it
does not change the noise, which is scaled by it and divided out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from cleanroom.contract.model import Attribution

NONE: Final = "none"  # value of people whom no exposure reached
OTHER: Final = "other"  # value of people whose value is not listed
UNATTRIBUTED: Final = "unattributed"  # row of the credit that no channel has
PATH_MARK, SET_MARK = ">", "+"

_DENOMINATORS: Final[Mapping[Attribution, int]] = MappingProxyType(
    {"first": 1, "last": 1, "linear": 6, "position": 6, "time_decay": 6})


def denominator(method: Attribution | None) -> int:
    """Credit of one person: what the weights of a cell add up to. 1 for a release without attribution."""
    return 1 if method is None else _DENOMINATORS[method]


def channels_of(values: Iterable[str]) -> tuple[str, ...]:
    """Rows of an attribution release, from the values of the dimension it reads: channels in order of first mention,
    `other` when it is listed, and `unattributed`."""
    touches = dict.fromkeys(touch for value in values for touch in touches_of(value))
    rest = {value for value in (OTHER, UNATTRIBUTED) if value in touches}
    return (*(touch for touch in touches if touch not in rest), *(v for v in (OTHER,) if v in rest), UNATTRIBUTED)


def touches_of(value: str) -> tuple[str, ...]:
    """`tv>search` as its touches; nobody's touch is the unattributed one, an unlisted path is one touch `other`."""
    if value == NONE:
        return (UNATTRIBUTED,)
    return tuple(value.replace(SET_MARK, PATH_MARK).split(PATH_MARK))


def credits_of(method: Attribution, value: str) -> Mapping[str, int]:
    """Weight of each channel for a cell with this path or set of channels; together `denominator(method)`."""
    touches = touches_of(value)
    found: dict[str, int] = {}
    for touch, weight in zip(touches, _weights(method, len(touches)), strict=True):
        found[touch] = found.get(touch, 0) + weight
    return found


def _weights(method: Attribution, touches: int) -> tuple[int, ...]:
    return _apportion(_shares(method, touches), denominator(method))


def _shares(method: Attribution, touches: int) -> list[Fraction]:
    match method:
        case "first":
            raw = [1, *[0] * (touches - 1)]
        case "last":
            raw = [*[0] * (touches - 1), 1]
        case "linear":
            raw = [1] * touches
        case "position":
            raw = [1] * touches if touches < 3 else [2 * (touches - 2), *[1] * (touches - 2), 2 * (touches - 2)]
        case "time_decay":
            raw = [2**touch for touch in range(touches)]
    return [Fraction(part, sum(raw)) for part in raw]


def _apportion(shares: Sequence[Fraction], units: int) -> tuple[int, ...]:
    """Whole units by largest remainder, ties to the later one."""
    whole = [int(share * units) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (shares[i] * units - whole[i], i), reverse=True)
    for i in order[:units - sum(whole)]:
        whole[i] += 1
    return tuple(whole)
