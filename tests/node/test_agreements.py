"""Contracts between live nodes: proposals, acceptance, amendments and revocations, and everything that is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from live import abort_reason, channel, converse, hello_of, keys_of, match, serving, until
from tiny import NAMES, Tiny, terms

from cleanroom import limits
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import create_keys
from cleanroom.adapters.party import load_party
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.contract import make_contract
from cleanroom.cli.contract_life import accept, card, list_contracts, propose, revoke, sign, sign_file, trust
from cleanroom.cli.init import VALIDITY
from cleanroom.contract.model import Role
from cleanroom.contract.parse import contract_hash, parse_contract
from cleanroom.contract.revocation import revoke_contract
from cleanroom.contract.sign import sign_contract
from cleanroom.contract.write import with_signatures
from cleanroom.errors import (
    CleanroomError,
    ContractError,
    ContractRevokedError,
    ContractSupersededError,
    PeerRefusedError,
    PeerRevokedError,
    PeerUnavailableError,
    UsageError,
)
from cleanroom.node import client
from cleanroom.node.authorise import ALLOWED, EXCHANGE, HEALTH_CHECK
from cleanroom.node.link import FrameLink
from cleanroom.v1 import node_pb2, node_pb2_grpc
from cleanroom.v1.agreement_pb2 import Proposal, Revocation
from cleanroom.v1.node_pb2 import Frame

RUN = bytes(range(1, 17))


@pytest.fixture
def strangers(tiny: Tiny) -> Tiny:
    """The parties before any contract."""
    for role in ("advertiser", "retailer"):
        for file in (tiny.party(role) / "contracts").glob("*.toml"):
            file.unlink()
    tiny.contract.unlink()
    return tiny


@pytest.fixture
def acquainted(strangers: Tiny) -> Tiny:
    """Both trust the other's card."""
    trust(strangers.retailer, strangers.cards()["advertiser"])
    trust(strangers.advertiser, strangers.cards()["retailer"])
    return strangers


def draft(tiny: Tiny, change: Callable[[str], str] = str, name: str = "contract.toml") -> Path:
    (tiny.folder / "terms.toml").write_text(change(terms()), encoding="utf-8")
    file = tiny.folder / name
    make_contract(file, tiny.folder / "terms.toml", tiny.cards())
    return file


def offered(tiny: Tiny, role: Role = "advertiser", **options: object) -> Path:
    """A contract that one party has signed."""
    file = draft(tiny, **options)
    sign(tiny.party(role), file)
    return file


def stored(tiny: Tiny, role: Role) -> dict[str, list[str]]:
    """Names of what a party keeps about contracts."""
    return {name: sorted(path.name for path in (tiny.party(role) / name).glob("*"))
            for name in ("contracts", "proposals", "revocations")}


def raw_propose(tiny: Tiny, text: bytes, keys: object = None) -> str:
    """Propose as the advertiser's node would; the details of the refusal, or nothing."""
    with channel(tiny, "advertiser", "retailer", keys) as opened:
        try:
            node_pb2_grpc.NodeStub(opened).Propose(Proposal(text=text), timeout=15)
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}"
    return ""


# --- agreeing --------------------------------------------------------------------------------------------------


def test_from_strangers_to_a_run_without_copying_a_contract_file(acquainted: Tiny) -> None:
    file = offered(acquainted)
    with serving(acquainted.retailer), serving(acquainted.advertiser):
        propose(acquainted.advertiser, file)
        assert stored(acquainted, "retailer")["contracts"] == []  # a person must accept
        waiting = ContractStore(acquainted.retailer).find_proposal("tiny-campaign")
        assert [entry.role for entry in read_contract(waiting).signatures] == ["advertiser"]
        accept(acquainted.retailer, "tiny-campaign")
        for role in ("advertiser", "retailer"):
            assert stored(acquainted, role) == {
                "contracts": ["tiny-campaign-v1.toml"], "proposals": [], "revocations": []}
        match(acquainted.advertiser, acquainted.advertiser / "contracts" / "tiny-campaign-v1.toml")


