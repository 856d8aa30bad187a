"""People as numbers: every table's person becomes the row of the roster, so that no later step compares texts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.identity.values import text_array

NOBODY: Final = -1  # an empty id: a row that is tied to no person
STRANGER: Final = -2  # an id that is not in the roster


def numbered(tables: AdvertiserTables | RetailerTables,
             spent: frozenset[str] = frozenset()) -> AdvertiserTables | RetailerTables:
    """The same tables with int64 numbers for person ids: the row of the roster, NOBODY or STRANGER (in `identities` a
    number of its own for each stranger, from STRANGER down: a device of two strangers is not that of one).

    The roster keeps the ids as `id`, and has as `row` the row of each person in its file, from 0. `spent`: tables whose
    people nobody will look for any more.
    """
    ids, roster = tables.roster["person"], text_array(tables.roster["person"])
    changed = {name: frame.assign(person=_numbers(frame["person"], roster, apart=name == "identities"))
               for name, frame in tables.frames().items() if frame is not tables.roster and name not in spent}
    own = tables.roster.assign(person=np.arange(len(ids)), id=ids)
    if "row" not in own:
        own["row"] = np.arange(len(ids))
    return tables.changed({**changed, tables.roster_name: own})


def of_somebody(persons: pd.Series) -> NDArray[np.bool_]:
    """Whether each row names a person, known or not; of ids as texts or as numbers."""
    named = persons != (NOBODY if pd.api.types.is_integer_dtype(persons.dtype) else "")
    return np.asarray(named, dtype=np.bool_)


def _numbers(persons: pd.Series, roster: Any, *, apart: bool) -> NDArray[np.int64]:
    texts = text_array(persons)
    found = pc.fill_null(pc.index_in(texts, value_set=roster).cast(pa.int64()), STRANGER).to_numpy()
    if apart:
        found = np.where(found == STRANGER, STRANGER - texts.dictionary_encode().indices.to_numpy(), found)
    numbers: NDArray[np.int64] = np.where(pc.equal(texts, "").to_numpy(zero_copy_only=False), NOBODY, found)
    return numbers
