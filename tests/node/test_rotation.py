"""A node changes its certificate while its contract goes on: announced, overlapping, ended, and logged by the peer."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from live import channel, keys_of, match, serving, until
from tiny import Tiny, runs

from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.key_files import PartyKeys, create_keys
from cleanroom.adapters.rotation_files import FOLDER_NAME
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.events import Kind
from cleanroom.cli.doctor import doctor
from cleanroom.cli.keys import accept, rotate
from cleanroom.contract.rotation import Rotation
from cleanroom.errors import ContractError, PeerUnavailableError
from cleanroom.node import tls
from cleanroom.v1 import agreement_pb2, node_pb2_grpc

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
both = pytest.mark.parametrize("role", ["advertiser", "retailer"])


def answers(tiny: Tiny, keys: PartyKeys) -> bool:
    """Whether the retailer's node answers the advertiser with these keys."""
    with channel(tiny, "advertiser", "retailer", keys) as opened:
        try:
            health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(), timeout=5)
        except grpc.RpcError:
            return False
    return True


def named(party: Path) -> list[str]:
    """The certificate that the party's newest log names as the peer's."""
    until(lambda: any(event.kind == Kind.PEER_IDENTIFIED for event in read_log(runs(party)[-1])[0]))
    return [event.fields["certificate_sha256"] for event in read_log(runs(party)[-1])[0]
            if event.kind == Kind.PEER_IDENTIFIED]


@both
def test_runs_go_on_before_and_after_the_change_and_logs_name_the_certificate(tiny: Tiny, role: str) -> None:
    """Whichever side changes: its old certificate serves until the switch, then the new one does."""
    with serving(tiny.retailer) as server, serving(tiny.advertiser) as callee:
        old = keys_of(tiny, role).certificate_sha256
        rotate(tiny.party(role), notice=1, overlap=1)
        for node in (server, callee):
            node.refresh()
        match(tiny.advertiser, tiny.contract)
        assert named(tiny.party(OTHER[role])) == [old]
        begin(tiny, role)
        for node in (server, callee):
            node.refresh()
        match(tiny.advertiser, tiny.contract)
        new = keys_of(tiny, role).certificate_sha256
        assert named(tiny.party(OTHER[role])) == [new] != [old]


def begin(tiny: Tiny, role: str) -> None:
    """The announced certificate's time has come: it is announced again, for now."""
    folder = tiny.party(role)
    for path in (folder / "keys").glob("tls-2.*"):
        path.unlink()
    rotate(folder, notice=0, overlap=1)


def test_both_certificates_are_accepted_until_the_end_of_the_old_one(tiny: Tiny) -> None:
    old = keys_of(tiny, "advertiser")
    with serving(tiny.retailer) as server:
        rotate(tiny.advertiser, notice=0, overlap=1)
        server.refresh()
        assert answers(tiny, old)
        assert answers(tiny, keys_of(tiny, "advertiser"))


def test_a_lost_certificate_ends_at_once(tiny: Tiny) -> None:
    """Without notice and overlap: what a party does when somebody copied its TLS key."""
    old = keys_of(tiny, "advertiser")
    with serving(tiny.retailer) as server, channel(tiny, "advertiser", "retailer", old) as opened:
        rotate(tiny.advertiser, notice=0, overlap=0)
        with pytest.raises(grpc.RpcError) as caught:  # on a new connection the handshake fails once the node looked
            health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(), timeout=5)
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
        server.refresh()
        assert not answers(tiny, old)
        assert answers(tiny, keys_of(tiny, "advertiser"))
        match(tiny.advertiser, tiny.contract)


def test_a_record_goes_by_file_when_the_node_is_away(tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
    rotate(tiny.advertiser, notice=0, overlap=1)
    said = capsys.readouterr()
    assert "Tiny Shop has not been told" in said.err
    with serving(tiny.retailer):
        with pytest.raises(PeerUnavailableError):
            match(tiny.advertiser, tiny.contract)
        accept(tiny.retailer, Path(said.out.strip()))
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)


def test_a_record_of_another_signer_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    """By a stranger's key, and by the receiver's own partner in another name: nothing is kept."""
    stranger = create_keys(tmp_path / "keys", "advertiser", SystemClock(), validity=timedelta(days=1))
    now = SystemClock().now()
    record = Rotation(keys_of(tiny, "advertiser").certificate_der(), stranger.certificate_der(), now, now,
                      now).record(stranger.signing)
    file = tmp_path / "record.json"
    file.write_bytes(record)
    with pytest.raises(ContractError, match="not a rotation"):
        accept(tiny.retailer, file)
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        stub = node_pb2_grpc.NodeStub(opened)
        for bad in (record, b"", b"{" * 5000, bytes(limit_of_a_record() + 1)):
            with pytest.raises(grpc.RpcError) as caught:
                stub.Rotate(agreement_pb2.Rotation(record=bad), timeout=5)
            assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert not (tiny.retailer / FOLDER_NAME).exists()


def limit_of_a_record() -> int:
    from cleanroom import limits
    return limits.MAX_ROTATION_BYTES


def test_a_dialler_trusts_the_one_certificate_that_is_shown(tiny: Tiny, tmp_path: Path) -> None:
    """Of two accepted ones; a look at somebody else's node changes nothing."""
    own = keys_of(tiny, "retailer").certificate_der()
    other = create_keys(tmp_path / "k", "retailer", SystemClock(), validity=timedelta(days=1)).certificate_der()
    address = tiny.addresses["retailer"]
    assert tls.shown(address, (other, own)) == other  # nobody answers
    with serving(tiny.retailer):
        assert tls.shown(address, (other, own)) == own
        assert tls.shown(address, (own, other)) == own
        assert tls.shown(address, (other, other[:-1])) == other


def test_doctor_warns_before_a_certificate_expires(tiny: Tiny, capsys: pytest.CaptureFixture[str],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    doctor(tiny.advertiser)
    assert "RENEW" not in capsys.readouterr().out
    monkeypatch.setattr("cleanroom.cli.doctor.RENEW_DAYS", 366)
    doctor(tiny.advertiser)
    lines = [line for line in capsys.readouterr().out.splitlines() if "RENEW IT: `cleanroom keys rotate`" in line]
    peer = hashlib.sha256(keys_of(tiny, "retailer").certificate_der()).hexdigest()
    assert [line.split()[0] for line in lines] == ["certificate", "peer's"]
    assert peer in lines[1]
