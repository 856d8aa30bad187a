"""Pages that a command writes beside what it prints."""

from __future__ import annotations

from pathlib import Path

from cleanroom.errors import UsageError


def write_page(path: Path, page: str) -> None:
    """Write `page` to the new file `path`. UsageError when it exists or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        raise UsageError("cannot be written: it exists, or its folder does not" if path.exists() or
                         not path.parent.is_dir() else f"cannot be written: {error.strerror}", where=str(path),
                         todo="name a new file in a folder that exists") from None
