"""party.toml: who this party is, where its node listens, and which of its columns mean what.

Every path is relative to the folder that holds party.toml and stays inside it. A product column that
`columns` does not mention is looked for under its product name.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from cleanroom import limits
from cleanroom.adapters.hours import Hours
from cleanroom.adapters.layout import LAYOUTS, Layout
from cleanroom.adapters.settings_types import Address, RelativePath, Section, address, refused
from cleanroom.adapters.source_settings import DatabaseSection, Name, TableSource
from cleanroom.contract.model import Label, Role, Text
from cleanroom.contract.policy import Policy
from cleanroom.errors import SettingsError

FILE_NAME: Final = "party.toml"
MAX_FILE_BYTES: Final = 64 * 1024  # settings are read by people
_UNITS: Final = MappingProxyType({"MB": 10**6, "GB": 10**9})


def _cluster(text: str) -> str:
    if not text.startswith("dask://"):
        raise refused("must be dask://host:port; that is always TLS, and nothing without TLS is spoken")
    address(text.removeprefix("dask://"))
    return text


def _memory(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})? (MB|GB)", text):
        raise refused('must be a number and MB or GB, for example "2 GB"')
    return text


def _silence(seconds: int) -> int:
    if seconds < limits.SILENT_BEATS * limits.HEARTBEAT:
        raise refused("must be at least {least} s: a peer that is there gives a sign every {beat} s",
                      least=f"{limits.SILENT_BEATS * limits.HEARTBEAT:g}", beat=f"{limits.HEARTBEAT:g}")
    return seconds


def _hours(text: str) -> str:
    try:
        Hours.parse(text)
    except ValueError as error:
        raise refused("{what}", what=str(error)) from None
    return text


Cluster = Annotated[str, AfterValidator(_cluster)]
Memory = Annotated[str, AfterValidator(_memory)]
Daily = Annotated[str, AfterValidator(_hours)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Silence = Annotated[Seconds, AfterValidator(_silence)]


class PartySection(Section):
    """`[party]`: the name must be the one the contract gives this party."""

    role: Role
    name: Label
    contact: Text


class NodeSection(Section):
    """`[node]`: addresses, processes, patience (seconds), and which runs of a peer it answers when."""

    listen: Address
    peer: Address
    workers: Annotated[int, Field(ge=0, le=256)] = 0  # processes; 0 = every core of the machine
    executor: Cluster | None = None  # scheduler of our own Dask cluster; None: this machine does everything
    connect_timeout: Seconds = limits.CONNECT_TIMEOUT  # a reachable node answers well within this
    peer_silence: Silence = limits.PEER_SILENCE  # a peer that computes says so every few seconds
    run_limit: Seconds = limits.RUN_LIMIT  # a run holds its contract's only turn
    resume_within: Annotated[int, Field(ge=0, le=86_400)] = limits.RESUME_WITHIN  # 0: no journal is kept
    log: Literal["text", "json"] = "text"  # of `cleanroom node`, on stderr
    status: Address | None = None  # of the HTTP side listener; None: there is none
    status_token: RelativePath | None = None  # a file of mode 0600; needed where status is not loopback
    answer: Literal["at once", "approval"] = "at once"  # a person approves each run that a peer dials
    hours: Daily | None = None  # of the day in which such runs begin
    runs: Annotated[int, Field(ge=1, le=64)] = limits.RUNS_AT_ONCE
    queue: Annotated[int, Field(ge=1, le=64)] = limits.QUEUED_RUNS
    attempts_per_hour: Annotated[int, Field(ge=1, le=10_000)] = limits.ATTEMPTS_PER_HOUR
    calls_per_minute: Annotated[int, Field(ge=2 * limits.BAD_CALL, le=100_000)] = limits.CALLS_PER_MINUTE
    wait_limit: Seconds = limits.WAIT_LIMIT

    @property
    def daily(self) -> Hours | None:
        """The hours, parsed."""
        return None if self.hours is None else Hours.parse(self.hours)


class PartnerSection(Section):
    """`[partner]`: most that all contracts with one partner may spend together in the last `days` days."""

    budget_epsilon: Annotated[Decimal, Field(gt=0, le=1000, decimal_places=6, strict=False)]
    days: Annotated[int, Field(ge=1, le=36_525)] = 365


class LimitsSection(Section):
    """`[limits]`: what a run may take of this machine."""

    memory: Memory = "2 GB"

    @property
    def bytes(self) -> int:
        """The budget in bytes."""
        number, unit = self.memory.split()
        return int(Decimal(number) * _UNITS[unit])


class DaskSection(Section):
    """`[dask]`: what this node shows the cluster of `node.executor`, and whom it believes; patience in seconds."""

    ca: RelativePath = "keys/dask/ca.pem"  # trusted for every machine of the cluster, so of this cluster alone
    certificate: RelativePath = "keys/dask/node.pem"
    key: RelativePath = "keys/dask/node.key.pem"
    patience: Seconds = limits.WORKER_PATIENCE  # longest wait for one job, lost workers included


class KeysSection(Section):
    """`[keys]`: where the signing key, the certificate and its key are kept."""

    directory: RelativePath = "keys"


class PartySettings(Section):
    """One party's settings. `folder` is where party.toml was found; it is not a setting."""

    folder: Annotated[Path, Field(exclude=True)]
    party: PartySection
    node: NodeSection
    limits: LimitsSection = LimitsSection()
    keys: KeysSection = KeysSection()
    dask: DaskSection = DaskSection()
    partner: PartnerSection | None = None  # of our own alone: counted in our ledger, by the partner's signing key
    policy: Policy | None = None  # limits of our own; the strictest of both policies and the contract counts
    databases: dict[Name, DatabaseSection] = Field(default_factory=dict)
    data: dict[str, TableSource]

    @model_validator(mode="after")
    def _tables_of_the_role(self) -> PartySettings:
        layouts = LAYOUTS[self.party.role]
        for name in sorted(name for name, layout in layouts.items() if name not in self.data and not layout.may_lack):
            raise refused("[data.{name}] is missing", name=name)
        for name, table in self.data.items():
            _check_table(name, table, layouts.get(name), self.party.role)
            if table.database is not None and table.database not in self.databases:
                raise refused("data.{name}.database: there is no [databases.{database}]", name=name,
                              database=table.database)
        return self

    @property
    def role(self) -> Role:
        """The role this party plays."""
        return self.party.role

    @property
    def key_directory(self) -> Path:
        """Folder of the key files."""
        return self.folder / self.keys.directory


def _check_table(name: str, table: TableSource, layout: Layout | None, role: Role) -> None:
    if layout is None:
        raise refused("[data.{name}] is not a table of the {role}", name=name, role=role)
    for column in sorted(table.columns.keys() - {*layout.required, *layout.optional}):
        raise refused("data.{name}.columns.{column} is not a column of this table", name=name, column=column)
    if len(set(table.columns.values())) != len(table.columns):
        raise refused("data.{name}.columns maps two columns to the same one", name=name)
    if table.time_zone is not None and not layout.dated:
        raise refused("data.{name}.time_zone has no effect: the table has no day", name=name)


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
