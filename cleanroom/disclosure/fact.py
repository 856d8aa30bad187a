"""One line of the privacy statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """Stable id, title and text, in one language, without floats."""

    id: str
    title: str
    text: str
