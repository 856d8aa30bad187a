"""The HTTP side listener: what it answers, whom it refuses, and how little a caller can do to it."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest
from live import match, serving
from loopback import free_port
from prometheus_client.parser import text_string_to_metric_families
from test_log import personal
from tiny import Tiny

from cleanroom.errors import SettingsError
from cleanroom.node.local import LocalNode
from cleanroom.node.observer import MAX_CONNECTIONS, observed
from cleanroom.node.observer_guard import MAX_HEAD

TOKEN = "0123456789abcdef0123456789abcdef-no-secret"
PATHS = ("/healthz", "/readyz", "/metrics", "/", "/en", "/fr")
BASIC = "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode()


def configure(tiny: Tiny, token: str | None = None, host: str = "127.0.0.1") -> str:
    """Give the retailer a status address, and a token file if there is to be one."""
    address = f"{host}:{free_port()}"
    more = '\nstatus_token = "keys/status.token"' if token is not None else ""
    tiny.setting("retailer", "workers = 1", f'workers = 1\nstatus = "{address}"{more}')
    if token is not None:
        path = tiny.retailer / "keys" / "status.token"
        path.write_text(token)
        path.chmod(0o600)
    return address


@contextmanager
def watched(tiny: Tiny) -> Iterator[None]:
    with LocalNode(tiny.retailer) as node, observed(node):
        yield


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(address, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def raw(address: str, data: bytes) -> bytes:
    """What comes back for these bytes before the listener closes."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        connection.sendall(data)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


@pytest.fixture
def address(tiny: Tiny) -> Iterator[str]:
    """An open loopback listener."""
    found = configure(tiny)
    with watched(tiny):
        yield found


def test_every_path_answers_and_head_has_no_body(address: str) -> None:
    for path in PATHS:
        answer, body = ask(address, path)
        assert (answer.status, len(body)) == (200, int(answer.headers["Content-Length"])), path
        answer, body = ask(address, path, "HEAD")
        assert (answer.status, body) == (200, b""), path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer.headers["Server"] == "cleanroom"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused(address: str, method: str) -> None:
    answer, body = ask(address, "/metrics", method)
    assert (answer.status, answer.headers["Allow"], body) == (405, "GET, HEAD", b"Method Not Allowed\n")


@pytest.mark.parametrize("path", ["/EN", "/en/", "/en?x=1", "/../party.toml", "/%2e%2e/party.toml", "/keys",
                                  "http://localhost/en", "/metrics#", "*"])
def test_other_paths_are_not_known(address: str, path: str) -> None:
    answer, body = ask(address, path)
    assert (answer.status, body) == (404, b"Not Found\n")


@pytest.mark.parametrize(("host", "code"), [
    ("127.0.0.1", 200), ("127.0.0.1:9464", 200), ("localhost:1", 200), ("LOCALHOST", 200), ("[::1]:80", 200),
    ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:80", 421), ("", 421),
    ("localhost@evil.example", 421), ("127.1", 421), ("evil.example:127.0.0.1", 421)])
def test_a_name_that_is_not_ours_is_refused(address: str, host: str, code: int) -> None:
    assert raw(address, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).split()[1] == b"%d" % code


@pytest.mark.parametrize("heads", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
def test_no_host_or_two_are_refused(address: str, heads: bytes) -> None:
    assert b" 421 " in raw(address, b"GET /healthz HTTP/1.1\r\n" + heads + b"\r\n")


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" + bytes(300) + b"\r\n\r\n",
                                  b"GET\r\n\r\n",
                                  b"GET / HTTP/9.9\r\n\r\n", b"GET /en HTTP/1.1\r\nno colon\r\n\r\n",
                                  b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n"])
def test_what_is_no_request_gets_nothing_but_a_refusal(address: str, data: bytes) -> None:
    if not data:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port))).close()
    else:
        assert b" 200 " not in raw(address, data)
    assert ask(address, "/healthz")[0].status == 200


def test_a_large_head_is_cut_off(address: str) -> None:
    with suppress(ConnectionError):  # the listener closed while we wrote
        assert raw(address, b"GET /en HTTP/1.1\r\nA: " + b"x" * (MAX_HEAD + 65536)) == b""
    assert ask(address, "/healthz")[0].status == 200


def test_a_second_request_and_a_body_are_not_read(address: str) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    assert raw(address, request + request).count(b"HTTP/1.") == 1


