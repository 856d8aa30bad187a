"""A Parquet file that is read in batches is not in memory as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from cleanroom.adapters.sources.base import WatchedFile
from cleanroom.adapters.sources.parquet_file import ParquetFile

ROWS, GROUP = 20_000, 500


def test_batches_that_were_read_are_let_go(tmp_path: Path) -> None:
    path, rng = tmp_path / "people.parquet", np.random.default_rng(1)
    table = pa.table({"person": [rng.bytes(200).hex() for _ in range(ROWS)]})
    pa_parquet.write_table(table, path, row_group_size=GROUP, use_dictionary=False, compression="none")
    del table
    before, rows, most = pa.total_allocated_bytes(), 0, 0
    for columns in ParquetFile(WatchedFile(path, "people.parquet")).batches(["person"], frozenset(), GROUP):
        rows += len(columns["person"])
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == ROWS
    assert most < path.stat().st_size / 4
