"""PostgreSQL: all tables of one reading in one read-only snapshot, as Arrow batches.

The password is read when the connection is opened, goes into the connection and is not kept. Messages of server and
driver may quote rows, so that of an error only the SQLSTATE (PostgreSQL's table of error codes) is shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from cleanroom import limits
from cleanroom.adapters.private_files import OWNER_ONLY, read_checked
from cleanroom.adapters.source_settings import DatabaseSection
from cleanroom.errors import DataError, SettingsError

# One state of the data for all queries; rows in the same order each time; no endless wait for who locks a table.
_SNAPSHOT: Final = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                    "SET LOCAL synchronize_seqscans = off", "SET LOCAL max_parallel_workers_per_gather = 0",
                    "SET LOCAL lock_timeout = '60s'")
_LIBPQ_VARIABLE: Final = re.compile(r"PG[A-Z]")  # libpq takes what we do not say from these
_OF_THE_SERVER: Final = {"PGDATA"}
_NO_FILE: Final = "/dev/null/none"  # cannot exist; an empty name would be ~/.pgpass


class Postgres:
    """An `Engine`: a connection with an open transaction. Close it at the end. `name`: of the section in party.toml."""

    changed = None

    def __init__(self, section: DatabaseSection, name: str, folder: Path) -> None:
        driver = _driver(name)
        self._error: type[Exception] = driver.Error
        with self._refusing(f"databases.{name}"):
            self._connection = driver.connect(_conninfo(section, name, folder))  # begins a transaction
            for statement in _SNAPSHOT:
                with self._connection.cursor() as cursor:
                    cursor.execute(statement)

    def __repr__(self) -> str:
        return "Postgres"

    def columns(self, query: str, where: str) -> list[tuple[str, str]]:
        """See `query.Engine`. Types that Arrow has no plain form for (numeric, uuid, enumerations) become texts."""
        with self._refusing(where), self._connection.cursor() as cursor:
            schema = cursor.adbc_execute_schema(query)
        return [(field.name, _quoted(field.name) + ("::text" if isinstance(field.type, pa.BaseExtensionType) else ""))
                for field in schema]

    @contextmanager
    def ask(self, query: str, where: str) -> Iterator[Any]:
        """See `query.Engine`."""
        with self._refusing(where), self._answer(query) as reader:
            yield reader

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(self._error):
            self._connection.close()

    @contextmanager
    def _answer(self, query: str) -> Iterator[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            yield cursor.fetch_record_batch()

    @contextmanager
    def _refusing(self, where: str) -> Iterator[None]:
        try:
            yield
        except (self._error, pa.ArrowException, OSError) as error:
            state = getattr(error, "sqlstate", None)  # the driver has none for rows on their way
            raise DataError(f"the database refused (SQLSTATE {state})" if state else
                            "the database cannot be reached, went away, or cannot give these rows", where=where,
                            todo="try the same settings and query in psql") from None


def _driver(name: str) -> Any:
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415  an extra
    except ImportError:
        raise SettingsError("the PostgreSQL driver is not installed", where=f"databases.{name}",
                            todo="install cleanroom[postgres]") from None
    return dbapi


def _conninfo(section: DatabaseSection, name: str, folder: Path) -> str:
    """Keywords of libpq. A server that falls silent is noticed within a minute. Settings come from party.toml alone."""
    for found in sorted(os.environ):
        if _LIBPQ_VARIABLE.match(found) and found not in {section.password_env, *_OF_THE_SERVER}:
            raise SettingsError(f"the environment variable {found} would change the connection",
                                where=f"databases.{name}", todo="unset it; party.toml says where and how to connect")
    here = {"hostaddr": section.host} if section.is_here and not section.is_socket else {}
    wanted = {**here, "host": section.host, "port": section.port, "dbname": section.name, "user": section.user,
              "connect_timeout": limits.CONNECT_TIMEOUT, "application_name": "cleanroom", "client_encoding": "UTF8",
              "keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000,
              "gssencmode": "disable", "passfile": _NO_FILE,
              **_tls(section, folder), **_password(section, name, folder)}
    return " ".join(f"{key}={_value(str(value))}" for key, value in wanted.items())


def _tls(section: DatabaseSection, folder: Path) -> dict[str, str]:
    if section.is_socket or not section.tls:
        return {"sslmode": "disable"}
    roots = "system" if section.root_certificate is None else str(folder / section.root_certificate)
    return {"sslmode": "verify-full", "sslrootcert": roots}


def _password(section: DatabaseSection, name: str, folder: Path) -> dict[str, str]:
    if section.password_env is not None:
        if section.password_env not in os.environ:
            raise SettingsError("the environment variable is not set", where=f"databases.{name}.password_env",
                                todo="set it for this process only")
        return {"password": os.environ[section.password_env]}
    if section.password_file is None:
        return {}
    todo = "write the password to it, and nothing else"
    data = read_checked(folder / section.password_file, limits.MAX_TEXT, SettingsError, OWNER_ONLY, todo)
    try:
        return {"password": data.decode("utf-8").rstrip("\r\n")}
    except UnicodeDecodeError:
        raise SettingsError("not UTF-8 text", where=f"databases.{name}.password_file", todo=todo) from None


def _value(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
