"""Which certificates are accepted when, and what is no rotation."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cleanroom import limits
from cleanroom.adapters.key_files import (
    CERTIFICATE_NAME,
    TLS_KEY_NAME,
    add_certificate,
    begin_of,
    create_keys,
    forget_replaced,
    load_keys,
    next_certificate,
)
from cleanroom.adapters.rotation_files import RotationFiles
from cleanroom.contract.rotation import Rotation, accepted, read_rotation
from cleanroom.errors import ContractError, SettingsError
from cleanroom.primitives.dsse import SigningKey

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))


class Clock:
    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return [create_keys(tmp_path_factory.mktemp("k") / "keys", "retailer", Clock(), validity=YEAR).certificate_der()
            for _ in range(3)]


def step(previous: bytes, following: bytes, day: int = 0, until: int = 21) -> Rotation:
    return Rotation(previous, following, NOW + day * DAY, NOW + 7 * DAY, NOW + until * DAY)


def test_both_are_accepted_until_the_end_of_the_old_one() -> None:
    rotations = [step(b"one", b"two")]
    assert accepted(b"one", [], NOW) == (b"one",)
    assert accepted(b"one", rotations, NOW) == (b"two", b"one")
    assert accepted(b"one", rotations, NOW + 21 * DAY - timedelta(seconds=1)) == (b"two", b"one")
    assert accepted(b"one", rotations, NOW + 21 * DAY) == (b"two",)
    assert accepted(b"two", rotations, NOW) == (b"two",)  # a contract of after the change


def test_a_contract_follows_any_number_of_changes() -> None:
    rotations = [step(b"two", b"three", 30, 60), step(b"one", b"two")]
    assert accepted(b"one", rotations, NOW) == (b"three", b"two", b"one")
    assert accepted(b"one", rotations, NOW + 30 * DAY) == (b"three", b"two")
    assert accepted(b"one", rotations, NOW + 60 * DAY) == (b"three",)


def test_changes_in_a_circle_end() -> None:
    assert accepted(b"one", [step(b"one", b"two"), step(b"two", b"one")], NOW)[0] == b"one"


def test_a_record_says_what_was_signed(certificates: list[bytes]) -> None:
    rotation = step(certificates[0], certificates[1])
    record = rotation.record(KEY)
    assert read_rotation(record, KEY.public) == rotation
    assert len(record) < limits.MAX_ROTATION_BYTES


def test_what_is_signed_by_another_or_changed_is_none(certificates: list[bytes]) -> None:
    record = step(certificates[0], certificates[1]).record(KEY)
    for bad, signer in ((record, OTHER.public), (step(certificates[0], certificates[1]).record(OTHER), KEY.public),
                        (record[:-1], KEY.public), (b"", KEY.public), (b"{}", KEY.public),
                        (record.replace(b'"sig":"', b'"sig":"A'), KEY.public), (record + b" " * 9000, KEY.public)):
        with pytest.raises(ContractError):
            read_rotation(bad, signer)


def test_a_signed_record_must_hold_certificates() -> None:
    with pytest.raises(ContractError, match="not the certificate of a node"):
        read_rotation(step(b"one", b"two").record(KEY), KEY.public)


def test_the_later_record_about_one_certificate_counts(tmp_path: Path, certificates: list[bytes]) -> None:
    one, two, three = certificates
    for order in itertools.permutations([step(one, two), step(one, three, 1)]):
        files = RotationFiles(tmp_path / repr(order)[-20:].encode().hex())
        for rotation in order:
            files.keep(rotation.record(KEY), KEY.public)
        (record,) = files._of(KEY.public)
        assert record.following == three


def test_of_one_second_the_record_that_came_last_counts(tmp_path: Path, certificates: list[bytes]) -> None:
    """Its certificate is the one that was then put in place: with the first record nobody would accept it."""
    files = RotationFiles(tmp_path)
    for following in certificates[1:]:
        files.keep(step(certificates[0], following).record(KEY), KEY.public)
    (record,) = files._of(KEY.public)
    assert record.following == certificates[2]


def test_records_of_one_party_do_not_touch_another(tmp_path: Path, certificates: list[bytes]) -> None:
    """A partner cannot move another partner's certificate."""
    files = RotationFiles(tmp_path)
    files.keep(step(certificates[0], certificates[1]).record(OTHER), OTHER.public)
    assert files._of(KEY.public) == []
    assert len(files._of(OTHER.public)) == 1


