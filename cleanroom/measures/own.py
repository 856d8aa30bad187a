"""What a party's own data says by itself, coverage and media cost: exact, for its own report, never for the peer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of
from cleanroom.errors import DataError
from cleanroom.identity.devices import BEFORE_LOGIN, LOGGED_IN, TIED_BY
from cleanroom.identity.numbering import of_somebody
from cleanroom.identity.tables import among
from cleanroom.measures.exposures import qualifying

_VISITS = ("site_visit", "store_visit")
_MICROS, _MICROS_A_CENT = 10**6, 10**4


def exposure_coverage(contract: Contract, people: pd.DataFrame, exposures: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """(of a known person, all) qualifying exposures, and among them visits to a site or a store.

    With devices also how many of all are tied by a login of that time and by a later one (`identity.devices`).
    """
    found = qualifying(contract, exposures)
    known = among(found["person"], pd.Index(people["person"]))
    visits = (found["channel"].isin(_VISITS) | (found["type"] == "visit")).to_numpy(dtype=np.bool_)
    shares = {"tied_exposures_share": (int((known & ~visits).sum()), int((~visits).sum())),
              "tied_visits_share": (int((known & visits).sum()), int(visits.sum()))}
    if TIED_BY in found:
        for way in (LOGGED_IN, BEFORE_LOGIN):
            shares[f"tied_{way}_share"] = (int((known & (found[TIED_BY] == way)).sum()), len(found))
    return shares


def cost_micros(contract: Contract, exposures: pd.DataFrame) -> int | None:
    """Millionths of the currency that the campaign's exposures of one part cost, exact. None without a column."""
    if "cost_micros" not in exposures:
        return None
    found = qualifying(contract, exposures)["cost_micros"].to_numpy(dtype=np.int64)
    # Whole units and the rest apart: neither sum can reach 2^63.
    whole, rest = (int(part.sum()) for part in np.divmod(found, _MICROS))
    return whole * _MICROS + rest


def cost_cents(contract: Contract, micros: int | None) -> int | None:
    """What all parts cost, rounded half up once. DataError when the contract declares a cost (not 0) and it is
    another one."""
    if micros is None:
        return None
    cents = (micros + _MICROS_A_CENT // 2) // _MICROS_A_CENT
    if contract.campaign.cost_cents not in {0, cents}:
        raise DataError("the costs of the campaign's exposures add up to another sum than campaign.cost_cents of the "
                        "contract", where="exposures, column cost",
                        todo="correct the column, leave it out of party.toml, or agree on a contract with the right "
                             "cost, or with 0 to take that of the file")
    return cents


def sales_coverage(plan: Plan, purchases: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """(with a customer, all) cents bought in any window of the contract, refunds left out."""
    first, _ = window_of(plan.contract.calendar, 0)
    _, last = window_of(plan.contract.calendar, plan.periods - 1)
    day = purchases["day"]
    amount = purchases["amount_cents"].where(
        (day >= pd.Timestamp(first)) & (day < pd.Timestamp(last)) & (purchases["amount_cents"] > 0), 0)
    return {"carded_sales_share": (int(amount[of_somebody(purchases["person"])].sum()), int(amount.sum()))}
