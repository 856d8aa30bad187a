"""The contract's terms that fit the generated parties: as fine as the padding allows at this size."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from cleanroom.adapters.demo_settings import demo_legal_text
from cleanroom.adapters.synth.exposures import AUTUMN, CAMPAIGN_CHANNELS, CAMPAIGNS
from cleanroom.adapters.synth.keys import PRESENCE
from cleanroom.adapters.synth.parameters import (
    ARMS,
    CAMPAIGN_DAYS,
    CURRENCY,
    LOOKBACK_DAYS,
    PERIOD_DAYS,
    PERIODS,
    SEGMENTS,
    START,
    TIME_ZONE,
    WINDOW_DAYS,
    Parameters,
)
from cleanroom.adapters.synth.settings import NAMES, file_columns
from cleanroom.contract.keys import KeyType
from cleanroom.contract.model import Contract
from cleanroom.disclosure.accounting import influence
from cleanroom.disclosure.padding import smallest_padding
from cleanroom.errors import ContractError, UsageError
from cleanroom.flow import check_plan
from cleanroom.limits import MAX_EPSILON

SALES_CAP: Final = 30_000  # cents a person in the window
_MARGIN: Final = 0.8  # chance leaves fewer people than expected
_PLACED: Final = 0.95  # of the advertiser's people: drawn, and exposed as they were meant to be
_USABLE: Final = 0.95  # of the keys: valid and nobody else's
_SHARES: Final = (Decimal("0.5"), Decimal(1), Decimal(2), Decimal(4))  # ε of the match, from fine to coarse
_ARM_EPSILON, _SEGMENT_EPSILON = Decimal(1), Decimal(2)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the terms could afford: key types, whether results are also by segment, ε and δ of the match."""

    keys: tuple[KeyType, ...]
    segments: bool
    epsilon: Decimal
    delta: Decimal

    @property
    def padding(self) -> int:
        """Tuples of padding: as in `disclosure.padding`."""
        cells = len(ARMS) * PERIODS * (len(SEGMENTS) if self.segments else 1)
        return smallest_padding(float(self.epsilon), float(self.delta)) * cells * ((1 << len(self.keys)) - 1)

    @property
    def cost(self) -> Decimal:
        """ε of one run: as in `disclosure.accounting`."""
        release = _ARM_EPSILON + (_SEGMENT_EPSILON if self.segments else 0)
        return 2 * self.epsilon + influence(len(self.keys)) * release

    def document(self) -> dict[str, object]:
        """For truth.json."""
        return {**asdict(self), "epsilon": str(self.epsilon), "delta": str(self.delta)}


def fit(parameters: Parameters) -> Shape:
    """The first shape whose padding stays below the people expected to take part. UsageError when there is none.

    Given up in this order: a small ε, results by segment, all keys but the first.
    """
    for shape in _shapes(parameters):
        if shape.padding <= _taking_part(parameters, shape.keys) and shape.cost <= Decimal(str(MAX_EPSILON)):
            return shape
    raise UsageError(f"{parameters.rows} people with these keys and refusals are too few for any contract",
                     todo="raise --rows, lower --refused, or put a key that more people have first")


def _shapes(parameters: Parameters) -> Iterator[Shape]:
    delta = Decimal(10) ** -max(6, len(str(parameters.rows)))  # far below one over the people
    for keys in dict.fromkeys((parameters.keys, parameters.keys[:1])):
        for segments, shares in ((True, _SHARES[:2]), (False, _SHARES[:2] if len(keys) > 1 else _SHARES)):
            for epsilon in shares:
                yield Shape(keys, segments, epsilon, delta)


def _taking_part(parameters: Parameters, keys: tuple[KeyType, ...]) -> float:
    """People of the smaller side that may be counted on."""
    def some(presence: Mapping[KeyType, float]) -> float:
        missing = 1.0
        for key in keys:
            missing *= 1 - _USABLE * presence[key]
        return 1 - missing

    reachable = min(some(presence) for presence in PRESENCE.values())
    return _MARGIN * _PLACED * (1 - parameters.refused) * parameters.rows * reachable


def obstacle(parameters: Parameters, shape: Shape) -> str:
    """Why this version cannot run a contract of this size; empty when it can."""
    party = {"contact": "nobody", "signing_key": "AAAA", "certificate": "AAAA"}
    document: dict[str, Any] = tomllib.loads(terms_text(parameters, shape, 0))
    document["parties"] = {role: {**party, "name": name} for role, name in NAMES.items()}
    try:
        check_plan(Contract.model_validate(document))
    except ContractError as error:
        return error.what
    return ""


