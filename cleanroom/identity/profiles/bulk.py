"""Many e-mail addresses at once: what most of a file looks like, read in one go instead of one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom import limits


@dataclass(frozen=True, slots=True)
class Plain:
    """Addresses that a profile takes as they are, but for case and spaces around.

    `pattern`: of the result, lower-case ASCII, in the syntax that `re` and RE2 share. `apart`: domains whose addresses
    need the rule itself.
    """

    pattern: str
    apart: frozenset[str] = frozenset()

    def read(self, texts: Any) -> tuple[Any, NDArray[np.bool_]]:
        """(n,) results and which of them are known; the others are for the rule. `texts`: pyarrow large strings
        without nulls, as the results are."""
        typed = rf"\A *(?:{self.pattern.replace('a-z', 'A-Za-z')}) *\z"
        known = pc.match_substring_regex(texts, typed)
        folded = pc.ascii_lower(pc.ascii_trim(pc.if_else(known, texts, pa.scalar("", pa.large_string())), " "))
        known = pc.and_(known, pc.less_equal(pc.binary_length(folded), limits.MAX_KEY_CHARACTERS))
        if self.apart:
            domains = "|".join(map(re.escape, sorted(self.apart)))
            known = pc.and_not(known, pc.match_substring_regex(folded, rf"@(?:{domains})\z"))
        return folded, known.to_numpy(zero_copy_only=False)
