"""The types that sections of party.toml are made of."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, LiteralString

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from cleanroom import limits


class Section(BaseModel):
    """A table of party.toml: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def refused(template: LiteralString, **context: str) -> PydanticCustomError:
    """A value that is not allowed; `template` says what is, without the value."""
    return PydanticCustomError("setting", template, dict(context))


def address(text: str) -> str:
    """host:port."""
    host, _, port = text.rpartition(":")
    plain = re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", host)
    if not plain or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
        raise refused("must be host:port, for example 127.0.0.1:7101")
    return text


def _inside(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text or "\x00" in text:
        raise refused("must be a path inside the folder of party.toml, written with /")
    return text


Address = Annotated[str, AfterValidator(address)]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_TEXT)]
RelativePath = Annotated[ColumnName, AfterValidator(_inside)]
