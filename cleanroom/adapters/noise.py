"""Noise from OpenDP's exact samplers."""

from __future__ import annotations

from typing import Final

from cleanroom.disclosure.mechanism import laplace
from cleanroom.errors import MisuseError

_BATCH: Final = 65_536  # draws of one call into OpenDP, 0.8 s


class OpenDPNoise:
    """`ports.Noise` on OpenDP's discrete Laplace, whose privacy map also does the accounting."""

    def laplace(self, scale: float, size: int) -> list[int]:
        """`size` independent draws, P(x) ∝ exp(-|x| / scale). MisuseError for scale ≤ 0 or size < 0."""
        if size < 0:
            raise MisuseError("a number of draws cannot be negative")
        mechanism = laplace(scale)
        drawn: list[int] = []
        while (missing := size - len(drawn)) > 0:
            drawn += mechanism([0] * min(missing, _BATCH))
        return drawn

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        """The same centred on `high // 2` and conditioned on 0 ≤ x ≤ high; `high` even, else MisuseError.

        Rejection: a draw outside is thrown away and drawn again, which gives exactly that distribution.
        """
        if high < 0 or high % 2:
            raise MisuseError("the upper end of truncated noise is an even number, zero or more")
        centre = high // 2
        kept: list[int] = []
        while (missing := size - len(kept)) > 0:
            draws = self.laplace(scale, min(2 * missing + 16, _BATCH))
            kept += [centre + x for x in draws if abs(x) <= centre][:missing]
        return kept
