"""What a node does with a proposal or a revocation that its peer sends. It signs nothing: a person does that."""

from __future__ import annotations

from contextlib import suppress

from cleanroom import limits
from cleanroom.contract.check import decode_base64
from cleanroom.contract.effective import check_policy
from cleanroom.contract.model import Contract, Party, other
from cleanroom.contract.parse import contract_hash, parse_contract
from cleanroom.contract.revocation import revoked_hash
from cleanroom.contract.rotation import Rotation
from cleanroom.contract.rules import check_rules
from cleanroom.contract.sign import verify_signature
from cleanroom.contract.versions import check_next
from cleanroom.errors import ContractError, PeerViolationError
from cleanroom.node.local import LocalNode

SOURCE = "proposal"


def trusted_parties(node: LocalNode) -> list[Party]:
    """Whom a person of this party has let in: the peers of contracts in force, and of the card that is trusted."""
    peer = other(node.settings.role)
    found = [each.party(peer) for each in node.contracts().values()]
    with suppress(ContractError):  # a card file that somebody damaged lets nobody in
        card = node.store.trusted(node.settings.role)
        found += [card] if card is not None else []
    return found


def receive_proposal(node: LocalNode, caller: bytes, data: bytes) -> tuple[Contract, bool]:
    """Keep what the peer proposes; install it when our own signature is in it already. Returns whether it was.

    `caller` is the SHA-256 of the certificate the peer proved to hold. ContractError or PeerViolationError otherwise.
    """
    contract, text = _read(data)
    _check_sender(node, caller, contract)
    node.check_ours(contract)
    check_rules(contract, SOURCE)
    node.store.check_not_revoked(contract)
    check_next(contract, node.store.installed().values())
    _check_plan(contract)
    if any(entry.role == node.settings.role for entry in contract.signatures):
        check_policy(contract, node.settings.role, node.settings.policy)
        node.store.install(contract, text)  # verifies both signatures
        return contract, True
    node.store.propose(contract, text)
    return contract, False


def receive_revocation(node: LocalNode, caller: bytes, record: bytes) -> Contract:
    """Keep a revocation that the peer signed, about a contract or proposal that is here. ContractError otherwise."""
    found = {**node.store.proposals(), **node.known()}
    contract = found.get(revoked_hash(record))
    peer = other(node.settings.role)
    if contract is None or not node.is_of(caller, contract.party(peer)):
        raise ContractError("the peer revokes a contract that is not here")
    node.store.revoke(contract, record)
    return contract


def receive_rotation(node: LocalNode, caller: bytes, record: bytes) -> Rotation:
    """Keep the caller's next certificate, signed with the key that its contracts or card name. ContractError otherwise.
    """
    peer = other(node.settings.role)
    parties = [*trusted_parties(node), *(contract.party(peer) for contract in node.known().values())]
    signers = {party.signing_key for party in parties if node.is_of(caller, party)}
    if len(signers) != 1:
        raise ContractError("the caller's certificate is not that of one party known here")
    return node.rotations.keep(record, decode_base64(signers.pop(), "signing_key"))


def _read(data: bytes) -> tuple[Contract, str]:
    if len(data) > limits.MAX_CONTRACT_BYTES:
        raise PeerViolationError(f"the proposed contract is larger than {limits.MAX_CONTRACT_BYTES} bytes")
    try:
        text = data.decode("utf-8")
        return parse_contract(text, SOURCE), text
    except (UnicodeDecodeError, RecursionError):
        raise PeerViolationError("the proposed contract is not UTF-8 TOML") from None


def _check_plan(contract: Contract) -> None:
    from cleanroom import flow  # noqa: PLC0415 - see `LocalNode.execute`

    flow.check_plan(contract)


def _check_sender(node: LocalNode, caller: bytes, contract: Contract) -> None:
    """The caller, the certificate in the contract and its signing key are those of one party that is trusted here."""
    peer = other(node.settings.role)
    named = contract.party(peer)
    known = {(der, party.signing_key) for party in trusted_parties(node) for der in node.accepted(party)}
    if (decode_base64(named.certificate, "certificate"), named.signing_key) not in known:
        raise ContractError(f"the proposal gives the {peer} keys that nobody here has trusted",
                            todo="`cleanroom contract trust DIR CARD` with the card you have checked with them")
    if not node.is_of(caller, named):
        raise ContractError("the caller's certificate is not the one in its proposal")
    verify_signature(contract, peer)


def hash_text(contract: Contract) -> str:
    """First digits of the hash, for the node's log."""
    return contract_hash(contract).hex()[:16]
