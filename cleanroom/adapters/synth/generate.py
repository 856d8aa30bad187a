"""Both parties, chunk by chunk, into a folder that appears only when everything is in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from cleanroom.adapters.party import FILE_NAME
from cleanroom.adapters.synth.columns import Flags
from cleanroom.adapters.synth.consents import Choices, draw_choices
from cleanroom.adapters.synth.exposures import draw_contacts
from cleanroom.adapters.synth.keys import Key, draw_keys
from cleanroom.adapters.synth.parameters import Parameters, Part
from cleanroom.adapters.synth.population import People, draw_people
from cleanroom.adapters.synth.settings import NAMES, PERSON, party_text
from cleanroom.adapters.synth.shopping import draw_baskets, draw_lines, draw_visits
from cleanroom.adapters.synth.tables import advertiser_tables, retailer_tables
from cleanroom.adapters.synth.terms import SALES_CAP, fit, obstacle, terms_text
from cleanroom.adapters.synth.truth import Chunk, Truth
from cleanroom.contract.check import ROLES
from cleanroom.contract.keys import KeyType
from cleanroom.contract.model import Role, other
from cleanroom.errors import UsageError
from cleanroom.ports import Progress

Tables: TypeAlias = Mapping[Role, Mapping[str, Any]]  # pyarrow tables of one chunk, by role and name

TRUTH_NAME: Final = "truth.json"
TERMS_NAME: Final = "terms.toml"
# Columns of few words; a dictionary of ids would only cost memory.
_WORDS: Final = ["relation", "segment", "medium", "operation", "type", "test_group", "department", "sales_channel",
                 "store_region", "purpose", "legal_basis", "status", "scope", "recipients", "channel", "method",
                 "notice_id", "notice_sha256", "last_activity_kind"]


def write_synth(out: Path, parameters: Parameters, progress: Progress) -> dict[str, Any]:
    """Write `out`/advertiser, `out`/retailer, terms.toml and truth.json; return what truth.json says.

    UsageError when `out` exists, its parent does not, or the people are too few for a contract. The files are made
    in a temporary folder beside `out`, which is renamed at the end and removed on failure.
    """
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists already", todo="choose another folder, or remove it")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"{out.absolute().parent} is not a folder", todo="make it first")
    shape = fit(parameters)
    terms = {**shape.document(), "sales_cap_cents": SALES_CAP, "obstacle": obstacle(parameters, shape)}
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.absolute().parent))
    try:
        truth = Truth(parameters, shape.keys, SALES_CAP)
        _write_parties(building, parameters, truth, progress)
        document = truth.document(terms)
        (building / TERMS_NAME).write_text(terms_text(parameters, shape, truth.cost_cents), "utf-8")
        (building / TRUTH_NAME).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        building.rename(out)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return document


def _write_parties(folder: Path, parameters: Parameters, truth: Truth, progress: Progress) -> None:
    for role in ROLES:
        (folder / role / "data").mkdir(parents=True)
        (folder / role / FILE_NAME).write_text(party_text(role, parameters), "utf-8")
    progress.stage("synth", parameters.rows)
    write_tables(folder, _chunks(parameters, truth, progress))
    progress.done()


def _chunks(parameters: Parameters, truth: Truth, progress: Progress) -> Iterator[Tables]:
    for part in parameters.parts():
        chunk, tables = _draw(parameters, part, truth.keys)
        truth.add(chunk)
        yield tables
        progress.advance(part.people)


def write_tables(folder: Path, chunks: Iterable[Tables]) -> None:
    """Append the tables of each chunk to `folder`/ROLE/data/NAME.parquet; the folders are there, the files are not."""
    with ExitStack() as files:
        writers: dict[Path, Any] = {}
        for tables in chunks:
            for role, found in tables.items():
                for name, table in found.items():
                    path = folder / role / "data" / f"{name}.parquet"
                    if path not in writers:
                        writers[path] = files.enter_context(
                            pa_parquet.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=_WORDS))
                    writers[path].write_table(table)


def _draw(parameters: Parameters, part: Part, agreed: tuple[KeyType, ...]) -> tuple[Chunk, Tables]:
    """One chunk: everything that is known about it, and its tables by role. `agreed`: the contract's key types."""
    people = draw_people(parameters, part)
    keys = {role: _keys(parameters, part, people, role) for role in ROLES}
    choices = {role: _choices(parameters, part, people, role) for role in ROLES}
    random = parameters.stream(part, "purchases")
    baskets = draw_baskets(random, people)
    lines = draw_lines(random, baskets)
    visits = draw_visits(parameters.stream(part, "visits"), people, baskets)
    contacts = draw_contacts(parameters.stream(part, "exposures"), people, baskets)
    own = {role: {name: people.spread(role, key.own) for name, key in keys[role].items()} for role in ROLES}
    admitted = {role: people.spread(role, _admitted(choices[role], [keys[role][name] for name in agreed]))
                for role in ROLES}
    return Chunk(people, own, admitted, contacts, baskets, lines, visits), {
        "advertiser": advertiser_tables(people, keys["advertiser"], choices["advertiser"], contacts),
        "retailer": retailer_tables(part, people, keys["retailer"], choices["retailer"], baskets, lines, visits),
    }


def _keys(parameters: Parameters, part: Part, people: People, role: Role) -> dict[KeyType, Key]:
    random = parameters.stream(part, "advertiser_keys" if role == "advertiser" else "retailer_keys")
    return draw_keys(random, role, parameters.keys, people.serial[people.rows(role)])


def _admitted(choices: Choices, keys: list[Key]) -> Flags:
    """Who takes part: who shares a key of the contract with somebody refused does not."""
    admitted = choices.admitted
    for key in keys:
        admitted = admitted & choices.admitted[key.mate]
    return admitted


def _choices(parameters: Parameters, part: Part, people: People, role: Role) -> Choices:
    random = parameters.stream(part, "advertiser_consents" if role == "advertiser" else "retailer_consents")
    ids = people.ids(role).take(pa.array(people.rows(role)))
    return draw_choices(random, ids, parameters.refused, partner=NAMES[other(role)], person=PERSON[role])
