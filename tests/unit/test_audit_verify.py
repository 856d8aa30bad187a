import json
import random
from dataclasses import replace

import pytest
from audit_kit import (
    CONTRACT,
    KEYS,
    RECEIPT,
    ROOTS,
    RUN,
    SIGNING,
    START,
    TABLE,
    MemorySink,
    StepClock,
    evidence,
    resealed,
    sealed_receipt,
    signed,
    start_fields,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cleanroom.audit.events import Event, Kind
from cleanroom.audit.head import sign_head
from cleanroom.audit.log import AuditLog
from cleanroom.audit.merkle import leaf_hash, root
from cleanroom.audit.receipt import PAYLOAD_TYPE, Receipt, open_receipt, table_bytes
from cleanroom.audit.verify import Verified, compare_receipt, compare_runs, verify_chain, verify_run
from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives import dsse
from cleanroom.primitives.canonical import canonical_json

GOOD = evidence()
LINES = GOOD.log.splitlines()
FIRST = Event(**json.loads(LINES[0]))
FORGED = Event(4, "2025-03-01T12:00:05.000000Z", Kind.SUMS_OPENED, {"opened": 99}).line
STRANGER = dsse.SigningKey(Ed25519PrivateKey.from_private_bytes(b"s" * 32))


def refused(bad, keys=KEYS) -> AuditError:
    with pytest.raises(AuditError) as caught:
        verify_run(bad, keys)
    return caught.value


def joined(lines: list[bytes]) -> bytes:
    return b"\n".join([*lines, b""])


def random_change(rng: random.Random) -> tuple[bytes, int]:
    """A log with one change, and the number (from 1) of the first line that is wrong in it."""
    lines, action = list(LINES), rng.choice(["flip", "drop", "swap", "duplicate", "insert"])
    if action == "flip":
        data, at = bytearray(GOOD.log), rng.randrange(len(GOOD.log))
        data[at] ^= rng.randrange(1, 256)
        return bytes(data), GOOD.log[:at].count(b"\n") + 1
    first, second = sorted(rng.sample(range(len(lines)), 2))
    if action == "drop":
        del lines[first]
    elif action == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif action == "duplicate":
        lines.insert(second + 1, lines[first])
        first = second + 1
    else:
        lines.insert(first, FORGED)
    return joined(lines), first + 1


@pytest.mark.parametrize("seed", range(200))
def test_one_random_change_is_caught_and_the_first_bad_line_named(seed):
    log, number = random_change(random.Random(seed))
    assert refused(replace(GOOD, log=log)).where == f"audit.jsonl line {number}"


def test_a_good_folder_gives_a_summary():
    found = verify_run(GOOD, KEYS)
    assert (found.role, found.run_id, found.contract_hash) == ("advertiser", RUN, CONTRACT)
    assert (found.contract_id, found.software) == ("spring-2025", "0.1.0")
    assert (found.events, found.outcome, found.receipt) == (14, Kind.RUN_ENDED, RECEIPT)
    assert [(found.started - START).seconds, (found.ended - START).seconds] == [1, 14]
    assert found.signed_by == ("advertiser", "retailer")
    assert found.audit_roots == {role: value.hex() for role, value in ROOTS.items()}


@pytest.mark.parametrize(("change", "line", "text"), [
    (lambda lines: lines[:-1], 14, "missing"),
    (lambda lines: [], 1, "missing"),
    (lambda lines: [*lines, FORGED], 15, "added"),
    (lambda lines: lines[:3] + lines[4:], 4, "dropped or reordered"),
    (lambda lines: [*lines[:4], lines[2], *lines[4:]], 5, "repeated"),
    (lambda lines: [*lines[:4], FORGED, *lines[4:]], 5, "inserted"),
    (lambda lines: [*lines[:4], FORGED, *lines[5:]], 5, "changed"),
])
def test_the_message_says_what_happened(change, line, text):
    error = refused(replace(GOOD, log=joined(change(list(LINES)))))
    assert error.where == f"audit.jsonl line {line}"
    assert text in error.what


def test_of_two_bad_lines_the_first_is_named():
    lines = list(LINES)
    lines[2], lines[7] = FORGED, b"not json"
    assert refused(replace(GOOD, log=joined(lines))).where == "audit.jsonl line 3"


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_a_torn_last_line_under_a_head_is_refused(cut):
    error = refused(replace(GOOD, log=GOOD.log[:-cut]))
    assert (error.where, error.what) == ("audit.jsonl line 14", "the last line is torn")


def test_a_torn_line_after_the_end_is_refused():
    assert refused(replace(GOOD, log=GOOD.log + b"{")).where == "audit.jsonl line 15"


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("name", ["head", "receipt", "table"])
def test_one_random_byte_of_the_other_files_is_caught(name, seed):
    rng = random.Random(seed)
    data = bytearray(getattr(GOOD, name))
    data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    error = refused(replace(GOOD, **{name: bytes(data)}))
    assert error.where == {"head": "audit.head.json", "receipt": "receipt.json", "table": "table.json"}[name]


@pytest.mark.parametrize("keys", [
    {"advertiser": KEYS["advertiser"]}, {"advertiser": b"a", "auditor": b"b"},
    dict.fromkeys(KEYS, KEYS["advertiser"]), {},
])
def test_two_different_keys_are_needed(keys):
    with pytest.raises(MisuseError):
        verify_run(GOOD, keys)


def test_a_head_signed_by_a_stranger_is_refused():
    head = sign_head(FIRST, [leaf_hash(line) for line in LINES], STRANGER)
    error = refused(replace(GOOD, head=head))
    assert (error.where, "neither" in error.what) == ("audit.head.json", True)


def test_a_head_signed_by_the_other_party_is_refused():
    error = refused(resealed(GOOD, LINES, FIRST, "retailer"))
    assert (error.where, "retailer signed" in error.what) == ("audit.head.json", True)


def test_a_head_whose_root_is_not_of_its_lines_is_refused():
    payload = json.loads(dsse.parse_envelope(GOOD.head, where="x").payload)
    payload["subject"][0]["digest"]["rfc6962_sha256"] = "00" * 32
    assert "root" in refused(replace(GOOD, head=signed_statement(payload))).what


@pytest.mark.parametrize("change", [
    lambda s: s.update(predicateType="urn:other"), lambda s: s.update(_type="x"), lambda s: s.update(extra=1),
    lambda s: s["subject"].append(s["subject"][0]), lambda s: s.update(subject=[]),
    lambda s: s.pop("predicate"),
    lambda s: s["predicate"].update(tree_size=13), lambda s: s["predicate"].update(role="auditor"),
    lambda s: s["predicate"].update(leaf_hashes=["zz"] * 14), lambda s: s["predicate"].update(leaf_hashes=5),
    lambda s: s["predicate"].update(previous_head=5), lambda s: s["predicate"].pop("run_id"),
    lambda s: s["subject"][0]["digest"].update(rfc6962_sha256=7),
])
def test_a_signed_statement_of_another_shape_is_refused(change):
    statement = json.loads(dsse.parse_envelope(GOOD.head, where="x").payload)
    change(statement)
    assert refused(replace(GOOD, head=signed_statement(statement))).where == "audit.head.json"


def signed_statement(statement) -> bytes:
    payload, kind = canonical_json(statement), "application/vnd.in-toto+json"
    key = SIGNING["advertiser"]
    return dsse.seal(kind, payload, [(key.public, key.sign(kind, payload))]).to_json()


def test_another_contract_is_refused():
    assert refused(replace(GOOD, contract_hash="00" * 32)).where == "contract.json"


def renumbered(lines: list[bytes]) -> list[bytes]:
    return [canonical_json({**json.loads(line), "seq": seq}) for seq, line in enumerate(lines)]


@pytest.mark.parametrize(("lines", "line", "text"), [
    (LINES[:-1], 13, "stops without"),
    (LINES[:1] + LINES[2:], 2, "out of order"),
    (renumbered(LINES[1:]), 1, "begin with"),
    ([*LINES[:-1], LINES[-1] + b" "], 14, "canonical"),
    (renumbered([*LINES, LINES[0]]), 15, "second run"),
    (renumbered([*LINES, LINES[5]]), 15, "second run"),
    (renumbered([*LINES[:2], LINES[0], *LINES[2:]]), 3, "second run"),
    (renumbered(LINES[:10] + LINES[11:]), None, "0 events receipt_signed"),
    (renumbered(LINES[:12] + LINES[11:]), None, "2 events receipt_verified"),
])
def test_a_validly_signed_but_wrong_log_is_refused(lines, line, text):
    error = refused(resealed(GOOD, lines, FIRST))
    assert error.where == ("audit.jsonl" if line is None else f"audit.jsonl line {line}")
    assert text in error.what


@pytest.mark.parametrize("name", ["run_id", "previous_head"])
def test_a_start_that_disagrees_with_the_head_is_refused(name):
    other = Event(0, FIRST.time, Kind.RUN_STARTED, start_fields(**{name: "9" * 64}))
    error = refused(resealed(GOOD, LINES, other))
    assert (error.where, name in error.what) == ("audit.jsonl line 1", True)


def test_an_empty_log_is_refused():
    error = refused(resealed(replace(GOOD, log=b""), [], FIRST))
    assert error.where == "audit.jsonl line 1"


def test_nothing_is_released_without_a_receipt():
    assert refused(replace(GOOD, receipt=None)).where == "receipt.json"
    assert refused(replace(GOOD, receipt=None, table=None)).where == "receipt.json"
    assert refused(replace(GOOD, table=None)).where == "table.json"


@pytest.mark.parametrize(("change", "where"), [
    ({"transcript_sha256": "00" * 32}, "audit.jsonl line 11"),
    ({"epsilon": "9"}, "audit.jsonl line 11"),
    ({"table_sha256": "00" * 32}, "table.json"),
    ({"run_id": "run-another-one"}, "receipt.json"),
    ({"contract_hash": "00" * 32}, "receipt.json"),
])
def test_another_receipt_signed_by_both_is_refused(change, where):
    assert refused(replace(GOOD, receipt=sealed_receipt(replace(RECEIPT, **change)))).where == where


def test_another_table_is_refused():
    error = refused(replace(GOOD, table=table_bytes(replace(TABLE, rows=TABLE.rows[:1]))))
    assert (error.where, "both parties signed" in error.what) == ("table.json", True)


def stored(**envelopes) -> bytes:
    """receipt.json with other envelopes in it."""
    return canonical_json({**json.loads(sealed_receipt()), **envelopes})


def envelope(role: str, body: bytes, key: dsse.SigningKey | None = None) -> dict[str, object]:
    key = key or SIGNING[role]
    return dsse.seal(PAYLOAD_TYPE, body, [(key.public, key.sign(PAYLOAD_TYPE, body))]).document()


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_a_statement_by_another_key_names_the_role(role):
    bad = stored(**{role: envelope(role, RECEIPT.statement(role, ROOTS[role]), STRANGER)})
    assert refused(replace(GOOD, receipt=bad)).what == f"not signed by the {role}"


def test_both_statements_are_needed():
    both = json.loads(sealed_receipt())
    for value in ({"retailer": both["retailer"]}, {**both, "auditor": both["retailer"]}, [both], both["retailer"]):
        assert "one statement of each party" in refused(replace(GOOD, receipt=canonical_json(value))).what


def test_two_different_receipts_are_refused():
    other = replace(RECEIPT, table_sha256="00" * 32).statement("retailer", ROOTS["retailer"])
    assert "different receipts" in refused(replace(GOOD, receipt=stored(retailer=envelope("retailer", other)))).what


def test_the_peers_signature_is_checked_before_the_receipt_is_sealed():
    own = signed(RECEIPT, "advertiser", ROOTS["advertiser"])
    with pytest.raises(AuditError, match="retailer"):
        RECEIPT.seal(KEYS, {"advertiser": own, "retailer": signed(RECEIPT, "retailer", ROOTS["retailer"], STRANGER)})
    for bad in (signed(replace(RECEIPT, epsilon="2"), "retailer", ROOTS["retailer"]),
                replace(signed(RECEIPT, "retailer", ROOTS["retailer"]), audit_root=bytes(32)),
                signed(RECEIPT, "advertiser", ROOTS["retailer"], SIGNING["retailer"])):
        with pytest.raises(AuditError, match="retailer"):
            RECEIPT.check(KEYS["retailer"], bad, "retailer")


def test_receipt_round_trip_and_bounds():
    opened = open_receipt(sealed_receipt(), KEYS)
    assert (opened.receipt, opened.audit_roots["retailer"]) == (RECEIPT, ROOTS["retailer"].hex())
    assert json.loads(RECEIPT.statement("retailer", bytes(32)))["format"] == "cleanroom-receipt/2"
    for bad in ("1e-6", "-1", "", "01", ".5", 0.5, "NaN"):
        with pytest.raises(MisuseError):
            Receipt(RUN, CONTRACT, "ab" * 32, "ab" * 32, bad, "0")


STATEMENT = RECEIPT.statement("retailer", ROOTS["retailer"])


@pytest.mark.parametrize("body", [
    b"{}", b"[]", STATEMENT.replace(b"epsilon", b"epsilom"), STATEMENT.replace(b"receipt/2", b"receipt/1"),
    STATEMENT.replace(b'"1.5"', b'"x"'), STATEMENT + b" ", RECEIPT.statement("advertiser", ROOTS["retailer"]),
    RECEIPT.statement("retailer", b"short"),
])
def test_a_signed_body_of_another_shape_is_refused(body):
    with pytest.raises(AuditError):
        open_receipt(stored(retailer=envelope("retailer", body)), KEYS)


def rewritten(number: int, **changes) -> list[bytes]:
    """The log with other values in one line, from 1."""
    line = json.loads(LINES[number - 1])
    line["fields"] |= changes
    return [*LINES[:number - 1], canonical_json(line), *LINES[number:]]


@pytest.mark.parametrize(("number", "changes"), [
    (2, {"refused": {"R-01": 0}}), (2, {"admitted": 901}), (7, {"total_epsilon": "1"}), (10, {"salt": "00" * 32})])
def test_a_log_that_its_owner_rewrote_and_signed_again_is_refused(number, changes):
    error = refused(resealed(GOOD, rewritten(number, **changes), FIRST))
    assert (error.where, "the advertiser signed" in error.what) == ("audit.jsonl", True)


def forged_altogether():
    """The same, with a new statement of the owner's in the receipt: alone it fits together."""
    lines = rewritten(2, refused={"R-01": 0})
    receipt = sealed_receipt(advertiser=root([leaf_hash(line) for line in lines[:10]]))
    return verify_run(replace(resealed(GOOD, lines, FIRST), receipt=receipt), KEYS)


def test_what_the_peer_holds_betrays_a_new_log():
    forged = forged_altogether()
    with pytest.raises(AuditError, match="the advertiser signed two different logs"):
        compare_runs(forged, verified("retailer"))
    with pytest.raises(AuditError, match="the advertiser signed two different logs"):
        compare_receipt(forged, open_receipt(sealed_receipt(), KEYS))
    compare_receipt(verified(), open_receipt(sealed_receipt(), KEYS))


@pytest.mark.parametrize(("number", "name"), [(6, "epsilon"), (7, "epsilon"), (6, "delta")])
def test_the_privacy_charged_is_that_of_the_receipt(number, name):
    lines = rewritten(number, **{name: "0.25"})
    receipt = sealed_receipt(advertiser=root([leaf_hash(line) for line in lines[:10]]))
    error = refused(replace(resealed(GOOD, lines, FIRST), receipt=receipt))
    assert error.what == f"the {name} charged in the log is not that of the receipt"


def failed_run():
    sink = MemorySink()
    log = AuditLog(sink, StepClock(), SIGNING["advertiser"])
    log.record(Kind.RUN_STARTED, **start_fields())
    log.fail(AuditError("x"), "match")
    return replace(GOOD, log=joined(sink.lines), head=log.head(), receipt=None, table=None)


def test_a_failed_run_verifies_without_a_release():
    found = verify_run(failed_run(), KEYS)
    assert (found.outcome, found.receipt, found.signed_by) == (Kind.RUN_FAILED, None, ("advertiser",))


def test_a_failed_run_may_not_carry_a_foreign_release():
    bad = replace(failed_run(), receipt=GOOD.receipt, table=GOOD.table)
    assert "0 events table_released" in refused(bad).what
    assert refused(replace(failed_run(), table=GOOD.table)).where == "receipt.json"


def verified(role="advertiser") -> Verified:
    return verify_run(evidence(role), KEYS)


def test_two_sides_of_one_run_agree():
    compare_runs(verified(), verified("retailer"))
    failed = {"receipt": None, "audit_roots": {}}
    compare_runs(replace(verified(), **failed), replace(verified("retailer"), **failed))


@pytest.mark.parametrize(("changes", "text"), [
    ({"role": "advertiser"}, "both folders"),
    ({"run_id": "run-another-one"}, "run_id"),
    ({"contract_hash": "00" * 32}, "contract_hash"),
    ({"contract_id": "autumn"}, "contract_id"),
    ({"receipt": None}, "only the advertiser"),
    ({"receipt": replace(RECEIPT, table_sha256="00" * 32)}, "not the same"),
])
def test_two_folders_that_differ_are_refused(changes, text):
    with pytest.raises(AuditError, match=text):
        compare_runs(verified(), replace(verified("retailer"), **changes))


def test_runs_of_one_party_follow_each_other():
    one = verified()
    two = verify_run(evidence(previous_head=one.root), KEYS)
    three = verify_run(evidence(previous_head=two.root), KEYS)
    verify_chain([one, two, three])
    verify_chain([two, three])
    verify_chain([three, one, two], three.root)
    verify_chain([])
    with pytest.raises(AuditError, match="it continues is missing"):
        verify_chain([one, three])
    with pytest.raises(AuditError, match="newest run is missing"):
        verify_chain([one, two], three.root)
    with pytest.raises(AuditError, match="the retailer's, among runs of the advertiser"):
        verify_chain([one, replace(two, role="retailer")])


def test_runs_that_overlapped_are_one_line_all_the_same():
    """Two runs that began after the same one; whichever was sealed second names the first of them."""
    one = verified()
    two, three = (verify_run(evidence(previous_head=one.root, admitted=n), KEYS) for n in (1, 2))
    with pytest.raises(AuditError, match="continues the same run as run"):
        verify_chain([one, two, three])
    third = replace(three, sealed_after=two.root)
    verify_chain([one, two, third])
    with pytest.raises(AuditError, match="it continues is missing"):
        verify_chain([one, third])


def test_evidence_shows_nothing():
    assert "run_started" not in repr(GOOD)