def test_a_slow_caller_is_cut_off_and_keeps_nobody_waiting(address: str) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as slow:
        slow.sendall(b"GET /en HTTP/1.1\r\n")
        ending = threading.Event()

        def drip() -> None:
            while not ending.wait(0.2):
                try:
                    slow.sendall(b"A: b\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert ask(address, "/healthz")[0].status == 200
        with suppress(ConnectionResetError):  # closed with bytes of ours unread
            assert slow.recv(100) == b""  # without ever having sent an empty line
        ending.set()
        thread.join()


def test_many_silent_callers_are_bounded_and_pass(address: str) -> None:
    host, _, port = address.rpartition(":")
    silent = [socket.create_connection((host, int(port)), timeout=20) for _ in range(MAX_CONNECTIONS + 20)]
    assert threading.active_count() < MAX_CONNECTIONS + 60
    for connection in silent:
        assert connection.recv(1) == b""
        connection.close()
    assert ask(address, "/healthz")[0].status == 200


def test_without_a_contract_in_force_the_node_is_not_ready(tiny: Tiny) -> None:
    address = configure(tiny)
    with watched(tiny):
        assert ask(address, "/readyz")[0].status == 200
        for file in (tiny.retailer / "contracts").iterdir():
            file.unlink()
        answer, body = ask(address, "/readyz")
        assert (answer.status, json.loads(body)["checks"]["contracts"]) == (503, "no contract is in force")
        assert ask(address, "/healthz")[0].status == 200


def test_metrics_of_a_run_parse_and_hold_nothing_of_people(tiny: Tiny) -> None:
    address = configure(tiny, TOKEN)
    with serving(tiny.retailer) as server, observed(server._node):
        match(tiny.advertiser, tiny.contract)
        answers = [ask(address, path, Authorization=f"Bearer {TOKEN}")[1].decode() for path in PATHS]
    found = {sample.name: sample for family in text_string_to_metric_families(answers[2]) for sample in family.samples}
    assert found["cleanroom_ready"].value == 1
    assert found["cleanroom_contract_budget_left_epsilon"].value == 7.5
    assert found["cleanroom_runs"].labels == {"state": "finished"}
    assert found["cleanroom_last_run_bytes_per_second"].value > 0
    assert found["cleanroom_audit_head_verifies"].value == 1
    assert {name for sample in found.values() for name in sample.labels} <= {
        "check", "contract", "version", "state", "error", "step", "direction"}
    for text in answers:
        assert [value for role in (tiny.advertiser, tiny.retailer) for value in personal(role) if value in text] == []
        assert str(tiny.folder) not in text
        assert TOKEN not in text


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", BASIC, f"bearer  {TOKEN}"])
def test_the_token_opens_every_path(tiny: Tiny, given: str) -> None:
    address = configure(tiny, TOKEN + "\n")
    with watched(tiny):
        assert [ask(address, path, Authorization=given)[0].status for path in PATHS] == [200] * len(PATHS)


@pytest.mark.parametrize("given", ["", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Digest {TOKEN}", TOKEN,
                                   "Basic !!!", "Basic " + base64.b64encode(TOKEN.encode()).decode(), "Bearer \xe9"])
def test_without_the_token_no_path_answers(tiny: Tiny, given: str) -> None:
    address = configure(tiny, TOKEN)
    with watched(tiny):
        for path in (*PATHS, "/none"):
            answer, body = ask(address, path, Authorization=given)
            assert (answer.status, body) == (401, b"Unauthorized\n")
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="cleanroom"'
        assert ask(address, f"/metrics?token={TOKEN}")[0].status == 401


@pytest.mark.parametrize(("mode", "token", "says"), [
    (0o644, TOKEN, "other users of this machine"), (0o600, "short", "32 characters"), (0o600, "", "32 characters")])
def test_a_token_file_that_others_read_or_that_is_short_is_refused(
        tiny: Tiny, mode: int, token: str, says: str) -> None:
    configure(tiny, token)
    (tiny.retailer / "keys" / "status.token").chmod(mode)
    with pytest.raises(SettingsError, match=says), watched(tiny):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_beyond_loopback_there_is_no_listener_without_a_token(tiny: Tiny, host: str) -> None:
    configure(tiny, host=host)
    with pytest.raises(SettingsError, match="needs a token"), watched(tiny):
        pass


def test_beyond_loopback_it_speaks_tls_1_3_with_the_nodes_certificate(tiny: Tiny) -> None:
    address = configure(tiny, TOKEN, host="0.0.0.0")
    port = int(address.rpartition(":")[2])
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    trust = ssl.create_default_context(cafile=tiny.retailer / "keys" / "tls.cert.pem")
    with watched(tiny):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, trust.wrap_socket(
                plain, server_hostname="retailer.cleanroom.internal") as connection:
            connection.sendall(request)
            assert connection.version() == "TLSv1.3"
            assert connection.recv(100).startswith(b"HTTP/1.0 200")
        with suppress(ConnectionError):
            assert b"200" not in raw(f"127.0.0.1:{port}", request)


def test_an_address_that_is_taken_is_one_error(tiny: Tiny) -> None:
    host, _, port = configure(tiny).rpartition(":")
    with socket.create_server((host, int(port))), pytest.raises(SettingsError, match="cannot listen"), watched(tiny):
        pass


def test_two_nodes_of_one_folder_are_refused(tiny: Tiny) -> None:
    with watched(tiny), pytest.raises(SettingsError, match="another node of this folder"), watched(tiny):
        pass
