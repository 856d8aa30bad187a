"""The side of a run that its contract's protocol asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cleanroom.identity.values import KeyValues
from cleanroom.measures.compact import Compact
from cleanroom.session.advertiser import AdvertiserSide
from cleanroom.session.retailer import RetailerSide
from cleanroom.session.salted import SaltedAdvertiserSide, SaltedRetailerSide
from cleanroom.session.setup import Setup
from cleanroom.session.side import RunSide


def advertiser_side(setup: Setup, keys: KeyValues, cells: npt.NDArray[np.integer[Any]]) -> RunSide:
    """`keys`: (n, K) normalised values; `cells`: (n,) cell of each person."""
    return (SaltedAdvertiserSide if setup.plan.salted else AdvertiserSide)(setup, keys, cells)


def retailer_side(setup: Setup, keys: KeyValues, columns: Compact) -> RunSide:
    """`keys`: (n, K) normalised values; `columns`: (n, C), capped, column 0 all ones."""
    return (SaltedRetailerSide if setup.plan.salted else RetailerSide)(setup, keys, columns)
