"""Both parties, chunk by chunk, into a folder that appears only when everything is in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pa_parquet

from cleanroom.adapters.party import FILE_NAME
from cleanroom.adapters.synth.columns import Flags, Ints
from cleanroom.adapters.synth.consents import draw_choices
from cleanroom.adapters.synth.exposures import draw_contacts
from cleanroom.adapters.synth.keys import draw_keys
from cleanroom.adapters.synth.parameters import Parameters, Part
from cleanroom.adapters.synth.population import draw_people
from cleanroom.adapters.synth.settings import NAMES, PERSON, party_text
from cleanroom.adapters.synth.shopping import draw_baskets, draw_lines, draw_visits
from cleanroom.adapters.synth.tables import advertiser_tables, retailer_tables
from cleanroom.adapters.synth.terms import SALES_CAP, fit, obstacle, terms_text
from cleanroom.adapters.synth.truth import Chunk, Truth
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role
from cleanroom.errors import UsageError
from cleanroom.ports import Progress

TRUTH_NAME: Final = "truth.json"
TERMS_NAME: Final = "terms.toml"


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
    progress.stage("Drawing people", parameters.rows, "people")
    with ExitStack() as files:
        writers: dict[Path, Any] = {}
        for part in parameters.parts():
            chunk, tables = _draw(parameters, part)
            truth.add(chunk)
            for role, found in tables.items():
                for name, table in found.items():
                    path = folder / role / "data" / f"{name}.parquet"
                    if path not in writers:
                        writers[path] = files.enter_context(
                            pa_parquet.ParquetWriter(path, table.schema, compression="zstd"))
                    writers[path].write_table(table)
            progress.advance(part.people)
    progress.done()


def _draw(parameters: Parameters, part: Part) -> tuple[Chunk, dict[Role, dict[str, Any]]]:
    """One chunk: what is known about it, and its tables by role."""
    people = draw_people(parameters, part)
    rows: dict[Role, Ints] = {"advertiser": people.advertiser, "retailer": people.retailer}
    keys = {role: draw_keys(parameters.stream(part, f"{role}_keys"), role, parameters.keys, people.serial[rows[role]])
            for role in ROLES}
    ids = {"advertiser": people.crm_ids(), "retailer": people.member_texts()}
    choices = {role: draw_choices(parameters.stream(part, f"{role}_consents"), ids[role].take(rows[role]),
                                  parameters.refused, NAMES[_peer(role)], PERSON[role]) for role in ROLES}
    random = parameters.stream(part, "purchases")
    baskets = draw_baskets(random, people)
    lines = draw_lines(random, baskets)
    visits = draw_visits(parameters.stream(part, "visits"), people, baskets)
    contacts = draw_contacts(parameters.stream(part, "exposures"), people, baskets)
    own = {role: {name: _spread(key.own, rows[role], len(people)) for name, key in keys[role].items()} for role in ROLES}
    admitted = {role: _spread(choices[role].admitted, rows[role], len(people)) for role in ROLES}
    return Chunk(people, own, admitted, contacts, baskets, lines, visits), {
        "advertiser": advertiser_tables(people, keys["advertiser"], choices["advertiser"], contacts),
        "retailer": retailer_tables(part, people, keys["retailer"], choices["retailer"], baskets, lines, visits),
    }


def _spread(flags: Flags, rows: Ints, size: int) -> Flags:
    """Flags of the people of one side, in its order, as flags of the whole chunk."""
    found = np.zeros(size, dtype=np.bool_)
    found[rows] = flags
    return found
