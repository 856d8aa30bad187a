"""The party.toml that `cleanroom init` writes: every setting, with what to put there."""

from __future__ import annotations

import json

from cleanroom.adapters.layout import LAYOUTS
from cleanroom.contract.model import Role

PORTS = {"advertiser": 7101, "retailer": 7102}


def party_template(role: str, name: str, contact: str) -> str:
    """A complete party.toml for a new party; the files it names are to be put in place."""
    own: Role = "advertiser" if role == "advertiser" else "retailer"
    peer = "retailer" if own == "advertiser" else "advertiser"
    tables = "\n".join(_table(table, layout.required, layout.optional) for table, layout in LAYOUTS[own].items()
                       if not layout.may_lack)
    tables += "".join(f"\n# If you have it: [data.{table}], columns: {', '.join(layout.required)}\n"
                      for table, layout in LAYOUTS[own].items() if layout.may_lack)
    return f"""# Settings of one party. Paths are relative to this folder. See docs/party.md.
[party]
role = "{own}"
name = {json.dumps(name, ensure_ascii=False)}
contact = {json.dumps(contact, ensure_ascii=False)}

[node]
listen = "127.0.0.1:{PORTS[own]}"
peer = "127.0.0.1:{PORTS[peer]}"  # the other party's node
# answer = "approval"  # a person here approves each run: `cleanroom runs`
# hours = "08:00-18:00 Europe/Paris"  # in which runs begin

[limits]
memory = "2 GB"  # of a run; what does not fit goes to encrypted temporary files

# Limits of our own for all contracts: the strictest of both parties' and the contract's counts. See docs/contract.md.
# [policy]
# threshold = 50
# budget_epsilon = "8"

# Most that all contracts with one partner may spend together, by our own ledger. See docs/party.md.
# [partner]
# budget_epsilon = "20"
# days = 365

# One table each: a file (CSV, Parquet), a folder of files ("data/people/"), SQL over files, or PostgreSQL; see
# docs/party.md. `columns` maps our column names to yours; leave out those that have the same name.
{tables}"""


def _table(name: str, required: tuple[str, ...], optional: tuple[str, ...]) -> str:
    wanted = ", ".join(required)
    more = f"\n# optional: {', '.join(optional)}" if optional else ""
    return f"""[data.{name}]
file = "data/{name}.csv"
# columns: {wanted}{more}
"""