def terms_text(parameters: Parameters, shape: Shape, cost_cents: int) -> str:
    """terms.toml: a contract without [parties]."""
    most = _rounded_up(parameters.rows)
    releases = [_release(("arm",), _ARM_EPSILON)]
    if shape.segments:
        releases.append(_release(("arm", "segment"), _SEGMENT_EPSILON))
    return "\n".join([
        _HEAD.format(id=f"synth-{parameters.rows}-{parameters.seed}"[:64], now=START + timedelta(days=60),
                     keys=_list(shape.keys), epsilon=shape.epsilon, delta=f"{shape.delta:f}", most=most,
                     campaign=CAMPAIGNS[AUTUMN], channels=_list(CAMPAIGN_CHANNELS), cost=cost_cents, currency=CURRENCY,
                     zone=TIME_ZONE, first=START, last=START + timedelta(days=CAMPAIGN_DAYS - 1), period=PERIOD_DAYS,
                     window=WINDOW_DAYS, legal=_legal(), exposed=f"{100 * parameters.exposed:g}",
                     budget=min(2 * shape.cost, Decimal(str(MAX_EPSILON))), budget_delta=f"{4 * shape.delta:f}"),
        _dimension("arm", ARMS), *([_dimension("segment", SEGMENTS)] if shape.segments else []),
        *releases,
        *(_STATISTIC.format(name=name, measure=measure, category=category, cap=cap, weight=weight)
          for name, measure, category, cap, weight in _STATISTICS),
    ])


def _legal() -> str:
    """The demonstration's [consent] and [legal], for these parties, this look-back and these files."""
    text = demo_legal_text(NAMES).replace("lookback_days = 90", f"lookback_days = {LOOKBACK_DAYS}", 1)
    before, _, rest = text.partition("[consent.columns]")
    after = rest[rest.index("[[consent.notices]]"):]
    columns = (f"{table} = {_list(names)}\n" for table, names in file_columns().items())
    return f"{before}[consent.columns]                 # what the parties' files may hold\n{''.join(columns)}\n{after}"


def _rounded_up(rows: int) -> int:
    """Two leading digits: the contract need not tell an exact size."""
    unit = int(10 ** max(0, len(str(rows)) - 2))
    return -(-rows // unit) * unit


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _dimension(name: str, values: tuple[str, ...]) -> str:
    return f'[[dimensions]]\nname = "{name}"\nvalues = {_list(values)}\n'


def _release(dimensions: tuple[str, ...], epsilon: Decimal) -> str:
    return _RELEASE.format(dimensions=_list(dimensions), statistics=_list(each[0] for each in _STATISTICS),
                           epsilon=epsilon)


# Name, measure, category line, cap (people, cents, currency units squared, baskets), weight.
_STATISTICS: Final = (
    ("buyers", "buyers", "", 1, 3),
    ("sales", "sales", "", SALES_CAP, 5),
    ("sales_squared", "sales_squared", "", (SALES_CAP // 100) ** 2, 2),
    ("baskets", "baskets", "", 8, 2),
    ("sales_tea", "sales", 'category = "TEA"\n', 6_000, 1),
)
_RELEASE: Final = '''\
[[releases]]
dimensions = {dimensions}
statistics = {statistics}
epsilon = "{epsilon}"
people_weight = 3
'''
_STATISTIC: Final = '[[statistics]]\nname = "{name}"\nmeasure = "{measure}"\n{category}cap = {cap}\nweight = {weight}\n'
_HEAD: Final = """\
# The terms of two synthetic parties (`cleanroom synth`): a contract without its [parties], which come from both
# parties' cards. Every setting is explained in docs/contract.md, how these were fitted in docs/synth.md.

format = "cleanroom-contract/1"
id = "{id}"
version = 1
title = "Did the autumn campaign sell? A synthetic experiment with a known answer"
not_before = {now}T00:00:00Z
not_after = 2045-01-01T00:00:00Z
metrics = ["reach", "conversion", "sales", "lift"]

[match]
protocol = "ecdh-x25519-v1"
keys = {keys}
normalisation = "cleanroom-fr-1"
epsilon = "{epsilon}"
delta = "{delta}"
max_people_advertiser = {most}
max_people_retailer = {most}

[campaign]
names = ["{campaign}"]
channels = {channels}
assignment = "randomised"
assignment_note = "Drawn by lot, person by person: {exposed} % exposed, the others control."
cost_cents = {cost}
currency = "{currency}"

[calendar]
time_zone = "{zone}"
exposures_from = {first}
exposures_until = {last}
period_days = {period}
window_days = {window}

[purchases]
refunds = "refuse"

{legal}
[disclosure]
threshold = 50
cells_floor = 0
dominance_percent = 85
budget_epsilon = "{budget}"
budget_delta = "{budget_delta}"
"""