def test_an_acceptance_that_finds_nobody_is_delivered_later(
        acquainted: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    file = offered(acquainted)
    with serving(acquainted.retailer):
        propose(acquainted.advertiser, file)
    accept(acquainted.retailer, "tiny-campaign")
    assert "the other party does not have it yet" in capsys.readouterr().err
    assert stored(acquainted, "advertiser")["contracts"] == []
    with serving(acquainted.advertiser):
        propose(acquainted.retailer, acquainted.retailer / "contracts" / "tiny-campaign-v1.toml")
    assert stored(acquainted, "advertiser")["contracts"] == ["tiny-campaign-v1.toml"]


def test_a_file_can_be_accepted_too(strangers: Tiny) -> None:
    file = offered(strangers)
    accept(strangers.retailer, str(file))
    assert [entry.role for entry in read_contract(file).signatures] == ["advertiser", "retailer"]
    assert stored(strangers, "retailer")["contracts"] == ["tiny-campaign-v1.toml"]


def test_a_contract_sent_again_does_not_replace_our_copy(tiny: Tiny) -> None:
    copy = tiny.retailer / "contracts" / "tiny-campaign-v1.toml"
    before = copy.read_bytes()
    with serving(tiny.retailer):
        assert raw_propose(tiny, b"# another comment\n" + tiny.contract.read_bytes()) == ""
    assert copy.read_bytes() == before


def test_a_damaged_card_lets_nobody_in_and_harms_no_contract(tiny: Tiny) -> None:
    trust(tiny.retailer, tiny.cards()["advertiser"])
    (tiny.retailer / "trusted" / "advertiser.toml").write_text("no card", encoding="utf-8")
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)


def test_nobody_is_let_in_without_a_card_that_a_person_trusted(strangers: Tiny) -> None:
    file = offered(strangers)
    with serving(strangers.retailer), pytest.raises(PeerUnavailableError, match="nor our card"):
        propose(strangers.advertiser, file)
    assert stored(strangers, "retailer")["proposals"] == []


def test_a_trusted_card_opens_no_run(acquainted: Tiny) -> None:
    sign_file(acquainted.advertiser, draft(acquainted))
    with serving(acquainted.retailer):
        answer, status = converse(acquainted, [hello_of(acquainted, RUN)])
    assert (answer, status) == ([], grpc.StatusCode.PERMISSION_DENIED)


def test_a_card_of_the_own_role_or_garbage_is_not_trusted(strangers: Tiny) -> None:
    for file in (strangers.cards()["retailer"], strangers.retailer / "party.toml"):
        with pytest.raises(ContractError, match="not the card of a advertiser"):
            trust(strangers.retailer, file)
    assert not (strangers.retailer / "trusted").exists()


def test_every_method_of_the_node_has_its_callers_and_no_other_has() -> None:
    methods = {f"/{node_pb2.DESCRIPTOR.services_by_name['Node'].full_name}/{method.name}"
               for method in node_pb2.DESCRIPTOR.services_by_name["Node"].methods}
    assert set(ALLOWED) == methods | {HEALTH_CHECK}
    assert ALLOWED[EXCHANGE] == {"party"}


# --- proposals that are refused ----------------------------------------------------------------------------------


def rewritten(change: Callable[[str], str], roles: tuple[Role, ...] = ("advertiser",)) -> Callable[[Tiny], bytes]:
    """A contract changed in its text, then signed by the true keys of these parties."""
    def make(tiny: Tiny) -> bytes:
        text = change(draft(tiny).read_text(encoding="utf-8"))
        agreed = parse_contract(text, "x")
        for role in roles:
            agreed = sign_contract(agreed, role, keys_of(tiny, role).signing)
        return with_signatures(text, agreed).encode()
    return make


def altered(tiny: Tiny) -> bytes:
    return offered(tiny).read_bytes().replace(b"Did the tiny", b"Did a tiny")


def forged_acceptance(tiny: Tiny) -> bytes:
    """The advertiser puts a signature of its own where the retailer's belongs."""
    text = offered(tiny).read_text(encoding="utf-8")
    body, _, signature = text.partition("\n[[signatures]]")
    own = "\n[[signatures]]" + signature
    return (body + own + own.replace('role = "advertiser"', 'role = "retailer"')).encode()


def of_other_keys(tiny: Tiny) -> bytes:
    """Signed by, and naming, a signing key that nobody has trusted; the certificate is the trusted one."""
    import base64

    stranger = create_keys(tiny.folder / "stranger", "advertiser", SystemClock(), validity=VALIDITY)
    text = draft(tiny).read_text(encoding="utf-8").replace(
        base64.b64encode(keys_of(tiny, "advertiser").signing.public).decode(),
        base64.b64encode(stranger.signing.public).decode())
    agreed = sign_contract(parse_contract(text, "x"), "advertiser", stranger.signing)
    return with_signatures(text, agreed).encode()


