"""`cleanroom runs resume`: a run that was interrupted, continued."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.progress import display
from cleanroom.cli.language import Lang, Language
from cleanroom.cli.match import show_finished
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import ContractError, UsageError
from cleanroom.node.cancelling import end_interrupted
from cleanroom.node.client import Dial
from cleanroom.node.local import Finished, LocalNode


def resume(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
           run: Annotated[str, typer.Argument(metavar="[RUN]", help="First digits of the run's id; may be left out "
                                              "when one run was interrupted.")] = "",
           contract: Annotated[Path, typer.Option(help="The contract's TOML file, signed by both.")] = ...,  # type: ignore[assignment]
           lang: Lang = Language.EN,
           as_json: Annotated[bool, typer.Option("--json", help="Print the measurement as JSON.")] = False) -> None:
    """Continue a run of this party that a crash or a cut interrupted, from its journal."""
    show_finished(run_resume(folder, run, contract, lang), as_json=as_json)


def run_resume(folder: Path, text: str, contract_file: Path, language: Language = Language.EN) -> Finished:
    """Take up the run whose id starts with `text`. UsageError unless there is one; any CleanroomError of the run."""
    with LocalNode(folder, language) as node:
        contract = read_contract(contract_file)
        run = _find(node, text)
        start = node.interrupted.start_of(run)
        if start.contract != contract_hash(contract):
            raise UsageError("the interrupted run is of another contract", where="--contract")
        if not start.initiator:
            raise UsageError("the other party began this run", where="RUN",
                             todo="it goes on when they do; `cleanroom node` must run here")
        try:
            node.check_again(contract, run)
        except ContractError as error:  # not in force any more: the run is over
            end_interrupted(node, run, contract, error)
            raise
        journal = node.interrupted.reopen(run)
        try:
            with Dial(node, contract) as dial:
                return node.execute(contract, run, display(), lambda: dial.again(run, journal), initiator=True,
                                    journal=journal)
        finally:
            journal.close()


def _find(node: LocalNode, text: str) -> bytes:
    found = [name for name in node.interrupted.names() if name.startswith(text)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} interrupted runs have an id that starts with this", where="RUN",
                         todo="name one of them" if found else "there is nothing to resume; `cleanroom match` begins "
                         "a new run")
    return bytes.fromhex(found[0])
