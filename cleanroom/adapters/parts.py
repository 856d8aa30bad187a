"""A party's tables in parts that fit the memory: every row of a person, from every table, is in one part.

Files are read once, a batch at a time, checked as a whole read would check them, and their rows go to the pile of their
person's part. Rows of nobody are spread evenly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.readers import Terms, fresh, load_all, require_rows, tables_of, typed
from cleanroom.adapters.reading import RawTable, Reading
from cleanroom.adapters.rows_by_part import RowsByPart
from cleanroom.adapters.sources.base import changed
from cleanroom.consent.files import allowed_columns
from cleanroom.contract.model import Contract
from cleanroom.identity.devices import TIED_BY, tie
from cleanroom.identity.numbering import numbered, of_somebody
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.identity.values import packed, repeated_hashes, text_array, text_hashes
from cleanroom.ports import Scratch
from cleanroom.preparation import OnePart, Parts

_BATCH: Final = 131_072  # rows read at once
_SHARE: Final = 20  # of the budget that one part may take as texts: the steps that follow hold several copies
_WAITING: Final = 40  # of the budget that rows on the way to their parts may take
_MOST_PARTS: Final = 512
_LEAST_PART: Final = 1 << 20  # bytes; smaller ones would cost more time than memory
_UNIQUE: Final = frozenset({"people", "members", "arms"})  # one row a person
_ROSTERS: Final = frozenset({"people", "members"})
_SUPPRESSIONS: Final = "suppressions"  # read first: a list that is too old is refused
_JUDGED: Final = frozenset({*_ROSTERS, "consents", _SUPPRESSIONS})  # what the consent rules look at

Tables = AdvertiserTables | RetailerTables


def load_parts(settings: PartySettings, contract: Contract, now: datetime, scratch: Scratch, budget: int) -> Parts:
    """All tables of the party, checked before this returns, in as many parts as a memory of `budget` bytes needs.

    Persons are numbered within their part. DataError as `readers.load_tables`; MachineError when there is no room.
    """
    with Reading(settings) as reading:
        size = reading.size()
        count = _count(size, budget)
        if count <= 1:
            return OnePart(numbered(load_all(reading, contract, now)))
        scratch.require(size)
        rooms = _Rooms(scratch, count, budget // _WAITING)
        nothing = RowsByPart((), 0)
        devices = rooms.new() if "identities" in reading.layouts else nothing
        return _Spread(settings, {each: _Table(reading, each, contract, now, rooms.new(),
                                               devices if each == "exposures" else nothing)
                                  for each in sorted(reading.layouts, key=_SUPPRESSIONS.__ne__)}, rooms)


def part_count(settings: PartySettings, budget: int) -> int:
    """How many parts `load_parts` will make; 0 or 1: none."""
    with Reading(settings) as reading:
        return _count(reading.size(), budget)


def _count(size: int, budget: int) -> int:
    return min(_MOST_PARTS, size // _LEAST_PART, -(-_SHARE * size // budget))


class _Rooms(NamedTuple):
    """What the rows of each table are given: as many piles as there are parts, and bytes to wait in."""

    scratch: Scratch
    parts: int
    room: int

    def new(self) -> RowsByPart:
        """For one table."""
        return RowsByPart(self.scratch.piles(self.parts), self.room)


class _Spread:
    """`preparation.Parts` out of piles."""

    def __init__(self, settings: PartySettings, tables: dict[str, _Table], rooms: _Rooms) -> None:
        self._settings, self._tables, self._rooms = settings, tables, rooms

    def __repr__(self) -> str:
        return f"Parts({len(self)})"

    def __len__(self) -> int:
        return self._rooms.parts

    def people(self, number: int) -> Tables:
        """See `preparation.Parts`."""
        return self._part({name: table.look(number) if name in _JUDGED else table.empty
                           for name, table in self._tables.items()})

    def tie(self, agreed: Sequence[NDArray[np.bool_]]) -> Mapping[str, int]:
        """See `preparation.Parts`. Logins and exposures of a device meet in the part of the device."""
        logins, untied = self._tables.get("identities"), Counter[str]()
        if logins is None or TIED_BY not in self._tables["exposures"].empty:
            return untied
        spread = self._rooms.new()
        for number, flags in enumerate(agreed):
            people, frame = text_array(self._tables["people"].look(number)["person"]), logins.take(number)
            known = pc.is_in(text_array(frame["person"]), value_set=people.filter(pa.array(flags)))
            flagged = frame.assign(agreed=known.to_numpy(zero_copy_only=False))
            spread.add(flagged, _places(frame["device"], len(self)))
        empty = logins.empty.assign(agreed=np.zeros(0, dtype=np.bool_))
        for number in range(len(self)):
            untied.update(self._tables["exposures"].tie(number, spread.take(number, empty)))
        return untied

    def take(self, number: int) -> Tables:
        """See `preparation.Parts`."""
        return self._part({name: table.take(number) for name, table in self._tables.items()}, _JUDGED)

    def _part(self, frames: dict[str, pd.DataFrame], spent: frozenset[str] = frozenset()) -> Tables:
        pa.default_memory_pool().release_unused()
        return numbered(tables_of(self._settings.role, frames), spent)


class _Table:
    """The rows of one table by part, and a frame of its columns without rows. `devices`: for the rows of nobody that
    name a device, by device, until they are tied to people."""

    def __init__(self, reading: Reading, name: str, contract: Contract, now: datetime, rows: RowsByPart,
                 devices: RowsByPart) -> None:
        self._name, self._contract, self._now, self._rows, self._devices = name, contract, now, rows, devices
        seen = [self._spread(raw, frame) for raw, frame in self._frames(reading)]
        rows.flush()  # the next table needs the room
        devices.flush()
        if name in _UNIQUE:
            self._refuse_repeated(reading, np.concatenate(seen))

    def look(self, number: int) -> pd.DataFrame:
        """One part, which stays."""
        return self._rows.look(number, self.empty)

    def take(self, number: int) -> pd.DataFrame:
        """One part, once."""
        return self._rows.take(number, self.empty)

    def tie(self, number: int, logins: pd.DataFrame) -> Mapping[str, int]:
        """Move the rows of a part of the devices to the parts of their people; see `identity.devices.tie`."""
        rows = self._devices.take(number, self.empty).astype({"person": "str"})
        logins = logins.astype({"person": "str"})
        frame, untied = tie(rows, logins, pd.Index(logins["person"][logins["agreed"]].unique()))
        self._by_person(frame.astype({TIED_BY: "str"}), 0)
        return untied

    def _frames(self, reading: Reading) -> Iterator[tuple[RawTable, pd.DataFrame]]:
        terms, name = Terms.of(self._contract), self._name
        layout = reading.layouts[name]
        # Ids hardly repeat inside a batch, so a dictionary of them would only cost time.
        layout = replace(layout, repeated=tuple(each for each in layout.repeated if each != "person"))
        for raw in reading.batches(name, layout, _BATCH, allowed_columns(self._contract, name)):
            if raw.first == 0:
                require_rows(name, raw)
            if name == _SUPPRESSIONS:
                fresh(raw, self._now)
            frame = typed(name, raw, terms)
            if self._devices and "device" in frame:
                frame[TIED_BY] = pd.Series("", index=frame.index, dtype="str")
            if raw.first == 0:
                self.empty = frame.iloc[:0]
            yield raw, frame

    def _spread(self, raw: RawTable, frame: pd.DataFrame) -> NDArray[np.uint64]:
        """Add a batch to the parts; the hashes of its persons."""
        if TIED_BY in frame:
            seen = (~of_somebody(frame["person"])) & (frame["device"] != "").to_numpy(dtype=np.bool_)
            self._devices.add(frame[seen], _places(frame["device"][seen], len(self._devices)))
            frame = frame[~seen]
        return self._by_person(frame, raw.first)

    def _by_person(self, frame: pd.DataFrame, first: int) -> NDArray[np.uint64]:
        """Rows from number `first` on go to the parts of their persons; the hashes of these."""
        ids = text_array(frame["person"])
        hashes, row = text_hashes(packed(ids)), np.arange(first, first + len(frame))
        nobody = pc.equal(ids, "").to_numpy(zero_copy_only=False)
        part = np.where(nobody, row, (hashes >> np.uint64(16)).astype(np.int64)) % len(self._rows)
        self._rows.add(frame.assign(row=row) if self._name in _ROSTERS else frame, part)
        return hashes

    def _refuse_repeated(self, reading: Reading, hashes: NDArray[np.uint64]) -> None:
        """DataError at the second row of a person. Hashes only say whether to look; then the table is read again, and
        must be the same people, in any order: a query may give its rows in another."""
        suspects = repeated_hashes(hashes)
        if not len(suspects):
            return
        seen, again = set[str](), list[NDArray[np.uint64]]()
        for raw, frame in self._frames(reading):
            persons = frame["person"].astype("str")
            again.append(text_hashes(packed(text_array(frame["person"]))))
            for row in np.flatnonzero(np.isin(again[-1], suspects)).tolist():
                if persons.iloc[row] in seen:
                    raise raw.error("this person already has a row", "person", row, "keep one row per person")
                seen.add(persons.iloc[row])
        if not np.array_equal(np.sort(np.concatenate(again)), np.sort(hashes)):
            raise changed(raw.file)


def _places(devices: pd.Series, parts: int) -> NDArray[np.int64]:
    """The part of each device."""
    return (text_hashes(packed(text_array(devices))) >> np.uint64(16)).astype(np.int64) % parts
