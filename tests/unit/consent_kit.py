"""Small tables and consent events, with a contract between "Brand" (advertiser) and "Shop" (retailer)."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from measures_kit import plan_of

from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.contract.model import Contract
from cleanroom.identity.tables import AdvertiserTables, RetailerTables

NOW = datetime(2025, 6, 1, tzinfo=UTC)
PURPOSE = "exposure_to_purchase_measurement"
NOTICE = {"party": "retailer", "id": "measurement-2024", "sha256": "ab" * 32, "published": "2024-01-15",
          "language": "en", "partner": "Brand"}
GOOD = {"purpose": PURPOSE, "legal_basis": "consent", "status": "given", "event_time": "2024-05-01T10:00:00Z",
        "scope": "account", "recipients": "Brand", "notice_id": NOTICE["id"], "notice_sha256": NOTICE["sha256"],
        "proof_ref": "archive/1", "proof_sha256": "cd" * 32, "birth_year": "1980",
        "last_activity_at": "2025-05-01T00:00:00Z", "last_activity_kind": "purchase"}


def contract(**consent: object) -> Contract:
    """The tests' contract; settings of its consent part changed. Last window ends on 2025-04-05, look-back 90 days."""
    notices = [NOTICE, {**NOTICE, "party": "advertiser", "partner": "Shop"}]
    return plan_of(consent={**demo_terms()["consent"], "notices": notices, **consent}).contract


CONTRACT = contract()


def event(person: str = "p", **changes: str) -> dict[str, str]:
    """A good consent event towards the advertiser, changed."""
    return {"record_id": "r", "person": person, **GOOD, **changes}


def frame(*events: dict[str, str]) -> pd.DataFrame:
    """Events as the reader gives them: texts."""
    columns = ["record_id", "person", *GOOD]
    return pd.DataFrame(list(events), columns=[*columns, *({k for e in events for k in e} - {*columns})],
                        dtype="str").fillna("")


def retailer(*events: dict[str, str], persons: tuple[str, ...] = ("p",), suppressed: tuple[str, ...] = (),
             days: tuple[str, ...] = ("2025-03-10",), emails: tuple[str, ...] | None = None,
             categories: tuple[str, ...] = ("dairy",)) -> RetailerTables:
    """Members with these events; each bought once on each day of each category."""
    bought = [(person, day, category) for person in persons for day in days for category in categories]
    return RetailerTables(
        pd.DataFrame({"person": list(persons),
                      "email": list(emails or [f"{person}@example.org" for person in persons])}),
        pd.DataFrame({"person": [p for p, _, _ in bought], "day": pd.to_datetime([d for _, d, _ in bought]),
                      "basket": "b", "amount_cents": 100, "quantity": 1, "category": [c for _, _, c in bought]}),
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
