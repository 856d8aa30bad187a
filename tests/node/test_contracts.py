"""A node acts on a contract only if it is its own, signed by both, unaltered and in force; and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from live import abort_reason, converse, hello_of, match, serving
from tiny import Tiny, edit, result_files, runs

from cleanroom.adapters.contract_files import FOLDER_NAME, read_contract
from cleanroom.cli.contract import sign_file
from cleanroom.cli.init import create_party
from cleanroom.errors import ContractError, PeerRefusedError, PeerUnavailableError
from cleanroom.node.client import Dial
from cleanroom.node.local import LocalNode

OLD = (datetime.now(UTC) - timedelta(minutes=30)).isoformat(timespec="seconds")


def unsigned(tiny: Tiny) -> None:
    text = tiny.contract.read_text()
    tiny.contract.write_text(text.split("[[signatures]]")[0])


def signed_once(tiny: Tiny) -> None:
    unsigned(tiny)
    sign_file(tiny.advertiser, tiny.contract)


def altered(tiny: Tiny) -> None:
    edit(tiny.contract, "threshold = 30", "threshold = 31")


def expired(tiny: Tiny) -> None:
    tiny.agree(lambda text: text.replace(text.split("not_after = ")[1].split("\n")[0], OLD))


def not_yet(tiny: Tiny) -> None:
    later = (datetime.now(UTC) + timedelta(minutes=30)).isoformat(timespec="seconds")
    tiny.agree(lambda text: text.replace(text.split("not_before = ")[1].split("\n")[0], later))


def foreign(tiny: Tiny) -> None:
    (tiny.advertiser / "keys").rename(tiny.folder / "lost")
    create_party(tiny.advertiser)


CASES = [(unsigned, "the advertiser has not signed"), (signed_once, "the retailer has not signed"),
         (altered, "altered after signing"), (expired, "the contract expired at"), (not_yet, "not valid before"),
         (foreign, "names another advertiser")]


@pytest.mark.parametrize(("spoil", "says"), CASES)
def test_the_initiator_says_what_is_wrong_before_it_dials(tiny: Tiny, spoil: Callable[[Tiny], None],
                                                          says: str) -> None:
    spoil(tiny)
    with pytest.raises(ContractError, match=says):
        match(tiny.advertiser, tiny.contract)
    assert runs(tiny.advertiser) == []


@pytest.mark.parametrize(("spoil", "says"), CASES[:3])
def test_the_node_says_what_is_wrong_and_refuses_the_handshake(
        tiny: Tiny, spoil: Callable[[Tiny], None], says: str, caplog: pytest.LogCaptureFixture) -> None:
    spoil(tiny)
    for file in (tiny.retailer / FOLDER_NAME).iterdir():
        file.write_bytes(tiny.contract.read_bytes())
    with serving(tiny.retailer) as server:
        server.refresh()
        assert says in caplog.text
        tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
        with LocalNode(tiny.advertiser) as node, Dial(node, read_contract(tiny.contract)) as dial, \
                pytest.raises(PeerUnavailableError, match="has neither this contract nor our card"):
            dial.reach()
    assert runs(tiny.retailer) == []


@pytest.mark.parametrize(("spoil", "says"), CASES[3:5])
def test_a_peer_whose_contract_is_not_in_force_is_told_so(
        tiny: Tiny, spoil: Callable[[Tiny], None], says: str, caplog: pytest.LogCaptureFixture) -> None:
    spoil(tiny)
    (tiny.retailer / FOLDER_NAME / tiny.contract.name).write_bytes(tiny.contract.read_bytes())
    with serving(tiny.retailer) as server:
        server.refresh()
        assert says in caplog.text
        answer, _ = converse(tiny, [hello_of(tiny, bytes(16))])
        assert abort_reason(answer) == ("ContractError", "the contract was refused")
    assert runs(tiny.retailer) == []


def test_a_contract_that_is_not_here_is_refused_by_name(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(tiny, bytes(16), contract=bytes(32))])
        assert abort_reason(answer) == ("ContractError", "the contract was refused")
    assert "a contract that is not here" in caplog.text
    assert runs(tiny.retailer) == []


def test_two_versions_of_the_terms_never_meet(tiny: Tiny) -> None:
    """Both contracts are signed by both, but the retailer's node holds another version than the advertiser runs."""
    kept = {file.name: file.read_bytes() for file in (tiny.retailer / FOLDER_NAME).iterdir()}
    tiny.agree(lambda text: text.replace("threshold = 30", "threshold = 31"))
    for name, content in kept.items():
        (tiny.retailer / FOLDER_NAME / name).write_bytes(content)
    with serving(tiny.retailer), pytest.raises(PeerRefusedError, match="the contract was refused"):
        match(tiny.advertiser, tiny.contract)
    assert result_files(tiny.folder) == []
