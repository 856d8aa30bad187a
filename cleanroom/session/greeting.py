"""The hello of both sides: the same contract, run and version, plausible sizes, clocks that agree."""

from __future__ import annotations

from cleanroom import __version__, limits
from cleanroom.contract.model import Role
from cleanroom.errors import PeerViolationError
from cleanroom.match.tokens import run_context
from cleanroom.session.messages import Hello
from cleanroom.session.setup import Setup


def make_hello(setup: Setup, sizes: tuple[int, ...], blinding_key: bytes) -> Hello:
    """This side's hello, with a fresh nonce."""
    return Hello(version=limits.PROTOCOL_VERSION, software=__version__, role=setup.role, contract=setup.contract_hash,
                 run=setup.run, nonce=setup.ports.entropy.bytes(32),
                 unix_time=int(setup.ports.clock.now().timestamp()), sizes=sizes, blinding_key=blinding_key)


def check_hello(setup: Setup, hello: Hello, peer: Role) -> None:
    """Raise PeerViolationError for the first thing that does not fit this run."""
    if hello.version != limits.PROTOCOL_VERSION:
        raise PeerViolationError(f"the peer speaks protocol version {hello.version}, this node "
                                 f"{limits.PROTOCOL_VERSION}", todo="update the older node")
    if hello.role != peer:
        raise PeerViolationError(f"the peer claims the role {hello.role}; it is the {peer} of this contract")
    if hello.contract != setup.contract_hash or hello.run != setup.run:
        raise PeerViolationError("the peer answers for another contract or run")
    skew = abs(hello.unix_time - int(setup.ports.clock.now().timestamp()))
    if skew > limits.MAX_CLOCK_SKEW:
        raise PeerViolationError(f"the two nodes' clocks differ by {skew} s, more than {limits.MAX_CLOCK_SKEW} s",
                                 todo="synchronise both clocks (NTP)")
    _check_sizes(setup, hello)


def _check_sizes(setup: Setup, hello: Hello) -> None:
    plan, terms = setup.plan, setup.plan.contract.match
    patterns = 2 ** len(terms.keys) - 1
    if hello.role == "advertiser":
        expected, keyed = len(plan.cells), limits.POINT_BYTES
        most = terms.max_people_advertiser + setup.padding.most * len(plan.cells)
    else:
        expected, keyed = 1, 0
        most = terms.max_people_retailer + setup.padding.most * (len(plan.cells) * patterns + 1)
    if len(hello.sizes) != expected or len(hello.blinding_key) != keyed:
        raise PeerViolationError("hello: the declared sizes have the wrong form")
    if sum(hello.sizes) > most:
        raise PeerViolationError(f"hello: {sum(hello.sizes)} rows declared, the contract allows {most} with padding")


def context_of(first: Hello, second: Hello) -> bytes:
    """ctx of the run (64 bytes), the same on both sides whoever spoke first."""
    nonces = {hello.role: hello.nonce for hello in (first, second)}
    return run_context(first.contract, first.run, nonces["advertiser"], nonces["retailer"])
