"""Small tables and consent events, with a contract between "Brand" (advertiser) and "Shop" (retailer)."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from measures_kit import plan_of

from cleanroom.identity.tables import AdvertiserTables, RetailerTables

CONTRACT = plan_of().contract  # last window ends on 2025-04-05, look-back 90 days: from 2025-01-05
NOW = datetime(2025, 6, 1, tzinfo=UTC)
PURPOSE = "exposure_to_purchase_measurement"
GOOD = {"purpose": PURPOSE, "legal_basis": "consent", "status": "given", "event_time": "2024-05-01T10:00:00Z",
        "scope": "account", "recipients": "Brand"}


def event(person: str = "p", **changes: str) -> dict[str, str]:
    """A good consent event towards the advertiser, changed."""
    return {"record_id": "r", "person": person, **GOOD, **changes}


def frame(*events: dict[str, str]) -> pd.DataFrame:
    """Events as the reader gives them: texts."""
    columns = ["record_id", "person", *GOOD]
    return pd.DataFrame(list(events), columns=[*columns, *({k for e in events for k in e} - {*columns})]).fillna("")


def retailer(*events: dict[str, str], persons: tuple[str, ...] = ("p",), suppressed: tuple[str, ...] = (),
             days: tuple[str, ...] = ("2025-03-10",)) -> RetailerTables:
    """Members with these events; each bought once on each day."""
    bought = [(person, day) for person in persons for day in days]
    return RetailerTables(
        pd.DataFrame({"person": list(persons), "email": [f"{person}@example.org" for person in persons]}),
        pd.DataFrame({"person": [p for p, _ in bought], "day": pd.to_datetime([d for _, d in bought]),
                      "basket": "b", "amount_cents": 100, "quantity": 1, "category": "dairy"}),
        frame(*events), pd.DataFrame({"person": list(suppressed)}, dtype=object))


def advertiser(*events: dict[str, str], persons: tuple[str, ...] = ("p",),
               days: tuple[str, ...] = ("2025-03-10",)) -> AdvertiserTables:
    """People with these events; each was exposed once on each day."""
    seen = [(person, day) for person in persons for day in days]
    return AdvertiserTables(
        pd.DataFrame({"person": list(persons), "email": [f"{person}@example.org" for person in persons],
                      "segment": "new"}),
        pd.DataFrame({"person": [p for p, _ in seen], "channel": "email", "campaign": "spring",
                      "day": pd.to_datetime([d for _, d in seen])}),
        pd.DataFrame({"person": list(persons), "arm": "exposed", "day": pd.Timestamp("2025-03-01")}),
        frame(*events), pd.DataFrame({"person": []}, dtype=object))
