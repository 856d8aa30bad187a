"""Match keys in the disorder in which they stand in customer files, and which of them still tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.adapters.synth.columns import Array, Flags, Ints, digits, joined, pick
from cleanroom.adapters.synth.homes import HOME_FORMS, USABLE_HOMES, homes
from cleanroom.contract.keys import KeyType
from cleanroom.contract.model import Role

# Share of people whose key a side has at all.
PRESENCE: Final[Mapping[Role, Mapping[KeyType, float]]] = MappingProxyType({
    "advertiser": MappingProxyType({"email": 0.93, "phone": 0.60, "loyalty": 0.55, "postal": 0.70}),
    "retailer": MappingProxyType({"email": 0.75, "phone": 0.65, "loyalty": 0.98, "postal": 0.85}),
})
_FIRST: Final = ("ada", "ahmed", "alice", "amelie", "anna", "bruno", "camille", "carla", "chloe", "clara", "daniel",
                 "elena", "emma", "farid", "greta", "hugo", "ines", "jonas", "julia", "karim", "laura", "leo", "lina",
                 "louis", "manon", "marie", "mila", "nadia", "noah", "olga", "paul", "rosa", "sami", "sara", "theo",
                 "zoe")
_LAST: Final = ("baker", "bell", "brooks", "carter", "clark", "cole", "cooper", "cruz", "diaz", "dubois", "evans",
                "fontaine", "foster", "garcia", "green", "harris", "hill", "kelly", "king", "lambert", "lopez",
                "martin", "mercier", "meyer", "moore", "morel", "ortiz", "perez", "price", "reyes", "ross", "roux",
                "ruiz", "stone", "turner", "vidal", "walker", "weber", "wood", "young")
_DOMAINS: Final = ("example.org", "example.com", "example.net", "mail.example.org", "post.example.net")  # RFC 2606
# Multipliers prime to ten: every person has an own number, see population.
_MAIL, _MAIL_MODULUS = 6_180_339_887, 10**8
_PHONE, _PHONE_MODULUS = 7_046_029_253, 10**10
_CARD, _CARD_MODULUS = 4_294_967_291, 10**10

_EMAIL_FORMS: Final = (0.70, 0.06, 0.08, 0.06, 0.03, 0.03, 0.02, 0.02)  # in the order of `_emails`
_PHONE_FORMS: Final = (0.40, 0.30, 0.15, 0.12, 0.03)  # in the order of `_phones`
_CARD_FORMS: Final = (0.60, 0.25, 0.15)  # in the order of `_cards`


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Key:
    """One key type of a side: texts as typed (null when missing), and whether each is the person's own key.

    An own key is valid under `cleanroom-fr-1`, belongs to nobody else on any side, and is the one the other side has.
    `mate`: row of who has the same key on this side, the person's own row when nobody does. `texts` by product column:
    one, four for a postal key.
    """

    own: Flags
    mate: Ints
    texts: Mapping[str, Array] = field(default_factory=dict)


def draw_keys(random: np.random.Generator, role: Role, key_types: tuple[KeyType, ...], serial: Ints) \
        -> dict[KeyType, Key]:
    """Key columns of the people with these serial numbers."""
    return {key_type: _draw(random, role, key_type, serial) for key_type in key_types}


def _draw(random: np.random.Generator, role: Role, key_type: KeyType, serial: Ints) -> Key:
    shares, usable, write = _WRITERS[key_type]
    form = random.choice(len(shares), len(serial), p=shares)
    present = random.random(len(serial)) < PRESENCE[role][key_type]
    texts = write(role, serial, form)
    columns = texts if isinstance(texts, dict) else {key_type: texts}
    mates = _pairs(form, present) if key_type == "email" else np.arange(len(serial))
    return Key(present & (form < usable), mates,
               {name: pc.if_else(pa.array(present), column, pa.scalar(None, pa.string()))
                for name, column in columns.items()})


def _pairs(form: Ints, present: Flags) -> Ints:
    """The other one of each couple that has one mailbox in both rows; see `_shared`."""
    rows, mates = np.flatnonzero(form == _EMAIL_FORMS_SHARED), np.arange(len(form))
    couples = rows[:len(rows) // 2 * 2].reshape(-1, 2)
    couples = couples[present[couples].all(axis=1)]
    mates[couples] = couples[:, ::-1]
    return mates


def _choose(form: Ints, *texts: Array) -> Array:
    return pc.choose(pa.array(form), *texts)


def _emails(role: Role, serial: Ints, form: Ints) -> Array:
    """Plain, upper case, title case, spaces; then what never matches: tagged, another one, shared, no address."""
    number = (serial * _MAIL + 31_415_927) % _MAIL_MODULUS
    name = joined(pick(_FIRST, number % len(_FIRST)), ".", pick(_LAST, number // len(_FIRST) % len(_LAST)),
                  digits(number, 8))
    domain = pick(_DOMAINS, number % len(_DOMAINS))
    plain = joined(name, "@", domain)
    return _choose(form, plain, pc.utf8_upper(plain), joined(pc.utf8_title(name), "@", domain),
                   joined("  ", plain, " "), joined(name, f"+{role}@", domain), joined(f"{role}.", plain),
                   _shared(role, serial, form), joined(name, " at ", domain))


def _shared(role: Role, serial: Ints, form: Ints) -> Array:
    """Mailboxes of couples: people with this form in pairs, named by the first one."""
    rows = np.flatnonzero(form == _EMAIL_FORMS_SHARED)
    owner = serial.copy()
    owner[rows] = serial[rows[np.arange(len(rows)) // 2 * 2]]
    return joined(f"{role}.home.", digits(owner, 9), "@example.org")


def _phones(_role: Role, serial: Ints, form: Ints) -> Array:
    """Four ways to write +888 1 and ten digits (a country code that ITU-T took back, so nobody has it); then without
    the country, which is no key."""
    number = digits((serial * _PHONE + 1_618_033_989) % _PHONE_MODULUS, 10)
    pairs = [pc.utf8_slice_codeunits(number, at, at + 2) for at in range(0, 10, 2)]

    def written(start: str, *separators: str) -> Array:
        return joined(start, *(part for pair in zip(pairs, (*separators, ""), strict=True) for part in pair))

    return _choose(form, written("+888 1 ", " ", " ", " ", " "), joined("+8881", number),
                   written("008881-", "", "-", "", ""), written("+888 1 (", ") ", ".", ".", "."),
                   written("01", " ", " ", " ", " "))


def _cards(_role: Role, serial: Ints, form: Ints) -> Array:
    """EAN-13 of a shop's own range (29, GS1 restricted circulation): plain, in groups, with hyphens."""
    number = 29 * _CARD_MODULUS + (serial * _CARD + 5_772_156_649) % _CARD_MODULUS
    written = digits(number * 10 + _check_digit(number), 13)
    groups = [pc.utf8_slice_codeunits(written, *place) for place in ((0, 1), (1, 7), (7, 13))]
    return _choose(form, written, joined(groups[0], " ", groups[1], " ", groups[2]),
                   joined(groups[0], "-", groups[1], "-", groups[2]))


def _check_digit(number: Ints) -> Ints:
    """GS1 check digit of twelve digits: weights 3 and 1 from the right."""
    total = np.zeros_like(number)
    for place in range(12):
        total += number // 10**place % 10 * (3 if place % 2 == 0 else 1)
    return -total % 10


_EMAIL_FORMS_SHARED: Final = 6
_Writer = Callable[[Role, Ints, Ints], Array | dict[str, Array]]
_WRITERS: Final[Mapping[KeyType, tuple[tuple[float, ...], int, _Writer]]] = MappingProxyType({
    "email": (_EMAIL_FORMS, 4, _emails),  # how many forms, from the first, are the person's own key
    "phone": (_PHONE_FORMS, 4, _phones),
    "loyalty": (_CARD_FORMS, 3, _cards),
    "postal": (HOME_FORMS, USABLE_HOMES, homes),
})