REFUSED: list[tuple[Callable[[Tiny], bytes], str]] = [
    (lambda tiny: b"", "the contract was refused"),
    (lambda tiny: b"\xff\xfe", "protocol violation"),
    (lambda tiny: b"no = [toml", "the contract was refused"),
    (lambda tiny: b"a." * 50_000 + b"b = 1", "the contract was refused"),
    (lambda tiny: b"[" * 100_000, "the contract was refused"),
    (lambda tiny: b"a = " + b"[" * 50_000, "the contract was refused"),
    (lambda tiny: b"a = " + b"9" * 50_000, "the contract was refused"),
    (lambda tiny: b'"\\u001b[31m" = 1', "the contract was refused"),
    (lambda tiny: b"# " + b"x" * limits.MAX_CONTRACT_BYTES, "protocol violation"),
    (lambda tiny: draft(tiny).read_bytes(), "the contract was refused"),  # unsigned
    (altered, "the contract was refused"),
    (forged_acceptance, "the contract was refused"),
    (of_other_keys, "the contract was refused"),
    (rewritten(lambda text: text.replace("threshold = 30", "threshold = 10")),
     "the contract breaks compliance rule C-10"),
    (rewritten(lambda text: text.replace('budget_epsilon = "9"', 'budget_epsilon = "10.5"')),
     "the contract breaks compliance rule C-10"),
    (rewritten(lambda text: text.replace(f'name = "{NAMES["retailer"]}"', 'name = "Tiny Shops"')
               .replace(f'partner = "{NAMES["retailer"]}"', 'partner = "Tiny Shops"')), "the contract was refused"),
]


@pytest.mark.parametrize(("make", "says"), REFUSED)
def test_a_proposal_that_does_not_hold_is_refused_in_one_public_line(
        acquainted: Tiny, make: Callable[[Tiny], bytes], says: str, caplog: pytest.LogCaptureFixture) -> None:
    text = make(acquainted)
    with serving(acquainted.retailer):
        caplog.clear()
        assert raw_propose(acquainted, text) == f"FAILED_PRECONDITION: {says}"
    own, = caplog.messages
    assert own.startswith("proposal refused: ")
    assert stored(acquainted, "retailer")["proposals"] == []


def test_a_proposal_over_the_frame_size_never_reaches_the_node(acquainted: Tiny) -> None:
    with serving(acquainted.retailer):
        assert raw_propose(acquainted, b"x" * (limits.MAX_FRAME_BYTES + 1)).startswith("RESOURCE_EXHAUSTED")
        assert raw_propose(acquainted, b"x").startswith("FAILED_PRECONDITION")


def test_a_proposal_for_another_certificate_than_the_caller_s_is_refused(acquainted: Tiny) -> None:
    """Two trusted identities exist, a contract's and a card's: neither may speak for the other."""
    new = create_keys(acquainted.folder / "new", "advertiser", SystemClock(), validity=VALIDITY)
    file = offered(acquainted)
    accept(acquainted.retailer, str(file))
    from cleanroom.adapters.card import write_card
    write_card(acquainted.folder / "new", load_party(acquainted.advertiser), new)
    trust(acquainted.retailer, acquainted.folder / "new" / "card.toml")
    with serving(acquainted.retailer):
        assert raw_propose(acquainted, file.read_bytes(), new) == "FAILED_PRECONDITION: the contract was refused"
        assert raw_propose(acquainted, file.read_bytes()) == ""