def test_a_party_cannot_fill_the_disk(tmp_path: Path, certificates: list[bytes],
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROTATIONS", 1)
    files = RotationFiles(tmp_path)
    files.keep(step(certificates[0], certificates[1]).record(KEY), KEY.public)
    files.keep(step(certificates[0], certificates[2], 1).record(KEY), KEY.public)  # replaces the first
    with pytest.raises(ContractError, match="kept already"):
        files.keep(step(certificates[1], certificates[2]).record(KEY), KEY.public)


def test_a_damaged_record_replaces_nothing(tmp_path: Path, certificates: list[bytes]) -> None:
    files = RotationFiles(tmp_path)
    files.keep(step(certificates[0], certificates[1]).record(KEY), KEY.public)
    files.path(KEY.public, certificates[0]).write_text("{")
    assert files._of(KEY.public) == []


# --- the own keys ----------------------------------------------------------------------------------------------


def shown(folder: Path, day: float) -> bytes:
    return load_keys(folder, "retailer", Clock(NOW + day * DAY)).certificate_der()


def test_the_next_certificate_is_shown_when_its_time_comes(tmp_path: Path) -> None:
    create_keys(tmp_path, "retailer", Clock(), validity=YEAR)
    announced: list[bytes] = []
    add_certificate(tmp_path, "retailer", NOW + 7 * DAY, YEAR, announced.append)
    first = shown(tmp_path, 0)
    assert shown(tmp_path, 6.999) == first
    assert [shown(tmp_path, 7)] == announced != [first]
    following = next_certificate(tmp_path, Clock())
    assert following is not None
    assert begin_of(following) == NOW + 7 * DAY
    assert next_certificate(tmp_path, Clock(NOW + 7 * DAY)) is None


def test_the_replaced_key_is_deleted_at_the_next_change(tmp_path: Path) -> None:
    create_keys(tmp_path, "retailer", Clock(), validity=YEAR)
    add_certificate(tmp_path, "retailer", NOW + 7 * DAY, YEAR, lambda _: None)
    forget_replaced(tmp_path, Clock(NOW + 6 * DAY))
    assert (tmp_path / TLS_KEY_NAME).exists()
    forget_replaced(tmp_path, Clock(NOW + 7 * DAY))
    assert not (tmp_path / TLS_KEY_NAME).exists()
    assert not (tmp_path / CERTIFICATE_NAME).exists()
    second = shown(tmp_path, 8)
    add_certificate(tmp_path, "retailer", NOW + 9 * DAY, YEAR, lambda _: None)
    assert shown(tmp_path, 8) == second != shown(tmp_path, 9)


def test_a_change_that_is_interrupted_leaves_the_present_certificate(tmp_path: Path) -> None:
    """Nothing is shown that nobody was told about; the next attempt works."""
    create_keys(tmp_path, "retailer", Clock(), validity=YEAR)
    first = shown(tmp_path, 0)

    def fail(_: bytes) -> None:
        raise SettingsError("a full disk")

    with pytest.raises(SettingsError):
        add_certificate(tmp_path, "retailer", NOW, YEAR, fail)
    assert shown(tmp_path, 1) == first
    add_certificate(tmp_path, "retailer", NOW, YEAR, lambda _: None)
    assert shown(tmp_path, 1) != first


def test_a_next_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_keys(tmp_path, "retailer", Clock(), validity=YEAR)
    add_certificate(tmp_path, "retailer", NOW, YEAR, lambda _: None)
    (tmp_path / "tls-2.key.pem").chmod(0o640)
    with pytest.raises(SettingsError, match=r"tls-2\.key\.pem"):
        load_keys(tmp_path, "retailer", Clock())
