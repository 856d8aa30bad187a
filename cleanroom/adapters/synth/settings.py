"""party.toml of both synthetic parties. A column that this version does not know is in the file, and not mapped."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from cleanroom.adapters.layout import LAYOUTS, Layout
from cleanroom.adapters.synth.parameters import TIME_ZONE, Parameters
from cleanroom.contract.model import Role, other
from cleanroom.identity.columns import COLUMNS_OF, KEY_COLUMNS

NAMES: Final = MappingProxyType({"advertiser": "Bright Kettle Teas", "retailer": "Harbour Stores"})
_CONTACTS: Final = MappingProxyType({"advertiser": "privacy@bright-kettle.example.org",
                                     "retailer": "dpo@harbour-stores.example.org"})
_ADDRESSES: Final = MappingProxyType({"advertiser": "127.0.0.1:7201", "retailer": "127.0.0.1:7202"})
PERSON: Final = MappingProxyType({"advertiser": "crm_id", "retailer": "member"})
# The parties' own names of product columns, beside the person's; columns not listed have the product's name.
_OWN: Final = MappingProxyType({
    "people": {"email": "e_mail", "phone": "mobile", "loyalty": "shop_card", "segment": "relation",
               "given_name": "prenom", "family_name": "nom", "address": "adresse", "postcode": "code_postal"},
    "members": {"email": "mail", "phone": "phone_number", "loyalty": "card", "given_name": "first_name",
                "family_name": "last_name", "address": "street", "postcode": "zip"},
    "exposures": {"channel": "medium", "campaign": "operation", "day": "seen_at"},
    "arms": {"arm": "test_group", "day": "assigned_on"},
    "purchases": {"day": "sold_at", "basket": "ticket", "quantity": "units", "category": "department"},
    "consents": {"record_id": "consent_id"},
})


# Columns that the files have and this version has no use for: the contract allows them.
_UNUSED: Final = MappingProxyType({"purchases": ("store_region",), "visits": ("store_region",)})


def file_columns() -> dict[str, tuple[str, ...]]:
    """By table of both parties, the columns that its file may hold, by product name where they have one."""
    layouts = {name: layout for role in LAYOUTS for name, layout in LAYOUTS[role].items()}
    return {name: tuple(dict.fromkeys((*layout.required, *layout.optional, *_UNUSED.get(name, ()))))
            for name, layout in layouts.items() if name not in ("consents", "suppressions")}


def own_name(table: str, column: str) -> str:
    """The party's own name of a product column."""
    return _OWN.get(table, {}).get(column, column)


def party_text(role: Role, parameters: Parameters) -> str:
    """The settings of one party."""
    tables = "\n".join(_table(role, name, layout, parameters) for name, layout in LAYOUTS[role].items()
                       if name != "identities")
    return f"""\
# Synthetic data (`cleanroom synth`): nobody in it exists. See docs/synth.md.
# Paths are relative to this file. A column that is not mapped is looked for under its product name; columns that
# this version of cleanroom has no use for are in the files for later.

[party]
role = "{role}"
name = "{NAMES[role]}"  # as in the contract
contact = "{_CONTACTS[role]}"

[node]
listen = "{_ADDRESSES[role]}"
peer = "{_ADDRESSES[other(role)]}"

[keys]
directory = "keys"      # never leaves this machine

{tables}"""


def _table(role: Role, name: str, layout: Layout, parameters: Parameters) -> str:
    absent = set(KEY_COLUMNS) - {column for key in parameters.keys for column in COLUMNS_OF[key]}
    columns = {column: own_name(name, column) for column in (*layout.required, *layout.optional)
               if column not in absent and own_name(name, column) != column}
    mapped = ", ".join(f'{product} = "{own}"' for product, own in {"person": PERSON[role], **columns}.items())
    zone = f'time_zone = "{TIME_ZONE}"  # of times without an offset\n' if layout.dated else ""
    return f'[data.{name}]\nfile = "data/{name}.parquet"\n{zone}columns = {{ {mapped} }}\n'
