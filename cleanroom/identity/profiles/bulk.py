"""Many e-mail addresses at once: what most of a file looks like, read in one go instead of one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
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

    def read(self, texts: pd.Series) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
        """(n,) results and which of them are known; the others are for the rule. `texts` has a string dtype."""
        typed = rf" *{self.pattern.replace('a-z', 'A-Za-z')} *"
        known = texts.str.fullmatch(typed).fillna(False).to_numpy(dtype=np.bool_)
        folded = texts.where(known).str.strip(" ").str.lower()
        known = known & (folded.str.len().fillna(0) <= limits.MAX_KEY_CHARACTERS).to_numpy(dtype=np.bool_)
        if self.apart:
            domains = "|".join(map(re.escape, sorted(self.apart)))
            known = known & ~folded.str.contains(f"@(?:{domains})$").fillna(False).to_numpy(dtype=np.bool_)
        return folded.to_numpy(dtype=object), known
