"""Where a table comes from: `[data.<table>]` and `[databases.<name>]` of party.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cleanroom.adapters.settings_types import ColumnName, RelativePath, Section, refused
from cleanroom.contract.model import TimeZone

Format = Literal["csv", "parquet", "duckdb"]
_FORMATS: Final[dict[str, Format]] = {".csv": "csv", ".parquet": "parquet", ".duckdb": "duckdb"}
_ORIGINS: Final = ("file", "files", "database")


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}|/[^\x00]{1,100}", text):
        raise refused("must be a host name, an address, or the folder of a Unix socket")
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Host = Annotated[str, AfterValidator(_host)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=16_384)]
QualifiedTable = Annotated[str, StringConstraints(pattern=r'^[^".\x00]{1,63}(\.[^".\x00]{1,63})?$')]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,126}$")]


class DatabaseSection(Section):
    """`[databases.<name>]`: a PostgreSQL server. The password is in a file (mode 0600) or a variable, never here."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 5432
    name: ColumnName
    user: ColumnName
    password_file: RelativePath | None = None
    password_env: EnvironmentName | None = None
    root_certificate: RelativePath | None = None  # PEM; None: those of the system
    tls: bool = True  # with the server's certificate and name verified

    @model_validator(mode="after")
    def _consistent(self) -> DatabaseSection:
        if self.password_file is not None and self.password_env is not None:
            raise refused("password_file and password_env do not go together")
        if not self.tls and not self.is_here:
            raise refused("tls may be false only for a Unix socket, 127.0.0.1 or ::1")
        return self

    @property
    def is_here(self) -> bool:
        """Whether the connection stays on this machine."""
        return self.is_socket or self.host in {"127.0.0.1", "::1"}

    @property
    def is_socket(self) -> bool:
        """Whether the host is the folder of a Unix socket."""
        return self.host.startswith("/")


class TableSource(Section):
    """`[data.<table>]`: one origin, and the party's own column name of each product column.

    A `file` (CSV, Parquet; a folder of either when it ends in /), a `query` on a DuckDB `file`, a `query` over `files`,
    or a `table` or `query` of a `database`.
    """

    file: RelativePath | None = None
    files: Annotated[dict[Name, RelativePath], Field(min_length=1)] | None = None
    database: Name | None = None
    table: QualifiedTable | None = None
    query: Query | None = None
    format: Format | None = None  # of a file; None: by extension
    delimiter: Literal[",", ";", "\t", "|"] = ","  # CSV only, as the two below
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "latin-1", "windows-1252"] = "utf-8"
    quoted_newlines: bool = False
    time_zone: TimeZone | None = None  # of times without an offset; None refuses them
    columns: dict[str, ColumnName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_origin(self) -> TableSource:
        if sum(getattr(self, name) is not None for name in _ORIGINS) != 1:
            raise refused("needs one of file, files and database")
        if self.file is not None and self.kind is None and not self.is_folder:
            raise refused("must end in .csv, .parquet, .duckdb or / (a folder), or say format")
        self._check_query()
        self._check_files()
        return self

    def _check_query(self) -> None:
        if self.database is not None and (self.table is None) == (self.query is None):
            raise refused("a database needs a table or a query")
        if self.database is None and self.table is not None:
            raise refused("table is of a database; a DuckDB file needs a query")
        if self.database is None and (self.query is None) != (self.files is None and self.kind != "duckdb"):
            raise refused("a DuckDB file and files need a query, and no other file has one")

    def _check_files(self) -> None:
        used = self.model_fields_set & {"format", "delimiter", "encoding", "quoted_newlines"}
        if self.database is not None and used:
            raise refused("{name} is of a file, and a database has none", name=min(used))
        if self.files is not None and self.format is not None:
            raise refused("format has no effect on files")
        if self.is_folder and self.kind == "duckdb":
            raise refused("a folder holds CSV or Parquet files")
        for path in (self.files or {}).values():
            if not path.endswith("/") and format_of(path) is None:
                raise refused("files must end in .csv, .parquet, .duckdb or / (a folder)")

    @property
    def is_folder(self) -> bool:
        """Whether the file is a folder of files."""
        return self.file is not None and self.file.endswith("/")

    @property
    def kind(self) -> Format | None:
        """Effective format of the file; None: not said, as for a folder."""
        return self.format or format_of(self.file or "")

    @property
    def sql(self) -> str:
        """The query, written or of the whole table; empty for a file."""
        if self.table is None:
            return self.query or ""
        return "TABLE " + ".".join(f'"{part}"' for part in self.table.split("."))

    @property
    def label(self) -> str:
        """How errors name it."""
        if self.file is not None:
            return self.file
        return f"{self.database}: {self.table or 'query'}" if self.database else f"query of {_listed(self.files or {})}"

    def own(self, product: str) -> str:
        """The party's own name of a product column."""
        return self.columns.get(product, product)


def format_of(path: str) -> Format | None:
    """By extension."""
    return None if path.endswith("/") else _FORMATS.get(PurePosixPath(path).suffix.lower())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
