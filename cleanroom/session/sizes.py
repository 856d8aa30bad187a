"""How long each list of a run is, in rows and in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cleanroom.aggregate import block_count, part_count
from cleanroom.match.dummies import dummies_per_cell
from cleanroom.match.tokens import ROWS_PER_CHUNK, Tuples
from cleanroom.session.messages import Message, Points
from cleanroom.session.setup import Setup


def point_messages(chunks: Iterable[Tuples]) -> Iterator[Message]:
    """Chunks of a list as messages with their offsets."""
    offset = 0
    for chunk in chunks:
        yield Points(offset, chunk)
        offset += len(chunk)


def message_count(setup: Setup, step: str, cell_sizes: tuple[int, ...], rows: int) -> int:
    """Messages of a step, given the advertiser's padded cell sizes and the retailer's padded row count."""
    plan = setup.plan
    extra = dummies_per_cell(setup.padding, len(plan.contract.match.keys))
    match step:
        case "blinded_cells" | "tokens":
            return sum(_chunks(size) for size in cell_sizes)
        case "reblinded_cells":
            return sum(_chunks(size + extra) for size in cell_sizes)
        case "blinded_values":
            return _chunks(rows)
        case "columns":
            return block_count(rows) * (1 + len(plan.columns))
        case "masked_sums":
            return sum(plan.width(group) for group in plan.groups) * part_count(rows, plan.largest_denominator)
    return 1


def _chunks(rows: int) -> int:
    return -(-rows // ROWS_PER_CHUNK)
