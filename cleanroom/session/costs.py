"""A small model of a run's computing time, stage by stage: counted operations times measured seconds.

`OPENSSL` and `NATIVE` were measured with `python benchmarks/costs.py`; docs/plan.md says on what machine. Another
machine is slower or faster, and so is another variant of the C kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cleanroom.aggregate import block_count, part_count
from cleanroom.contract.plan import Plan


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of one processor core for one operation of a backend.

    Curve operations are per point and spread over the workers; those of the lattice are counted as on one core.
    """

    hash: float  # key to curve
    power: float  # X25519, a point and a scalar
    base: float  # X25519, the base point
    check: float  # a peer's point: canonical, on the curve
    encrypt: float  # one block of one column
    expand: float  # c1 of one block of one column
    mask: float  # one selection of rows of one block, in NTT form
    add: float  # one selected column of one block
    seal: float  # one masked sum
    open: float  # one masked sum, by the retailer
    mac: float  # one token of the salted-hash mode, on one core
    start: float  # worker processes and connection


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds of one stage on each side, were it alone."""

    advertiser: float
    retailer: float


@dataclass(frozen=True, slots=True)
class Load:
    """Sizes of a run. `advertiser` and `retailer` are real people, `*_rows` the padded lists, `dummies` all that the
    retailer adds to the advertiser's cells."""

    advertiser: int
    advertiser_rows: int
    retailer: int
    retailer_rows: int
    dummies: int


OPENSSL: Final = Costs(hash=219e-6, power=34e-6, base=34e-6, check=98e-6, encrypt=1190e-6, expand=191e-6, mask=630e-6,
                       add=24e-6, seal=1800e-6, open=15e-6, mac=3e-6, start=0.9)
NATIVE: Final = Costs(hash=2.2e-6, power=6.3e-6, base=6.3e-6, check=0.7e-6, encrypt=590e-6, expand=190e-6, mask=109e-6,
                      add=19e-6, seal=580e-6, open=15e-6, mac=3e-6, start=0.1)


def stage_work(plan: Plan, load: Load, workers: int, costs: Costs) -> dict[str, Work]:
    """Work by stage; the openings and the receipt take well under a second and are left out."""
    keys, c = len(plan.contract.match.keys), costs
    if plan.salted:
        return {"hello": Work(c.start, c.start),
                "tokens": Work(load.advertiser * keys * c.mac, load.retailer * keys * c.mac)}
    point = keys / workers
    padding_a, padding_r = load.advertiser_rows - load.advertiser, load.retailer_rows - load.retailer
    blocks, columns = block_count(load.retailer_rows), 1 + len(plan.columns)
    masks, sums = sum(len(plan.picks(group)) for group in plan.groups), 1 + len(plan.contract.statistics)
    sealed = len(plan.groups) * sums * part_count(load.retailer_rows, plan.largest_denominator)
    return {
        "hello": Work(c.start, c.start),
        "sizes": Work(0.0, 2 * load.dummies * point * c.base),
        "blinded_cells": Work(point * (load.advertiser * (c.hash + c.power) + padding_a * c.base),
                              point * load.advertiser_rows * (c.check + c.power)),
        "reblinded_cells": Work(point * (load.advertiser_rows + load.dummies) * c.check, 0.0),
        "blinded_values": Work(point * load.retailer_rows * (c.check + c.power),
                               point * (load.retailer * (c.hash + c.power) + (padding_r - load.dummies) * c.base)),
        "columns": Work(blocks * (columns * c.expand + masks * (c.mask + sums * c.add)), blocks * columns * c.encrypt),
        "masked_sums": Work(sealed * c.seal, sealed * c.open),
    }
