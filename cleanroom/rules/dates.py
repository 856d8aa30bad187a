"""Days from which the sources of the rules apply."""

from __future__ import annotations

from datetime import date
from typing import Final

GDPR: Final = date(2018, 5, 25)
LIL_82: Final = date(2019, 6, 1)  # ordonnance 2018-1125
CNIL_2020: Final = date(2020, 10, 1)  # guidelines 2020-091 and recommendation 2020-092, published that day
CNIL_2021: Final = date(2022, 2, 3)  # référentiel 2021-131, publication
CNIL_2025: Final = date(2025, 12, 30)  # SAN-2025-017
TCF_23: Final = date(2026, 2, 28)  # disclosed vendors mandatory
PRODUCT: Final = date(2026, 1, 1)  # choices of the product [P]
