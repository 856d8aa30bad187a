"""The one mechanism of the product: OpenDP's discrete Laplace. Sampling and accounting use the same object.

OpenDP is a library without files, clock or network of its own, so the core may call it.
"""

from __future__ import annotations

import functools
import math

import opendp.prelude as dp

from cleanroom.errors import MisuseError

dp.enable_features("contrib")  # OpenDP's name for "proof reviewed, not yet vetted for every platform"


def laplace(scale: float) -> dp.Measurement:
    """Adds independent noise P(x) ∝ exp(-|x| / scale) to each i64 of a list (Canonne, Kamath, Steinke 2020).

    `scale` > 0 in the unit of the numbers. MisuseError otherwise: OpenDP reads 0 as "no noise".
    """
    if not (math.isfinite(scale) and scale > 0):
        raise MisuseError("the scale of privacy noise must be finite and above zero")
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale)


@functools.lru_cache(maxsize=1024)  # a contract asks for the same few again and again
def measured_epsilon(scale: float, sensitivity: int) -> float:
    """ε by OpenDP's privacy map: noise of `scale` on totals that one person moves by `sensitivity` in all."""
    return float(laplace(scale).map(sensitivity))  # type: ignore[no-untyped-call]
