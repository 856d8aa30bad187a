"""What part of a party's own data is tied to people: exact numbers for its own report, never for the peer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan, window_of
from cleanroom.identity.numbering import of_somebody
from cleanroom.identity.tables import among
from cleanroom.measures.exposures import qualifying

_VISITS = ("site_visit", "store_visit")


def exposure_coverage(contract: Contract, people: pd.DataFrame, exposures: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """(of a known person, all) qualifying exposures, and among them visits to a site or a store."""
    found = qualifying(contract, exposures)
    known = among(found["person"], pd.Index(people["person"]))
    visits = (found["channel"].isin(_VISITS) | (found["type"] == "visit")).to_numpy(dtype=np.bool_)
    return {"tied_exposures_share": (int((known & ~visits).sum()), int((~visits).sum())),
            "tied_visits_share": (int((known & visits).sum()), int(visits.sum()))}


def sales_coverage(plan: Plan, purchases: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """(with a customer, all) cents bought in any window of the contract, refunds left out."""
    first, _ = window_of(plan.contract.calendar, 0)
    _, last = window_of(plan.contract.calendar, plan.periods - 1)
    day = purchases["day"]
    amount = purchases["amount_cents"].where(
        (day >= pd.Timestamp(first)) & (day < pd.Timestamp(last)) & (purchases["amount_cents"] > 0), 0)
    return {"carded_sales_share": (int(amount[of_somebody(purchases["person"])].sum()), int(amount.sum()))}
