"""The types that a field of an audit event can have. None of them can carry text that a person typed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from cleanroom import errors, limits
from cleanroom.contract.model import Role

_LARGEST = 2**53 - 1  # RFC 8785 writes no larger integer exactly
_PUBLIC_TEXTS = frozenset(item.public for _, item in inspect.getmembers(errors, inspect.isclass)
                          if issubclass(item, errors.CleanroomError))


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field holds, in words, and the test a value must pass."""

    text: str
    accepts: Callable[[object], bool]


def _matching(text: str, pattern: str) -> FieldType:
    compiled = re.compile(pattern, re.ASCII)
    return FieldType(text, lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None)


def _among(text: str, allowed: frozenset[str]) -> FieldType:
    return FieldType(text, lambda value: isinstance(value, str) and value in allowed)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_list(value: object, item: Callable[[object], bool], longest: int) -> bool:
    return isinstance(value, list | tuple) and 1 <= len(value) <= longest and all(map(item, value))


def _are_refusals(value: object) -> bool:
    return isinstance(value, Mapping) and all(RULE.accepts(k) and _is_count(v) for k, v in value.items())


DIGEST = _matching("64 hex digits", r"[0-9a-f]{64}")
DIGEST_OR_EMPTY = _matching("64 hex digits or nothing", r"([0-9a-f]{64})?")
RUN_ID = _matching("a run id", r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}")
CONTRACT_ID = _matching("a contract id", r"[a-z0-9][a-z0-9-]{2,63}")
VERSION = _matching("a software version", r"[0-9A-Za-z.+!-]{1,32}")
NAME = _matching("a lower-case name", r"[a-z][a-z0-9_.:/-]{0,63}")
ERROR_CLASS = _matching("the name of an error class", r"[A-Z][A-Za-z0-9]{0,63}")
RULE = _matching("a rule id", r"[A-Z]-\d{2}")
DECIMAL = _matching("a decimal string", r"(0|[1-9]\d{0,8})(\.\d{1,60})?")
TIME = _matching("UTC time with microseconds", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ROLE = _among("a role", frozenset(get_args(Role)))
VERDICT = _among("a verdict", frozenset({"accepted", "warned", "refused"}))
PUBLIC_TEXT = _among("the public text of an error class", _PUBLIC_TEXTS)
COUNT = FieldType("a count", _is_count)
SIZES = FieldType("a list of counts", lambda value: _is_list(value, _is_count, limits.MAX_CELLS))
NAMES = FieldType("a list of lower-case names", lambda value: _is_list(value, NAME.accepts, 32))
REFUSALS = FieldType("counts by rule id", _are_refusals)
