"""Days from which the sources of the rules apply, and what each day was checked against.

None was checked against an official gazette, only against what others wrote about it: a lawyer must.
"""

from __future__ import annotations

from datetime import date
from typing import Final

GDPR: Final = date(2018, 5, 25)  # art. 99(2)
# Ordonnance 2018-1125: with its decree (2019-536), at the latest on this day. Law firms' notes of December 2018.
LIL_82: Final = date(2019, 6, 1)
# Guidelines 2020-091 and recommendation 2020-092 of 17 September 2020. The day on which the CNIL published them is not
# checked; the gazette came a day later.
CNIL_2020: Final = date(2020, 10, 1)
# Référentiel 2021-131 of 23 September 2021: Journal officiel of this day by a regulatory database. Shown by the CNIL
# in February 2022.
CNIL_2021: Final = date(2022, 4, 10)
CNIL_2025: Final = date(2025, 12, 30)  # SAN-2025-017, decided; made public on 22 January 2026. Law firms, press
TCF_23: Final = date(2026, 2, 28)  # disclosed vendors mandatory. Documentation of several consent platforms
PRODUCT: Final = date(2026, 1, 1)  # choices of the product [P]
