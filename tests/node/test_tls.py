"""Who gets through the handshake and past authorisation, with Python's own TLS and with gRPC."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from live import channel, converse, failed_runs, hello_of, keys_of, match, serving
from tiny import Tiny, runs

from cleanroom.adapters.contract_files import FOLDER_NAME
from cleanroom.adapters.key_files import PartyKeys, create_keys
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.contract import make_contract, sign_file
from cleanroom.cli.init import create_party
from cleanroom.contract.check import ROLES
from cleanroom.errors import PeerUnavailableError
from cleanroom.node.authorise import HEALTH_CHECK


def other_keys(folder: Path, role: str = "advertiser") -> PartyKeys:
    """Fresh keys under the same name as the real party's."""
    return create_keys(folder / "other", role, SystemClock(), validity=timedelta(days=1))


def handshake(tiny: Tiny, version: ssl.TLSVersion, *, with_certificate: bool = True) -> str | None:
    """TLS version of a handshake with the retailer's node; ssl.SSLError or OSError when it is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.check_hostname = False
    context.load_verify_locations(tiny.retailer / "keys" / "tls.cert.pem")
    context.set_alpn_protocols(["h2"])
    if with_certificate:
        context.load_cert_chain(tiny.advertiser / "keys" / "tls.cert.pem", tiny.advertiser / "keys" / "tls.key.pem")
    host, port = tiny.addresses["retailer"].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw, context.wrap_socket(raw) as wrapped:
        wrapped.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        if not wrapped.recv(9):  # under TLS 1.3 the client hears of a refused certificate only now
            raise ConnectionResetError
        return wrapped.version()


def check_health(opened: grpc.Channel) -> int:
    request = health_pb2.HealthCheckRequest(service="cleanroom.v1.Node")
    return health_pb2_grpc.HealthStub(opened).Check(request, timeout=5).status


def test_tls_1_3_is_accepted(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        assert handshake(tiny, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


def test_tls_1_2_is_refused(tiny: Tiny) -> None:
    with serving(tiny.retailer), pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(tiny, ssl.TLSVersion.TLSv1_2)


def test_a_client_without_a_certificate_is_refused(tiny: Tiny) -> None:
    with serving(tiny.retailer), pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(tiny, ssl.TLSVersion.TLSv1_3, with_certificate=False)


def test_a_pinned_peer_may_ask_for_health(tiny: Tiny) -> None:
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        assert check_health(opened) == health_pb2.HealthCheckResponse.SERVING


def test_a_stranger_with_the_peers_name_gets_no_answer(tiny: Tiny, tmp_path: Path) -> None:
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer", other_keys(tmp_path)) as opened, \
            pytest.raises(grpc.RpcError) as caught:
        check_health(opened)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("method", ["/cleanroom.v1.Node/Other", "/grpc.health.v1.Health/Watch",
                                    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"])
def test_a_method_that_is_not_listed_is_denied(tiny: Tiny, method: str) -> None:
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened, \
            pytest.raises(grpc.RpcError) as caught:
        opened.unary_unary(method)(b"", timeout=5)
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert method != HEALTH_CHECK


def test_a_peer_whose_contract_was_taken_away_is_denied_on_its_open_connection(tiny: Tiny) -> None:
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        check_health(opened)
        for file in (tiny.retailer / FOLDER_NAME).iterdir():
            file.unlink()
        with pytest.raises(grpc.RpcError) as caught:
            check_health(opened)
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_node_without_a_contract_trusts_nobody(tiny: Tiny) -> None:
    for file in (tiny.retailer / FOLDER_NAME).iterdir():
        file.unlink()
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened, \
            pytest.raises(grpc.RpcError) as caught:
        check_health(opened)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


def test_an_initiator_refuses_a_node_with_another_certificate(tiny: Tiny, tmp_path: Path) -> None:
    """Somebody else listens at the peer's address, under the peer's name and with a contract of its own."""
    impostor = Tiny(tmp_path / "impostor", tiny.addresses)
    for role in ROLES:
        impostor.party(role).mkdir(parents=True)
        (impostor.party(role) / "party.toml").write_bytes((tiny.party(role) / "party.toml").read_bytes())
        create_party(impostor.party(role))
    impostor.agree()
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
    with serving(impostor.retailer), pytest.raises(PeerUnavailableError, match=r"no TLS 1\.3 handshake succeeds"):
        match(tiny.advertiser, tiny.contract)
    assert runs(tiny.advertiser) == []


def second_partner(tiny: Tiny, folder: Path) -> Tiny:
    """Another advertiser with its own contract with the same retailer; the first contract stays in force."""
    partner = Tiny(folder, tiny.addresses)
    partner.folder.mkdir()
    create_party(partner.advertiser, "advertiser", "Second Brand", "dpo@second.example.org")
    terms = (tiny.folder / "terms.toml").read_text().replace('id = "tiny-campaign"', 'id = "second-campaign"')
    terms = terms.replace('partner = "Tiny Brand"', 'partner = "Second Brand"')
    (folder / "terms.toml").write_text(terms)
    cards = {"advertiser": partner.advertiser / "card.toml", "retailer": tiny.retailer / "card.toml"}
    make_contract(partner.contract, folder / "terms.toml", cards)
    sign_file(partner.advertiser, partner.contract)
    sign_file(tiny.retailer, partner.contract)
    return partner


def test_a_peer_may_not_name_the_contract_of_another(tiny: Tiny, tmp_path: Path) -> None:
    partner = second_partner(tiny, tmp_path / "partner")
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(partner, bytes(16))])
        assert [frame.abort.code for frame in answer] == ["ContractError"]
        assert failed_runs(tiny, "retailer") == []


def test_a_new_contract_takes_effect_without_a_restart(tiny: Tiny, tmp_path: Path) -> None:
    with serving(tiny.retailer) as server:
        partner = second_partner(tiny, tmp_path / "partner")
        server.refresh()
        with channel(tiny, "advertiser", "retailer", keys_of(partner, "advertiser")) as opened:
            assert check_health(opened) == health_pb2.HealthCheckResponse.SERVING
        with channel(tiny, "advertiser", "retailer") as opened:
            assert check_health(opened) == health_pb2.HealthCheckResponse.SERVING


def test_many_handshakes_at_once_do_the_node_no_harm(tiny: Tiny) -> None:
    """They crashed the process when gRPC asked for the trusted peers at each handshake."""
    def knock() -> None:
        for _ in range(15):
            with pytest.raises((ssl.SSLError, OSError)):
                handshake(tiny, ssl.TLSVersion.TLSv1_3, with_certificate=False)

    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        threads = [threading.Thread(target=knock) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert check_health(opened) == health_pb2.HealthCheckResponse.SERVING
