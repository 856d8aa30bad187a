"""init, check and contract: from an empty folder to a contract both signed."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_kit import Run
from live import serving
from tiny import COMMON, MEMBERS, PEOPLE, PURCHASES, Tiny, edit, terms

from cleanroom.adapters.contract_files import FOLDER_NAME

WHO = ("--role", "advertiser", "--name", "Brand", "--contact", "dpo@brand.example.org")


def test_init_makes_settings_private_keys_and_a_card(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "brand"
    done = run("init", folder, *WHO)
    assert (done.code, done.out) == (0, f"{folder / 'card.toml'}\n")
    assert set(tomllib.loads((folder / "card.toml").read_text())["parties"]["advertiser"]) == {
        "name", "contact", "signing_key", "certificate"}
    assert {path.stat().st_mode & 0o777 for path in (folder / "keys").glob("*.key.pem")} == {0o600}
    assert "PRIVATE" not in done.out + done.err + (folder / "card.toml").read_text()


def test_init_never_overwrites_keys(tiny: Tiny, run: Run) -> None:
    before = {path.name: path.read_bytes() for path in (tiny.advertiser / "keys").iterdir()}
    run("init", tiny.advertiser).refusal(67, "signing.key.pem", "exists already", "never overwritten")
    assert {path.name: path.read_bytes() for path in (tiny.advertiser / "keys").iterdir()} == before


@pytest.mark.parametrize("missing", [0, 2, 4])
def test_init_needs_role_name_and_contact_for_a_new_party(tmp_path: Path, run: Run, missing: int) -> None:
    arguments = [*WHO[:missing], *WHO[missing + 2:]]
    run("init", tmp_path / "brand", *arguments).refusal(64, "--role", "--name", "--contact")
    assert not (tmp_path / "brand").exists()


def test_check_counts_the_files_without_a_contract(tiny: Tiny, run: Run) -> None:
    done = run("check", tiny.retailer, "--json")
    document = json.loads(done.out)
    assert done.code == 0
    assert document["rows"]["members"] == MEMBERS
    assert document["rows"]["purchases"] == PURCHASES
    assert document["sent"] is None


def test_check_counts_who_would_be_sent_under_a_contract(tiny: Tiny, run: Run) -> None:
    document = json.loads(run("check", tiny.advertiser, "--contract", tiny.contract, "--json").out)
    assert document["sent"] == PEOPLE
    assert [cell["people"] for cell in document["cells"]] == [PEOPLE // 2, PEOPLE // 2]
    assert document["consent"]["admitted"] == PEOPLE


def test_check_in_words_goes_to_stdout_and_its_warning_to_stderr(tiny: Tiny, run: Run) -> None:
    done = run("check", tiny.advertiser, "--contract", tiny.contract)
    assert f"What would be sent: Blinded keys of {PEOPLE} of {PEOPLE} people (100.0\u00a0%)" in done.out
    assert f"2025-02-24   {'█' * 32}   {PEOPLE // 2}" in done.out  # exposures of the week of 1 March
    assert done.err == "These counts are exact and for this party only.\n"


@pytest.mark.parametrize(("address", "reason"), [
    ("", "missing"), ("   ", "missing"), ("@example.org", "invalid"), ("a b@example.org", "invalid"),
    ("person@localhost", "invalid"), (" PERSON1@example.org ", "duplicate")])
def test_an_address_that_cannot_match_is_left_out_and_counted(tiny: Tiny, run: Run, address: str,
                                                             reason: str) -> None:
    edit(tiny.advertiser / "data" / "people.csv", "\n0,Person0@Example.org\n", f"\n0,{address}\n")
    done = run("check", tiny.advertiser, "--contract", tiny.contract, "--json")
    keys = json.loads(done.out)["keys"]["email"]
    lost = 2 if reason == "duplicate" else 1
    assert keys[reason] == lost
    assert keys["valid"] == json.loads(done.out)["sent"] == PEOPLE - lost
    assert address.strip() == "" or address not in done.out + done.err


def test_nobody_left_is_refused_with_a_hint(tiny: Tiny, run: Run) -> None:
    consents = tiny.advertiser / "data" / "consents.csv"
    consents.write_text(consents.read_text().replace(",given,", ",refused,"))
    assert json.loads(run("check", tiny.advertiser, "--contract", tiny.contract, "--json").out)["sent"] == 0
    with serving(tiny.retailer):
        refused = run("match", tiny.advertiser, "--contract", tiny.contract)
    assert (refused.code, refused.out) == (65, "")
    assert "nobody is left to take part — `cleanroom check` shows" in refused.err


def make_new(tiny: Tiny, run: Run, text: str) -> Path:
    made = tiny.folder / "new.toml"
    (tiny.folder / "terms.toml").write_text(text)
    cards = [f"--{role}={card}" for role, card in tiny.cards().items()]
    done = run("contract", "new", made, "--terms", tiny.folder / "terms.toml", *cards)
    assert (done.code, done.out) == (0, ""), done.err
    return made


def test_a_contract_from_terms_to_two_signatures(tiny: Tiny, run: Run) -> None:
    made = make_new(tiny, run, terms().replace("tiny-campaign", "another-campaign"))
    run("contract", "verify", made).refusal(66, "the advertiser has not signed")
    assert run("contract", "sign", tiny.advertiser, made).code == 0
    run("contract", "verify", made).refusal(66, "the retailer has not signed")
    assert "both parties have signed" in run("contract", "sign", tiny.retailer, made).err
    assert (tiny.retailer / FOLDER_NAME / "another-campaign-v1.toml").exists()
    assert not (tiny.advertiser / FOLDER_NAME / "another-campaign-v1.toml").exists()
    run("contract", "sign", tiny.advertiser, made)
    assert (tiny.advertiser / FOLDER_NAME / "another-campaign-v1.toml").exists()
    verified = run("contract", "verify", made, tiny.advertiser)
    assert verified.code == 0
    assert "signed by both" in verified.out


def test_new_overwrites_nothing(tiny: Tiny, run: Run) -> None:
    before = tiny.contract.read_bytes()
    cards = [f"--{role}={card}" for role, card in tiny.cards().items()]
    run("contract", "new", tiny.contract, "--terms", tiny.folder / "terms.toml", *cards).refusal(
        66, "contract.toml", "exists already")
    assert tiny.contract.read_bytes() == before


def test_new_refuses_the_wrong_card(tiny: Tiny, run: Run) -> None:
    card = tiny.advertiser / "card.toml"
    run("contract", "new", tiny.folder / "new.toml", "--terms", tiny.folder / "terms.toml",
        "--advertiser", card, "--retailer", card).refusal(66, "card.toml", "not the card of a retailer")
    assert not (tiny.folder / "new.toml").exists()


def test_show_says_it_in_words(tiny: Tiny, run: Run) -> None:
    shown = run("contract", "show", tiny.contract)
    assert shown.code == 0
    for part in ("Tiny Brand", "Tiny Shop", "Signed by: Advertiser, Retailer", "NOT assigned at random", "epsilon 1.5"):
        assert part in shown.out


def test_an_altered_contract_is_refused_everywhere_and_not_signed(tiny: Tiny, run: Run) -> None:
    edit(tiny.contract, "threshold = 30", "threshold = 31")
    before = tiny.contract.read_bytes()
    run("contract", "verify", tiny.contract).refusal(66, "altered after signing")
    run("contract", "sign", tiny.advertiser, tiny.contract).refusal(66, "version 1 of tiny-campaign is signed already")
    run("match", tiny.advertiser, "--contract", tiny.contract).refusal(66, "altered after signing")
    (tiny.advertiser / FOLDER_NAME / "tiny-campaign-v1.toml").unlink()  # as if it had never been in force here
    run("contract", "sign", tiny.advertiser, tiny.contract).refusal(66, "the retailer's signature does not fit")
    assert tiny.contract.read_bytes() == before


def test_a_foreign_party_can_neither_sign_nor_verify(tiny: Tiny, tmp_path: Path, run: Run) -> None:
    stranger = tmp_path / "stranger"
    run("init", stranger, *WHO)
    before = tiny.contract.read_bytes()
    run("contract", "sign", stranger, tiny.contract).refusal(66, "parties.advertiser.signing_key", "not this party's")
    run("contract", "verify", tiny.contract, stranger).refusal(66, "names another advertiser")
    assert tiny.contract.read_bytes() == before


def test_an_expired_contract_is_refused_with_its_end(tiny: Tiny, run: Run) -> None:
    tiny.agree(lambda _: terms(datetime.now(UTC) - timedelta(days=2)))
    run("contract", "verify", tiny.contract).refusal(66, "the contract expired at", "agree on a new version")
    run("match", tiny.advertiser, "--contract", tiny.contract).refusal(66, "the contract expired at")


def test_the_fixture_is_what_its_numbers_say() -> None:
    assert 0 < COMMON < min(PEOPLE, MEMBERS)
