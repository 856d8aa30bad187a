"""`contract new` without a legal file: asks for every setting of `[legal]`, one by one."""

from __future__ import annotations

import re
from datetime import date

import typer

from cleanroom.contract.legal_lines import LINES, Line, legal_toml

Answer = str | bool | int | tuple[str, ...]


def ask_legal() -> str:
    """`[legal]` as commented TOML, from the person at the terminal."""
    typer.echo("The legal part. Enter takes the answer in brackets; an unusable answer is asked again.", err=True)
    return legal_toml({line.path: _ask(line) for line in LINES})


def _ask(line: Line) -> Answer:
    words = f"{line.english} / {line.french}" + (f" ({' | '.join(line.choices)})" if line.choices else "")
    while True:
        text = typer.prompt(words, default=line.usual, err=True, show_default=bool(line.usual))
        answer = _read(line, str(text).strip())
        if answer is not None:
            return answer
        typer.echo("this cannot be used here / réponse inutilisable", err=True)


def _read(line: Line, text: str) -> Answer | None:
    """The value of an answer, None for one of the wrong form."""
    if not text and line.usual != "":
        return None
    if line.kind == "yes_no":
        return {"yes": True, "y": True, "oui": True, "o": True, "no": False, "n": False, "non": False}.get(text.lower())
    if line.kind == "number":
        return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None
    if line.kind == "words":
        return tuple(text.replace(",", " ").split())
    return text if _fits(line, text) else None


def _fits(line: Line, text: str) -> bool:
    if not text:
        return True
    if line.kind == "choice":
        return text in line.choices
    if line.kind == "digest":
        return re.fullmatch(r"[0-9a-f]{64}", text) is not None
    if line.kind == "day":
        return _is_day(text)
    return text.isprintable() and (line.key != "country" or re.fullmatch(r"[A-Z]{2}", text) is not None)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
