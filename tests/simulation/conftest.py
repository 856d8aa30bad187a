"""The tiny parties of tests/node, smaller still, in memory where the machine has a file system there."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "node"))

import cleanroom.node  # noqa: F401  # isort: skip  # before gRPC: it reads its settings when it is loaded
import pytest
from lists import QUIET, Play
from player import Player
from shrink import shortest
from tiny import Tiny

from parties import small_parties

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def room() -> Iterator[Path]:
    """A folder for the parties' files."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(room: Path) -> Tiny:
    """The parties that each list begins with. They can finish a run: any list would pass with some that cannot."""
    parties, folder = small_parties(room / "template"), room / "quiet"
    folder.mkdir()
    player = Player(QUIET, parties, folder)
    player.run()
    assert "advertiser: match finished" in player.said, player.said
    shutil.rmtree(folder)
    return parties


@pytest.fixture(scope="session")
def play(template: Tiny, room: Path) -> Callable[[Play], None]:
    """Play one list. AssertionError with the shortest one that fails as it does."""
    def once(each: Play) -> Exception | None:
        folder = room / "play"
        try:
            folder.mkdir()
            Player(each, template, folder).run()
        except Exception as error:
            return error
        finally:
            shutil.rmtree(folder)
        return None

    def check(each: Play) -> None:
        error = once(each)
        if error is not None:
            found = shortest(each, lambda less: type(once(less)) is type(error))
            raise AssertionError(f"{error}\nKeep this list in found.py:\n{found}") from error

    return check
