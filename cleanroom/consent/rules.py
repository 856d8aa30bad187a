"""The consent rules as data: id, source, text in two languages, and what refuses.

They are product rules derived from public texts, not legal advice. A person is counted at the first rule that
refuses, in the order of `PERSON_RULES`: an unreadable record first, because no other rule can trust it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.consent.events import Mask
from cleanroom.consent.subjects import Subjects
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule says, as printed in reports."""

    id: str
    source: str
    english: str
    french: str


@dataclass(frozen=True, slots=True)
class PersonRule(Rule):
    """A rule about a person; `refuses` gives True where the person may not take part."""

    refuses: Callable[[Subjects], Mask]


READABLE: Final = PersonRule(
    "R-15", "GDPR art. 5(2)",
    "A consent record that is unknown, missing or unreadable counts as a refusal.",
    "Un enregistrement de consentement inconnu, absent ou illisible vaut refus.",
    lambda people: ~people.recorded | ~people.readable | people.unknown,
)
GIVEN: Final = PersonRule(
    "R-01", "GDPR art. 4(11), 6(1)(a)",
    "Consent was given for exactly this purpose; a marketing opt-in or a legitimate interest never counts.",
    "Le consentement a été donné pour cette finalité précise ; un accord de prospection ou un intérêt "
    "légitime ne compte jamais.",
    lambda people: ~people.ever_given | (people.given & ~people.on_consent),
)
STANDING: Final = PersonRule(
    "R-05", "GDPR art. 7(3); CNIL 2025-131",
    "No later withdrawal, refusal or expiry: account scope beats device scope, the last event wins, a "
    "withdrawal wins ties.",
    "Aucun retrait, refus ni expiration ultérieur : le compte l'emporte sur l'appareil, le dernier événement "
    "l'emporte, un retrait l'emporte à égalité.",
    lambda people: ~people.given | ~people.live,
)
PARTNER: Final = PersonRule(
    "R-02", "CNIL, partners, 2018",
    "The partner is named among the recipients the person consented to.",
    "Le partenaire est nommé parmi les destinataires auxquels la personne a consenti.",
    lambda people: ~people.partner_named,
)
SUPPRESSED: Final = PersonRule(
    "R-06", "GDPR art. 17, 21",
    "The person is not on the suppression list and has raised no objection.",
    "La personne n'est pas sur la liste d'opposition et n'a pas exprimé d'opposition.",
    lambda people: people.suppressed | people.objected,
)
LOOKBACK: Final = Rule(
    "R-11", "GDPR art. 5(1)(e); CNIL, Teemo, 2018",
    "Exposures and purchases outside the contract's look-back are dropped.",
    "Les expositions et les achats hors de la période de recul du contrat sont écartés.",
)

PERSON_RULES: Final = (READABLE, GIVEN, STANDING, PARTNER, SUPPRESSED)


def first_refusal(people: Subjects) -> NDArray[np.intp]:
    """Index into PERSON_RULES of the first rule that refuses each person, -1 for those who may take part."""
    verdicts = np.stack([rule.refuses(people) for rule in PERSON_RULES], axis=1)
    return np.where(verdicts.any(axis=1), verdicts.argmax(axis=1), -1)


def lookback(contract: Contract) -> tuple[date, date]:
    """First day (inclusive) and last day (exclusive) of R-11; the last one ends the last purchase window."""
    _, until = window_of(contract.calendar, Plan(contract).periods - 1)
    return until - timedelta(days=contract.consent.lookback_days), until


def inside_lookback(days: pd.Series, contract: Contract) -> Mask:
    """Whether each day (datetime64, midnight, contract time zone) is inside the look-back."""
    first, until = lookback(contract)
    return np.asarray((days >= pd.Timestamp(first)) & (days < pd.Timestamp(until)), dtype=bool)
