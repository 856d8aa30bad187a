"""JSON with one spelling (RFC 8785), and a strict reader for JSON that others wrote.

Floats have no place in a signed document: money is integer cents, ε and δ are decimal strings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import rfc8785

from cleanroom import limits
from cleanroom.errors import CleanroomError, DataError, MisuseError


def canonical_json(value: object) -> bytes:
    """RFC 8785 bytes of `value`: None, bool, int within ±(2^53 - 1), str, list, tuple, mapping with str keys.

    MisuseError for anything else (a float, bytes, a lone surrogate) and for more than MAX_JSON_DEPTH levels.
    """
    try:
        return rfc8785.dumps(_plain(value, limits.MAX_JSON_DEPTH))
    except ValueError:  # the library's own errors, and UnicodeEncodeError for a key
        raise MisuseError("a number or text that RFC 8785 cannot write exactly") from None


def parse_json(data: bytes, *, where: str, limit: int, error: type[CleanroomError] = DataError,
               canonical: bool = False) -> Any:
    """The value written in `data`: strict UTF-8 JSON of at most `limit` bytes, without floats.

    Refused with `error`, naming `where` and never a value: duplicate keys, NaN, numbers beyond ±(2^53 - 1),
    lone surrogates, deep nesting; with `canonical`, every spelling but that of RFC 8785.
    """
    if len(data) > limit:
        raise error(f"larger than {limit} bytes", where=where)
    try:
        text = data.decode()
        value = json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_constant=_float)
        spelling = canonical_json(value)
    except json.JSONDecodeError as bad:
        raise error(f"not JSON at character {bad.pos}", where=where) from None
    except _RefusedError as bad:
        raise error(str(bad), where=where) from None
    except (ValueError, RecursionError):  # bad UTF-8, thousands of digits or brackets
        raise error("not JSON within the allowed bounds", where=where) from None
    except MisuseError as bad:
        raise error(bad.what, where=where) from None
    if canonical and spelling != data:
        raise error("not in the canonical form of RFC 8785", where=where)
    return value


class _RefusedError(Exception):
    """A construct that JSON allows and we do not."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _RefusedError("an object has the same key twice")
    return result


def _float(_text: str) -> NoReturn:
    raise _RefusedError("a number that is not an integer")


def _plain(value: object, depth: int) -> Any:
    """The same value in the types that the library writes exactly; MisuseError for any other."""
    if depth == 0:
        raise MisuseError(f"nested deeper than {limits.MAX_JSON_DEPTH} levels")
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, Mapping):  # the library refuses keys that are not strings
        return {key: _plain(item, depth - 1) for key, item in value.items()}
    raise MisuseError(f"a {type(value).__name__} has no canonical form")