def test_the_peer_cannot_fill_the_disk_with_proposals(acquainted: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PROPOSALS", 2)
    files = [offered(acquainted, name=f"{n}.toml",
                     change=lambda text, n=n: text.replace('"tiny-campaign"', f'"tiny-{n}"')) for n in range(3)]
    with serving(acquainted.retailer):
        assert [bool(raw_propose(acquainted, file.read_bytes())) for file in files] == [False, False, True]
        assert raw_propose(acquainted, files[0].read_bytes()) == ""  # the same again is no new one
    assert len(stored(acquainted, "retailer")["proposals"]) == 2


def test_what_is_not_signed_by_us_is_not_proposed_and_not_by_them_not_accepted(acquainted: Tiny) -> None:
    file = draft(acquainted)
    with pytest.raises(ContractError, match="advertiser has not signed"):
        propose(acquainted.advertiser, file)
    with pytest.raises(ContractError, match="advertiser has not signed"):
        accept(acquainted.retailer, str(file))
    with pytest.raises(UsageError, match="0 proposals"):
        accept(acquainted.retailer, "tiny-campaign")


def test_a_contract_that_breaks_a_rule_is_neither_made_nor_signed(acquainted: Tiny) -> None:
    with pytest.raises(ContractError, match="C-10"):
        draft(acquainted, lambda text: text.replace("threshold = 30", "threshold = 10"))
    file = draft(acquainted)
    file.write_text(file.read_text().replace("delay_days = 10", "delay_days = 99"))
    with pytest.raises(ContractError, match=r"C-04: .*legal.proof.delay_days > 30"):
        sign(acquainted.advertiser, file)
    assert "signatures" not in file.read_text()


# --- policies --------------------------------------------------------------------------------------------------


def test_a_run_uses_the_strictest_policy_and_a_stricter_one_needs_a_new_card(
        acquainted: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    toml = acquainted.retailer / "party.toml"
    toml.write_text(toml.read_text() + "\n[policy]\nthreshold = 40\n")
    with pytest.raises(ContractError, match="stricter policy than the contract carries"):
        sign(acquainted.retailer, draft(acquainted, name="old.toml"))
    card(acquainted.retailer)
    file = offered(acquainted)
    accept(acquainted.retailer, str(file))
    assert "disclosure.threshold is 40 by the policy of the retailer, in place of 30" in capsys.readouterr().err
    sign(acquainted.advertiser, file)
    with serving(acquainted.retailer):
        document = match(acquainted.advertiser, file).results.document
    assert document["suppression"]["threshold"] == 40


# --- amendments ------------------------------------------------------------------------------------------------


def amended(tiny: Tiny, number: int = 2) -> Path:
    return draft(tiny, lambda text: text.replace("version = 1", f"version = {number}"), f"v{number}.toml")


def test_an_amendment_that_both_sign_ends_the_older_version(tiny: Tiny) -> None:
    file = amended(tiny)
    for role in ("advertiser", "retailer", "advertiser"):
        sign_file(tiny.party(role), file)
    with pytest.raises(ContractSupersededError, match="version 2 of tiny-campaign is in force"):
        match(tiny.advertiser, tiny.contract)
    with serving(tiny.retailer):
        match(tiny.advertiser, file)


def test_a_peer_that_missed_the_amendment_hears_of_it_at_its_hello(tiny: Tiny) -> None:
    file = amended(tiny)
    for role in ("advertiser", "retailer"):
        sign_file(tiny.party(role), file)  # the advertiser's node has no copy with both signatures
    with serving(tiny.retailer), pytest.raises(PeerRefusedError, match="a newer version of the contract is in force"):
        match(tiny.advertiser, tiny.contract)


@pytest.mark.parametrize("number", [1, 3])
def test_another_text_or_a_gap_is_not_signed(tiny: Tiny, number: int) -> None:
    file = amended(tiny, number)
    file.write_text(file.read_text().replace("Did the tiny", "Did a tiny"))
    with pytest.raises(ContractError, match="an amendment is version 2"):
        sign(tiny.advertiser, file)


# --- revocation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_either_party_revokes_at_once_and_the_other_is_told(tiny: Tiny, role: Role) -> None:
    with serving(tiny.retailer), serving(tiny.advertiser):
        revoke(tiny.party(role), "tiny-campaign")
        names = {tuple(stored(tiny, each)["revocations"]) for each in ("advertiser", "retailer")}
        assert names == {(f"{contract_hash(read_contract(tiny.contract)).hex()}.json",)}
        with pytest.raises(ContractRevokedError, match=f"was revoked by the {role} at "):
            match(tiny.advertiser, tiny.contract)
        revoke(tiny.party(role), "tiny-campaign")  # again is no error


def test_who_was_away_learns_it_at_its_hello_and_keeps_the_proof(
        tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    edited = tiny.retailer / "party.toml"
    edited.write_text(edited.read_text().replace("connect_timeout = 5", "connect_timeout = 1"))
    revoke(tiny.retailer, "tiny-campaign")
    assert "the other party has not been told" in capsys.readouterr().err
    with serving(tiny.retailer):
        with pytest.raises(PeerRevokedError, match="was revoked"):
            match(tiny.advertiser, tiny.contract)
        assert stored(tiny, "advertiser")["revocations"] == stored(tiny, "retailer")["revocations"]
        with pytest.raises(ContractRevokedError, match="by the retailer"):
            match(tiny.advertiser, tiny.contract)


def test_a_run_that_is_going_on_ends_before_its_next_step(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    class Revoking(FrameLink):
        def outgoing(self) -> Iterator[Frame]:
            frames = super().outgoing()
            yield next(frames)
            agreed = read_contract(tiny.contract)
            ContractStore(tiny.advertiser).revoke(agreed, revoke_contract(
                agreed, "advertiser", keys_of(tiny, "advertiser").signing, SystemClock().now()))
            yield from frames

    monkeypatch.setattr(client, "FrameLink", Revoking)
    with serving(tiny.retailer):
        with pytest.raises(ContractRevokedError, match="was revoked by the advertiser"):
            match(tiny.advertiser, tiny.contract)
        until(lambda: stored(tiny, "retailer")["revocations"] != [])  # the abort carried the record
    for role in ("advertiser", "retailer"):
        assert list(tiny.party(role).glob("runs/*/table.json")) == []


def test_an_offer_is_withdrawn_by_its_file(acquainted: Tiny) -> None:
    file = offered(acquainted)
    with serving(acquainted.retailer):
        propose(acquainted.advertiser, file)
        revoke(acquainted.advertiser, str(file))
        with pytest.raises(ContractRevokedError):
            accept(acquainted.retailer, "tiny-campaign")
    assert stored(acquainted, "retailer")["contracts"] == []


def test_a_revoked_contract_is_not_signed_proposed_or_installed_again(tiny: Tiny) -> None:
    edited = tiny.advertiser / "party.toml"
    edited.write_text(edited.read_text().replace("connect_timeout = 5", "connect_timeout = 1"))
    revoke(tiny.advertiser, "tiny-campaign")
    for again in (lambda: sign(tiny.advertiser, tiny.contract), lambda: propose(tiny.advertiser, tiny.contract),
                  lambda: accept(tiny.advertiser, str(tiny.contract))):
        with pytest.raises(ContractRevokedError):
            again()


@pytest.mark.parametrize("make", [
    lambda tiny, agreed: b"", lambda tiny, agreed: b"x" * 10_000, lambda tiny, agreed: b'{"a":1}',
    lambda tiny, agreed: revoke_contract(agreed, "advertiser", keys_of(tiny, "advertiser").signing, SystemClock().now())
    .replace(b"YWR2", b"cmV0"),
    lambda tiny, agreed: revoke_contract(agreed.model_copy(update={"version": 9}), "advertiser",
                                         keys_of(tiny, "advertiser").signing, SystemClock().now())])
def test_a_revocation_that_does_not_hold_is_refused(tiny: Tiny, make: Callable[..., bytes]) -> None:
    agreed = read_contract(tiny.contract)
    with serving(tiny.retailer):
        with channel(tiny, "advertiser", "retailer") as opened, pytest.raises(grpc.RpcError) as caught:
            node_pb2_grpc.NodeStub(opened).Revoke(Revocation(record=make(tiny, agreed)), timeout=15)
        assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert stored(tiny, "retailer")["revocations"] == []
        match(tiny.advertiser, tiny.contract)


def test_a_hello_for_a_revoked_contract_is_answered_with_the_proof(tiny: Tiny) -> None:
    agreed = read_contract(tiny.contract)
    record = revoke_contract(agreed, "retailer", keys_of(tiny, "retailer").signing, SystemClock().now())
    ContractStore(tiny.retailer).revoke(agreed, record)
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(tiny, RUN)])
    assert abort_reason(answer) == ("ContractRevokedError", "the contract was revoked")
    assert answer[-1].abort.revocation == record


def test_a_false_proof_is_not_kept(tiny: Tiny) -> None:
    from cleanroom.node.local import LocalNode

    agreed = read_contract(tiny.contract)
    with LocalNode(tiny.advertiser) as node:
        node.learn(agreed, b"nonsense")
        node.learn(agreed, revoke_contract(agreed.model_copy(update={"version": 7}), "retailer",
                                           keys_of(tiny, "retailer").signing, SystemClock().now()))
    assert stored(tiny, "advertiser")["revocations"] == []


def test_the_list_shows_what_is_in_force_proposed_and_revoked(tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    trust(tiny.retailer, tiny.cards()["advertiser"])
    file = offered(tiny, change=lambda text: text.replace("version = 1", "version = 2"), name="v2.toml")
    with serving(tiny.retailer):
        propose(tiny.advertiser, file)
        capsys.readouterr()
        list_contracts(tiny.retailer)
        lines = capsys.readouterr().out.splitlines()
        assert [("version 1" in line, "signed by both" in line) for line in lines] == [(True, True), (False, False)]
        assert "proposed" in lines[1]
        revoke(tiny.retailer, "tiny-campaign")
    list_contracts(tiny.retailer)
    assert capsys.readouterr().out.count("was revoked by the retailer") == 2


def test_unknown_ids_are_one_clear_line(tiny: Tiny) -> None:
    for command in (accept, revoke):
        with pytest.raises(CleanroomError, match="contract list"):
            command(tiny.retailer, "no-such-contract")
