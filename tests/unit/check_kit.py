"""A document of `cleanroom check` with something in every part of it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from consent_kit import CONTRACT, NOW, event, frame
from party_kit import write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party

SECRETS = ("dupont", "carole", "shared@example", "0612345678", "p11")


def checked() -> dict[str, Any]:
    """Of an advertiser: keys that are used, missing, refused and shared, a refused person, two years of exposures."""
    people = ["person,email,segment", "p1,carole@example.org,new", "p2,carole@example.org,new", "p3,jean dupont,loyal",
              "p4,,loyal", "p5,Jean.Dupont5@example.org,new", "p6,jean.dupont6@example.org,new",
              *(f"p1{n},shared@example.org,new" for n in range(1, 9))]
    exposures = ["person,channel,campaign,day", *(f"p5,email,spring,2024-{month:02d}-02" for month in range(1, 13)),
                 "p6,email,spring,2025-03-02", "stranger,email,spring,2025-03-02"]
    arms = ["person,arm,day", *(f"p{n},{'control' if n % 2 else 'exposed'},2025-03-01" for n in range(1, 7))]
    given = frame(*(event(line.split(",")[0], recipients="Shop", status="refused" if line.startswith("p6") else "given")
                    for line in people[1:])).to_csv(index=False)
    with tempfile.TemporaryDirectory() as place:
        folder = write_party(Path(place), "advertiser", people="\n".join(people) + "\n", consents=given,
                             exposures="\n".join(exposures) + "\n", arms="\n".join(arms) + "\n")
        os.utime(folder / "suppressions.csv", (NOW.timestamp(), NOW.timestamp()))
        found = profile_party(load_party(folder), CONTRACT, NOW).document()
    contract = {"id": CONTRACT.id, "version": CONTRACT.version, "title": "Ça & <b>là</b>"}
    return json.loads(json.dumps({"party": {"role": "advertiser", "name": "Brand <i>"}, "at": NOW.isoformat(),
                                  "contract": contract, **found}))
