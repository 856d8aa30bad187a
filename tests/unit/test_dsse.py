import base64
import copy
import json
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives import dsse
from cleanroom.primitives.canonical import canonical_json

# RFC 8032 §7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
KEY = dsse.SigningKey(Ed25519PrivateKey.from_private_bytes(SEED))
OTHER = dsse.SigningKey(Ed25519PrivateKey.from_private_bytes(b"2" * 32))
TYPE = "application/vnd.test"
BOTH = {"one": KEY.public, "two": OTHER.public}


def sealed(*keys, payload=b"hello", kind=TYPE):
    return dsse.seal(kind, payload, [(key.public, key.sign(kind, payload)) for key in keys])


def reopened(**changes):
    value = json.loads(sealed(KEY).to_json()) | changes
    return dsse.parse_envelope(canonical_json(value), where="e.json")


def test_pae_is_the_one_of_the_specification():
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == expected


def test_pae_counts_bytes():
    assert dsse.pae("é", b"") == "DSSEv1 2 é 0 ".encode()


def test_signature_is_ed25519_over_pae():
    raw = Ed25519PrivateKey.from_private_bytes(SEED)
    assert KEY.public == PUBLIC
    assert KEY.sign(TYPE, b"x") == raw.sign(dsse.pae(TYPE, b"x"))


def test_key_id():
    assert dsse.key_id(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_key_shows_and_gives_away_nothing():
    assert repr(KEY) == str(KEY) == f"{KEY}" == "SigningKey"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(MisuseError):
            leak(KEY)


@pytest.mark.parametrize(("public", "kind", "payload", "signature"), [
    (OTHER.public, TYPE, b"x", KEY.sign(TYPE, b"x")),
    (KEY.public, TYPE + "2", b"x", KEY.sign(TYPE, b"x")),
    (KEY.public, TYPE, b"y", KEY.sign(TYPE, b"x")),
    (KEY.public, TYPE, b"x", b""),
    (KEY.public, TYPE, b"x", KEY.sign(TYPE, b"x")[:-1]),
    (KEY.public, TYPE, b"x", KEY.sign(TYPE, b"x") + b"\0"),
    (KEY.public[:-1], TYPE, b"x", KEY.sign(TYPE, b"x")),
    (b"", TYPE, b"x", KEY.sign(TYPE, b"x")),
])
def test_verify_raises(public, kind, payload, signature):
    with pytest.raises(AuditError) as caught:
        dsse.verify(public, kind, payload, signature, where="f.json", who="the retailer")
    assert caught.value.where == "f.json"
    assert "the retailer" in caught.value.what


def test_verify_returns_nothing_when_good():
    assert dsse.verify(KEY.public, TYPE, b"x", KEY.sign(TYPE, b"x")) is None


def test_envelope_round_trip_with_two_signatures():
    envelope = dsse.parse_envelope(sealed(OTHER, KEY).to_json(), where="e.json")
    assert envelope.verify(TYPE, BOTH, where="e.json") == b"hello"
    assert envelope.to_json() == sealed(KEY, OTHER).to_json()


def test_envelope_has_the_field_names_of_the_specification():
    value = json.loads(sealed(KEY).to_json())
    assert base64.b64decode(value["payload"]) == b"hello"
    assert value["payloadType"] == TYPE
    assert value["signatures"][0]["keyid"] == dsse.key_id(PUBLIC)
    assert base64.b64decode(value["signatures"][0]["sig"]) == KEY.sign(TYPE, b"hello")


def test_a_missing_signer_is_named():
    with pytest.raises(AuditError, match="not signed by two"):
        sealed(KEY).verify(TYPE, BOTH, where="e")


def test_a_stranger_is_refused():
    with pytest.raises(AuditError, match="somebody else"):
        sealed(KEY, OTHER).verify(TYPE, {"one": KEY.public}, where="e")


def test_a_wrong_signature_is_named():
    bad = dsse.seal(TYPE, b"hello", [(KEY.public, KEY.sign(TYPE, b"hello")), (OTHER.public, bytes(64))])
    with pytest.raises(AuditError, match="signature of two"):
        bad.verify(TYPE, BOTH, where="e")


def test_another_payload_type_is_refused():
    with pytest.raises(AuditError, match="type"):
        sealed(KEY, kind="other").verify(TYPE, {"one": KEY.public}, where="e")


@pytest.mark.parametrize("changes", [
    {"extra": 1}, {"payload": 5}, {"payload": "aGVsbG9="}, {"payload": "aGVsbG8"}, {"payload": "aGVs bG8="},
    {"payload": "é"}, {"payloadType": 1}, {"signatures": []}, {"signatures": {}}, {"signatures": 5},
    {"signatures": [1]},
    {"signatures": [{"keyid": "a", "sig": "####"}]}, {"signatures": [{"keyid": 1, "sig": ""}]},
    {"signatures": [{"sig": ""}]}, {"signatures": [{"keyid": "a", "sig": ""}] * 2},
    {"signatures": [{"keyid": str(i), "sig": ""} for i in range(9)]},
])
def test_malformed_envelopes_are_refused(changes):
    with pytest.raises(AuditError) as caught:
        reopened(**changes)
    assert caught.value.where == "e.json"


def test_a_missing_field_and_another_spelling_are_refused():
    data = sealed(KEY).to_json()
    for bad in (b"5", b"[]", b'["payload","payloadType","signatures"]', b"{}", data + b"\n", b" " + data):
        with pytest.raises(AuditError):
            dsse.parse_envelope(bad, where="e.json")
