"""Hello, account and sizes of both sides: the same contract, run and version, clocks and ledgers that agree, plausible
sizes."""

from __future__ import annotations

from cleanroom import __version__, limits
from cleanroom.audit.events import Kind
from cleanroom.contract.model import Role, other
from cleanroom.disclosure.padding import most_rows, padding_rows
from cleanroom.disclosure.run_rules import keyed
from cleanroom.errors import MisuseError, PeerViolationError, VersionError
from cleanroom.match.tokens import run_context
from cleanroom.session.accounts import Accounts
from cleanroom.session.messages import Account, Hello, Message, Sizes
from cleanroom.session.script import BODY
from cleanroom.session.setup import Setup


class Greeting:
    """Steps hello, account and sizes of one side. `rows`: own padded sizes; `blinding_key`: of A, or of each
    side in the salted-hash mode."""

    def __init__(self, setup: Setup, rows: tuple[int, ...], blinding_key: bytes) -> None:
        self._setup, self._sizes = setup, Sizes(rows, blinding_key)
        self._hellos: list[Hello] = []
        self._accounts = Accounts(setup)
        self.peer_sizes: tuple[int, ...] = ()  # padded; empty before the peer declared them
        self.version = 0  # of the protocol, that both speak; known from the peer's hello on

    def __repr__(self) -> str:
        return "Greeting"

    def send(self, step: str) -> Message:
        """Our hello, account or sizes. The sizes are about people, so the transcript is paid for first."""
        if step == "hello":
            self._accounts.begin()
            self._hellos.append(self._setup.hello or make_hello(self._setup))
            if len(self._hellos) == 2:
                self._check_keyed()
            return self._hellos[-1]
        if step == "account":
            return self._accounts.own()
        self._setup.charge("transcript")
        return self._sizes

    def receive(self, message: Hello | Account | Sizes) -> str:
        """One of the peer's. The earlier run that this one repeats, once both accounts say so, or nothing."""
        match message:
            case Hello():
                self.hello(message)
            case Account():
                return self.account(message)
            case Sizes():
                self.sizes(message)
        return ""

    def hello(self, message: Hello) -> None:
        """The peer's hello."""
        check_hello(self._setup, message, other(self._setup.role))
        self.version = common_version(self._setup, message)
        self._hellos.append(message)
        if len(self._hellos) == 2:  # else our own hello follows
            self._check_keyed()

    def _check_keyed(self) -> None:
        """X-02, with both nonces."""
        by_role = {hello.role: hello.nonce for hello in self._hellos}
        own, peer = by_role[self._setup.role], by_role[other(self._setup.role)]
        self._setup.judge("X-02", keyed(self._setup.plan.contract.match.protocol, own, peer), PeerViolationError)

    def account(self, message: Account) -> str:
        """The peer's account. The earlier run that this one repeats, or nothing."""
        self._accounts.received(message)
        return self._accounts.repeated

    def skips(self, step: str) -> bool:
        """Whether the run has no such step: one that repeats an earlier table goes from the accounts to the receipt."""
        return bool(self._accounts.repeated) and step in BODY

    def sizes(self, message: Sizes) -> None:
        """The peer's sizes: it has charged its transcript."""
        check_sizes(self._setup, message, other(self._setup.role))
        self._setup.confirm("transcript")
        self.peer_sizes = message.rows
        self._setup.audit.record(Kind.SIZES_DECLARED, own=list(self._sizes.rows), peer=list(message.rows))

    @property
    def context(self) -> bytes:
        """ctx of the run, 64 bytes; MisuseError before both hellos."""
        if len(self._hellos) != 2:
            raise MisuseError("the context needs both hellos")
        return context_of(*self._hellos)


def make_hello(setup: Setup) -> Hello:
    """This side's hello, with a fresh nonce."""
    oldest, newest = setup.versions
    return Hello(version=newest, oldest=oldest, software=__version__, role=setup.role,
                 contract=setup.contract_hash, run=setup.run, nonce=setup.ports.entropy.bytes(32),
                 unix_time=int(setup.ports.clock.now().timestamp()))


def check_hello(setup: Setup, hello: Hello, peer: Role) -> None:
    """Raise PeerViolationError for the first thing that does not fit this run."""
    common_version(setup, hello)
    if hello.role != peer:
        raise PeerViolationError(f"the peer claims the role {hello.role}; it is the {peer} of this contract")
    if hello.contract != setup.contract_hash or hello.run != setup.run:
        raise PeerViolationError("the peer answers for another contract or run")
    skew = _skew(setup, hello.unix_time)
    if skew > limits.MAX_CLOCK_SKEW:
        raise PeerViolationError(f"the two nodes' clocks differ by {skew} s, more than {limits.MAX_CLOCK_SKEW} s",
                                 todo="synchronise both clocks (NTP)")


def common_version(setup: Setup, hello: Hello) -> int:
    """The newest protocol version that both sides speak. VersionError when there is none."""
    (oldest, newest), version = setup.versions, min(setup.versions[1], hello.version)
    if version < max(oldest, hello.oldest):
        raise VersionError(f"the peer speaks protocol versions {hello.oldest} to {hello.version}, this node {oldest} "
                           f"to {newest}", todo="update the older node")
    return version


def _skew(setup: Setup, unix_time: int) -> int:
    """Seconds by which a hello lies outside this run. It may have waited while we prepared our own data."""
    now = int(setup.ports.clock.now().timestamp())
    started = now if setup.started is None else int(setup.started.timestamp())
    return max(unix_time - now, started - unix_time, 0)


def check_sizes(setup: Setup, sizes: Sizes, peer: Role) -> None:
    """Raise PeerViolationError unless the sizes have the peer's form, and a sum that honest padding can give."""
    plan, most = setup.plan, most_rows(setup.plan, setup.padding.most, peer)
    if peer == "advertiser":
        expected, keyed, least = len(plan.cells), limits.POINT_BYTES, 1
    else:
        expected, keyed = 1, limits.POINT_BYTES if plan.salted else 0
        least = max(1, padding_rows(plan, setup.padding.most))
    if len(sizes.rows) != expected or len(sizes.blinding_key) != keyed:
        raise PeerViolationError("sizes: the declared sizes have the wrong form")
    if not least <= sum(sizes.rows) <= most:
        raise PeerViolationError(f"sizes: {sum(sizes.rows)} rows declared, where the contract and its padding give "
                                 f"{least} to {most}")


def context_of(first: Hello, second: Hello) -> bytes:
    """ctx of the run (64 bytes), the same on both sides whoever spoke first."""
    nonces = {hello.role: hello.nonce for hello in (first, second)}
    return run_context(first.contract, first.run, nonces["advertiser"], nonces["retailer"])
