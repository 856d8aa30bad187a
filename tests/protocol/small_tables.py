"""Small tables of both parties for `flow.run`: everybody consents, everybody bought once."""

from __future__ import annotations

import pandas as pd
from kit import PROVEN, contract

from cleanroom.contract.model import Role
from cleanroom.identity.tables import AdvertiserTables, RetailerTables

PEOPLE = 120
AGREED = contract(match__max_people_advertiser=5000)
MAILED, BOUGHT = pd.Timestamp("2017-10-30"), pd.Timestamp("2017-11-05")


def consents(persons: list[str], partner: str) -> pd.DataFrame:
    return pd.DataFrame({
        "person": persons, "record_id": [f"r-{p}" for p in persons], "legal_basis": "consent", "status": "given",
        "purpose": "exposure_to_purchase_measurement", "event_time": "2016-05-01T10:00:00Z", "scope": "account",
        "recipients": partner, **PROVEN})


def advertiser_tables(prefix: str, size: int = PEOPLE) -> AdvertiserTables:
    """`size` people with addresses `prefix`0 …, every other one exposed, segments in turn."""
    persons = [f"a{i}" for i in range(size)]
    arms = ["exposed" if i % 2 else "control" for i in range(size)]
    people = pd.DataFrame({"person": persons, "email": [f"{prefix}{i}@example.org" for i in range(size)],
                           "segment": ["0", "1", "2", "3+"] * (size // 4)})
    mailed = [person for person, arm in zip(persons, arms, strict=True) if arm == "exposed"]
    exposures = pd.DataFrame({"person": mailed, "channel": "direct_mail", "campaign": "18", "day": MAILED})
    return AdvertiserTables(people, exposures, pd.DataFrame({"person": persons, "arm": arms, "day": MAILED}),
                            consents(persons, "The retailer"), pd.DataFrame({"person": []}, dtype="str"))


def retailer_tables(prefix: str, size: int = PEOPLE) -> RetailerTables:
    """`size` members with addresses `prefix`0 …, one basket of 10.00 each."""
    persons = [f"r{i}" for i in range(size)]
    purchases = pd.DataFrame({"person": persons, "day": BOUGHT, "basket": persons, "amount_cents": 1000, "quantity": 1,
                              "category": "GROCERY"})
    members = pd.DataFrame({"person": persons, "email": [f"{prefix}{i}@example.org" for i in range(size)]})
    return RetailerTables(members, purchases, consents(persons, "The advertiser"),
                          pd.DataFrame({"person": []}, dtype="str"))


def both_tables(mine: str, theirs: str, size: int = PEOPLE) -> dict[Role, AdvertiserTables | RetailerTables]:
    """Both parties; the same prefix means the same people."""
    return {"advertiser": advertiser_tables(mine, size), "retailer": retailer_tables(theirs, size)}
