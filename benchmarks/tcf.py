"""How long a TC string takes, decoded anew each time: the published vectors, and the longest that is allowed.

    python benchmarks/tcf.py [--rounds 2000]
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path

from cleanroom.consent.tcf import TcfError, decode
from cleanroom.consent.tcf_decision import refusals

ROOT = Path(__file__).parents[1]
BOUND = 200.0  # microseconds, for a string as they occur


def once(text: str) -> float:
    """Microseconds for one decoding and decision."""
    start = time.perf_counter()
    with suppress(TcfError):
        list(refusals(decode(text), (755,)))
    return 1e6 * (time.perf_counter() - start)


def longest() -> str:
    """Vendors by single ids, as many as an entry count of 12 bits allows."""
    head = "000010" + 2 * format(15_000_000_000, "036b") + 30 * "0" + 12 * "0" + 12 * "0" + "000101" + "10" + 61 * "0"
    ids = "".join("0" + format(number, "016b") for number in range(1, 4096))
    bits = head + 12 * "0" + format(4095, "016b") + "1" + format(4095, "012b") + ids + 16 * "0" + "0" + 12 * "0"
    bits += "0" * (-len(bits) % 24)
    text = base64.urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8, "big")).decode()
    decode(text)
    return text


def main() -> int:
    """Print the medians; 1 when a vector takes longer than the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    document = json.loads((ROOT / "tests" / "vectors" / "tcf_vectors.json").read_text("utf-8"))
    slowest = 0.0
    for vector in [*document["vectors"], *document["negative"]]:
        median = statistics.median(once(vector["tc_string"]) for _ in range(rounds))
        slowest = max(slowest, median)
        print(f"{median:8.1f} us  {len(vector['tc_string']):5} letters  {vector['name']}")
    text = longest()
    print(f"{statistics.median(once(text) for _ in range(20)):8.1f} us  {len(text):5} letters  longest (no bound)")
    print(f"slowest vector: {slowest:.1f} us of {BOUND:.0f}")
    return int(slowest > BOUND)


if __name__ == "__main__":
    sys.exit(main())
