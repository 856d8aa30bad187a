"""A second opinion on TC strings: the package `iab-tcf`, where it is installed, and mutations of good strings.

The package reads leniently (it takes missing bits for zeros), so it may refuse less than we do, never more: whatever
our decoder accepts must say the same there, field by field.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import iab_tcf
from tcf_kit import core, disclosed, written

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def differences(text, found, vendors=(1, 2, 755, 756, 65_535)) -> list[str]:
    """Fields in which the reference reads our decoded string differently."""
    other = iab_tcf.decode(text)
    pairs = {
        "purposes": (found.purposes, _set(other.purposes_consent)),
        "interests": (found.interests, _set(other.purposes_legitimate_interests)),
        "features": (found.features, _set(other.special_features_optin)),
        "policy": (found.policy, other.tcf_policy_version),
        "vendor_list": (found.vendor_list, other.vendor_list_version),
        "specific": (found.service_specific, other.is_service_specific),
        "consents": ([v in found.consents for v in vendors], [bool(other.is_vendor_allowed(v)) for v in vendors]),
        "vendor_interests": ([v in found.vendor_interests for v in vendors],
                             [bool(other.is_interest_allowed(v)) for v in vendors]),
        "created": (found.created.replace(microsecond=0, tzinfo=None), other.created.replace(microsecond=0)),
    }
    return [name for name, (ours, theirs) in pairs.items() if ours != theirs]


def _set(flags) -> set[int]:
    return {number for number, value in flags.items() if value}


def mutations(seeds, seed: int) -> Iterator[str]:
    """Endless variations of good strings, and whole strings with random fields."""
    chance = random.Random(seed)
    while True:
        text = chance.choice(seeds) if chance.random() < 0.6 else _random(chance)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
            text = chance.choice(CHANGES)(text, chance)
        yield text


def _random(chance) -> str:
    def ids(most=24):
        return tuple(sorted(chance.sample(range(1, most + 1), chance.randrange(8))))

    def entries():
        found = sorted(chance.sample(range(1, 1200), 2 * chance.randrange(5)))
        return tuple(zip(found[::2], found[1::2], strict=True))

    text = written(core(purposes=ids(), interests=ids(), features=ids(12), consents=entries(),
                        vendor_interests=entries(), policy=chance.randrange(64), specific=chance.random() < 0.8,
                        restrictions=tuple((chance.randrange(1, 25), chance.randrange(3), entries())
                                           for _ in range(chance.randrange(4)))), pad=chance.choice((6, 8, 24)))
    return f"{text}.{disclosed(entries())}" if chance.random() < 0.8 else text


def _replace(text, chance):
    at = chance.randrange(len(text) or 1)
    return text[:at] + chance.choice(LETTERS) + text[at + 1:]


def _bit(text, chance):
    at = chance.randrange(len(text) or 1)
    if not text or text[at] not in LETTERS:
        return text
    return text[:at] + LETTERS[LETTERS.index(text[at]) ^ (1 << chance.randrange(6))] + text[at + 1:]


def _insert(text, chance):
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice((*LETTERS, ".", "=", "+", " ")) + text[at:]


def _delete(text, chance):
    at = chance.randrange(len(text) or 1)
    return text[:at] + text[at + 1:]


def _cut(text, chance):
    return text[:chance.randrange(len(text) + 1)]


def _swap(text, chance):
    parts = text.split(".")
    chance.shuffle(parts)
    return ".".join(parts)


def _repeat(text, chance):
    parts = text.split(".")
    return ".".join([*parts, chance.choice(parts)])


CHANGES = (_replace, _bit, _bit, _bit, _insert, _delete, _cut, _swap, _repeat)
