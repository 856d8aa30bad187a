"""Versions of one contract: an amendment is the next version, signed by both; then the older one no longer counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import ContractError, ContractSupersededError


def check_next(contract: Contract, installed: Iterable[Contract]) -> None:
    """Whether `contract` may join the installed ones: a new id, the same text again, or the next version.

    ContractError otherwise: an older version, a gap, or another text under a version that both have signed.
    """
    versions = {each.version: each for each in installed if each.id == contract.id}
    if not versions:
        return
    newest, same = max(versions), versions.get(contract.version)
    if same is not None and contract_hash(same) == contract_hash(contract):
        return
    if contract.version != newest + 1:
        raise ContractError(f"version {newest} of {contract.id} is signed already, an amendment is version "
                            f"{newest + 1}", where="version",
                            todo=f"write version = {newest + 1}, and have both sign it")


def check_not_superseded(contract: Contract, installed: Iterable[Contract], now: datetime) -> None:
    """ContractSupersededError when a higher version of the same contract has come into force.

    It stays superseded when the higher version ends or is revoked: old terms do not come back by themselves.
    `installed`: contracts that both have signed.
    """
    newer = [each.version for each in installed
             if each.id == contract.id and each.version > contract.version and each.not_before <= now]
    if newer:
        raise ContractSupersededError(f"version {max(newer)} of {contract.id} is in force, this is version "
                                      f"{contract.version}", todo=f"use version {max(newer)}")
