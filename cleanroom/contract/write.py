"""Appending a signature to the contract's own file, so that its comments and layout survive."""

from __future__ import annotations

from cleanroom.contract.model import Contract


def with_signatures(text: str, contract: Contract) -> str:
    """`text` without its old signature tables and with those of `contract` at the end.

    Signature tables are written by this function only and always stand last, so everything from the first
    `[[signatures]]` line on is replaced.
    """
    body = text.split("\n[[signatures]]", 1)[0].rstrip("\n")
    tables = [f'\n[[signatures]]\nrole = "{entry.role}"\nsignature = "{entry.signature}"'
              for entry in contract.signatures]
    return "\n".join([body, *tables]) + "\n"
