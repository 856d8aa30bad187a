"""Arrow columns in the two forms that the readers know."""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa

Column: TypeAlias = Any  # pyarrow.Array; the library ships no types


def plain(column: Column, repeated: bool) -> Column:
    """One array; texts as large strings, so that 2 GiB of them fit, or as a dictionary of them."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        if not repeated:
            return whole(column.cast(pa.large_string()))
        texts = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        return whole(texts.cast(pa.dictionary(pa.int32(), pa.large_string())))
    return whole(column.cast(kind))


def whole(column: Column) -> Column:
    """One array out of chunks."""
    if isinstance(column, pa.Array):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    found = column.combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
