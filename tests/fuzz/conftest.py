"""The replay imports the parsers of this folder and the kit of tests/protocol."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "protocol")]
