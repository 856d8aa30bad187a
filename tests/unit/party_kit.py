"""A party's folder written from texts and frames."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

HEAD = """
[party]
role = "{role}"
name = "{name}"
contact = "dpo@example.org"

[node]
listen = "127.0.0.1:7101"
peer = "127.0.0.1:7102"
"""
FILES = {
    "advertiser": {
        "people": "person,email,segment\na,a@example.org,new\nb,b@example.org,loyal\n",
        "exposures": "person,channel,campaign,day\na,email,spring,2025-03-02\n",
        "arms": "person,arm,day\na,exposed,2025-03-01\nb,control,2025-03-01\n",
    },
    "retailer": {
        "members": "person,email\n1,a@example.org\n2,c@example.org\n",
        "purchases": "person,day,basket,amount,quantity,category\n1,2025-03-22,x,12.34,2,dairy\n",
    },
}
CONSENTS = "record_id,person,purpose,legal_basis,status,event_time,scope,recipients\n"
SHARED = {
    "consents": CONSENTS + "r1,a,exposure_to_purchase_measurement,consent,given,2024-05-01T10:00:00Z,account,Shop\n",
    "suppressions": "person\n",
}


def write_party(folder: Path, role: str = "retailer", *, extra: str = "", settings: dict[str, str] | None = None,
                **tables: str | bytes | pd.DataFrame) -> Path:
    """Write party.toml and files; a frame becomes Parquet. `settings` adds lines under [data.<table>]."""
    text = HEAD.format(role=role, name="Shop" if role == "retailer" else "Brand")
    for name, content in {**FILES[role], **SHARED, **tables}.items():
        parquet = isinstance(content, pd.DataFrame)
        path = folder / f"{name}.{'parquet' if parquet else 'csv'}"
        if parquet:
            content.to_parquet(path, index=False)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        text += f'\n[data.{name}]\nfile = "{path.name}"\n{(settings or {}).get(name, "")}\n'
    (folder / "party.toml").write_text(text + extra, encoding="utf-8")
    return folder
