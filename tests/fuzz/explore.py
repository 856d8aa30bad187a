"""Coverage-guided fuzzing of each parser for a bounded time, from the corpus: `make fuzz SECONDS=60`.

An input that raises anything but a CleanroomError, takes ten seconds or a gigabyte is written to the corpus as
`crash-…`, `timeout-…` or `oom-…`, and the exit code is 1. `make test` replays the corpus.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 65_536  # bytes of an input
ALWAYS = ["-timeout=10", "-rss_limit_mb=1024", "-verbosity=0"]


def fuzz_one(name: str, seconds: int, seed: int) -> None:
    """In a process of its own: explore one parser. Ends the process."""
    import atheris

    with atheris.instrument_imports(include=["cleanroom"]):
        from parsers import check

    with tempfile.TemporaryDirectory() as found:
        atheris.Setup([sys.argv[0], *ALWAYS, f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-seed={seed}",
                       f"-artifact_prefix={CORPUS / name}/", found, str(CORPUS / name)],
                      lambda data: check(name, bytes(data)))
        atheris.Fuzz()


def explore(name: str, seconds: int, seed: int) -> bool:
    """In a process of its own: whether an input was found for a parser."""
    command = [sys.executable, __file__, "--inside", "--only", name, "--seconds", str(seconds),
               "--seed", str(seed)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = "\n".join(line for line in done.stdout.splitlines() if not line.startswith("INFO"))
    said = f"found an input\n{told}" if done.returncode else "nothing found"
    print(f"{name:<16} {said}", flush=True)  # noqa: T201
    return done.returncode != 0


def main() -> int:
    """Explore every parser, or one, as many at once as there are cores; 1 when an input was found."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=20, help="for each parser")
    arguments.add_argument("--seed", type=int, default=0, help="the same choices again; 0: others each time")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.inside:
        fuzz_one(asked.only, asked.seconds, asked.seed)
    names = [folder.name for folder in sorted(CORPUS.iterdir()) if asked.only in ("", folder.name)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return int(any(list(pool.map(partial(explore, seconds=asked.seconds, seed=asked.seed), names))))


if __name__ == "__main__":
    sys.exit(main())
