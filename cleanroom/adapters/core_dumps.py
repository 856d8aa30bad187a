"""No copy of this process's memory in a file: it holds keys, scalars and identifiers."""

from __future__ import annotations

import ctypes
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def forbid_core_dumps() -> None:
    """From here on a crash leaves no core file, and on Linux no other process of this user can read our memory.

    A limit of zero does not stop a collector that the kernel pipes dumps to; a process that is not dumpable does
    (core(5), prctl(2)). Child processes start with the limit, and call this for the rest.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
