"""party.toml: who this party is, where its node listens, and which of its columns mean what.

Every path is relative to the folder that holds party.toml and stays inside it. A product column that
`columns` does not mention is looked for under its product name.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Annotated, Final, Literal, LiteralString

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from cleanroom import limits
from cleanroom.adapters.layout import LAYOUTS, Layout
from cleanroom.contract.model import Label, Role, Text, TimeZone
from cleanroom.contract.policy import Policy
from cleanroom.errors import SettingsError

FILE_NAME: Final = "party.toml"
MAX_FILE_BYTES: Final = 64 * 1024  # settings are read by people
_UNITS: Final = MappingProxyType({"MB": 10**6, "GB": 10**9})


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    plain = re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", host)
    if not plain or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
        raise _refused("must be host:port, for example 127.0.0.1:7101")
    return text


def _memory(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})? (MB|GB)", text):
        raise _refused('must be a number and MB or GB, for example "2 GB"')
    return text


def _inside(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text or "\x00" in text:
        raise _refused("must be a path inside the folder of party.toml, written with /")
    return text


Address = Annotated[str, AfterValidator(_address)]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_TEXT)]
RelativePath = Annotated[ColumnName, AfterValidator(_inside)]
Memory = Annotated[str, AfterValidator(_memory)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PartySection(_Section):
    """`[party]`: the name must be the one the contract gives this party."""

    role: Role
    name: Label
    contact: Text


class NodeSection(_Section):
    """`[node]`: addresses, processes and patience (seconds)."""

    listen: Address
    peer: Address
    workers: Annotated[int, Field(ge=0, le=256)] = 0  # processes; 0 = every core of the machine
    connect_timeout: Seconds = limits.CONNECT_TIMEOUT  # a reachable node answers well within this
    peer_silence: Seconds = limits.PEER_SILENCE  # a peer that computes says so every few seconds
    run_limit: Seconds = limits.RUN_LIMIT  # a run holds its contract's only turn
    resume_within: Annotated[int, Field(ge=0, le=86_400)] = limits.RESUME_WITHIN  # 0: no journal is kept


class PartnerSection(_Section):
    """`[partner]`: most that all contracts with one partner may spend together in the last `days` days."""

    budget_epsilon: Annotated[Decimal, Field(gt=0, le=1000, decimal_places=6, strict=False)]
    days: Annotated[int, Field(ge=1, le=36_525)] = 365


class LimitsSection(_Section):
    """`[limits]`: what a run may take of this machine."""

    memory: Memory = "2 GB"

    @property
    def bytes(self) -> int:
        """The budget in bytes."""
        number, unit = self.memory.split()
        return int(Decimal(number) * _UNITS[unit])


class KeysSection(_Section):
    """`[keys]`: where the signing key, the certificate and its key are kept."""

    directory: RelativePath = "keys"


class TableFile(_Section):
    """`[data.<table>]`: one file, and the party's own column name of each product column."""

    file: RelativePath
    format: Literal["csv", "parquet", "duckdb"] | None = None  # None: by extension
    query: Annotated[str, StringConstraints(min_length=1, max_length=16_384)] | None = None  # DuckDB only: SQL
    delimiter: Literal[",", ";", "\t", "|"] = ","  # CSV only
    time_zone: TimeZone | None = None  # of times without an offset; None refuses them
    columns: dict[str, ColumnName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_format(self) -> TableFile:
        if self.format is None and PurePosixPath(self.file).suffix.lower() not in {".csv", ".parquet", ".duckdb"}:
            raise _refused("must end in .csv, .parquet or .duckdb, or say format")
        if (self.query is None) != (self.kind != "duckdb"):
            raise _refused("a DuckDB file needs a query, and no other file has one")
        return self

    @property
    def kind(self) -> Literal["csv", "parquet", "duckdb"]:
        """Effective format."""
        if self.format is not None:
            return self.format
        suffix = PurePosixPath(self.file).suffix.lower()
        return "csv" if suffix == ".csv" else "duckdb" if suffix == ".duckdb" else "parquet"

    def own(self, product: str) -> str:
        """The party's own name of a product column."""
        return self.columns.get(product, product)


class PartySettings(_Section):
    """One party's settings. `folder` is where party.toml was found; it is not a setting."""

    folder: Annotated[Path, Field(exclude=True)]
    party: PartySection
    node: NodeSection
    limits: LimitsSection = LimitsSection()
    keys: KeysSection = KeysSection()
    partner: PartnerSection | None = None  # of our own alone: counted in our ledger, by the partner's signing key
    policy: Policy | None = None  # limits of our own; the strictest of both policies and the contract counts
    data: dict[str, TableFile]

    @model_validator(mode="after")
    def _tables_of_the_role(self) -> PartySettings:
        layouts = LAYOUTS[self.party.role]
        for name in sorted(name for name, layout in layouts.items() if name not in self.data and not layout.may_lack):
            raise _refused("[data.{name}] is missing", name=name)
        for name, table in self.data.items():
            _check_table(name, table, layouts.get(name), self.party.role)
        return self

    @property
    def role(self) -> Role:
        """The role this party plays."""
        return self.party.role

    @property
    def key_directory(self) -> Path:
        """Folder of the key files."""
        return self.folder / self.keys.directory

    def path(self, table: str) -> Path:
        """Where the file of a table is."""
        return self.folder / self.data[table].file


def _check_table(name: str, table: TableFile, layout: Layout | None, role: Role) -> None:
    if layout is None:
        raise _refused("[data.{name}] is not a table of the {role}", name=name, role=role)
    for column in sorted(table.columns.keys() - {*layout.required, *layout.optional}):
        raise _refused("data.{name}.columns.{column} is not a column of this table", name=name, column=column)
    if len(set(table.columns.values())) != len(table.columns):
        raise _refused("data.{name}.columns maps two columns to the same one", name=name)
    if table.time_zone is not None and not layout.dated:
        raise _refused("data.{name}.time_zone has no effect: the table has no day", name=name)


def _refused(template: LiteralString, **context: str) -> PydanticCustomError:
    return PydanticCustomError("setting", template, dict(context))


def load_party(folder: Path) -> PartySettings:
    """Read and check `folder`/party.toml.

    SettingsError names the line (syntax) or the dotted key (content) of the first problem.
    """
    document = _parse(folder / FILE_NAME)
    if "folder" in document:
        raise SettingsError("unknown key", where=f"{FILE_NAME}, folder", todo="remove it")
    try:
        return PartySettings.model_validate({**document, "folder": folder})
    except ValidationError as error:
        raise _explain(error.errors(include_url=False, include_input=False)) from None


def _parse(path: Path) -> dict[str, object]:
    try:
        raw = path.read_bytes()
    except OSError:
        raise SettingsError("there is no readable party.toml in this folder", where=FILE_NAME,
                            todo="name the folder of a party, or create one with `cleanroom init`") from None
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"larger than {MAX_FILE_BYTES} bytes", where=FILE_NAME,
                            todo="keep only settings in it")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError("not UTF-8 text", where=f"{FILE_NAME}, line {line}",
                            todo="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        place = f"line {found[1]}" if found else "at its end"
        raise SettingsError("not valid TOML", where=f"{FILE_NAME}, {place}",
                            todo="quote texts, and write each key once as name = value") from None


_TODO: Final = MappingProxyType({
    "extra_forbidden": ("unknown key", "remove it or correct its spelling"),
    "missing": ("this key is missing", "add it"),
    "string_type": ("must be a text", "put it between quotes"),
    "int_type": ("must be a whole number", "write digits without quotes"),
    "dict_type": ("must be a table", "write it as [name] with keys below"),
    "model_type": ("must be a table", "write it as [name] with keys below"),
})


def _explain(details: list[ErrorDetails]) -> SettingsError:
    first = details[0]
    what, todo = _TODO.get(first["type"], (_lower(first["msg"]), "correct it"))
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return SettingsError(what + more, where=f"{FILE_NAME}, {key}" if key else FILE_NAME, todo=todo)


def _lower(message: str) -> str:
    text = message.removeprefix("Value error, ").replace("Input should", "must")
    return text[:1].lower() + text[1:]
