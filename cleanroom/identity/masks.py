"""The form of a value without the value: what an owner may see of the keys that were refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

_SHOWN: Final = 32  # characters of a form
_SEPARATOR: Final = " | "


def shape(texts: Sequence[str]) -> str:
    """`jean.dupont at free.fr` as `aaaa.aaaaaa aa aaaa.aa`: letters are a or A, digits 9, letters beyond ASCII x.

    Punctuation and spaces stay; anything else is `?`. Long texts are cut, and say how long they are.
    """
    text = _SEPARATOR.join(texts)
    form = "".join(map(_form, text[:_SHOWN]))
    return form if len(text) <= _SHOWN else f"{form}… ({len(text)})"


def _form(character: str) -> str:
    if character.isascii():
        if character.isalpha():
            return "A" if character.isupper() else "a"
        if character.isdigit():
            return "9"
        return character if character.isprintable() else "?"
    return "x" if unicodedata.category(character)[0] == "L" else "?"
