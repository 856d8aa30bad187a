"""The salted-hash mode between two nodes: contract, run, reports, evidence; and what refuses it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from live import match, serving, until
from tiny import COMMON, RESULT_FILES, Tiny, runs, terms
from typer.testing import CliRunner

from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.bench_data import salted_terms
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.events import Kind
from cleanroom.audit.verify import compare_runs
from cleanroom.cli.evidence import check_run_folder, read_anchors
from cleanroom.cli.main import application
from cleanroom.cli.result_table import print_results
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role, other
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import AuditError, ContractError
from cleanroom.report.recheck import measurement_text

LEARNED = "Tiny Shop learned which of its customers are in the data of Tiny Brand"
APPRIS = "Tiny Shop a appris lesquels de ses clients figurent dans les données de Tiny Brand"


def run_once(tiny: Tiny, initiator: Role = "advertiser") -> dict[Role, Path]:
    """One run; the folder of each side's."""
    with serving(tiny.party(other(initiator))):
        match(tiny.party(initiator), tiny.contract)
        until(lambda: all((run / "results.csv").exists() for role in ROLES for run in runs(tiny.party(role))))
    return {role: runs(tiny.party(role))[-1] for role in ROLES}


@pytest.mark.parametrize("initiator", ROLES)
def test_both_sides_end_with_the_same_signed_table(tiny: Tiny, initiator: Role) -> None:
    tiny.agree(salted_terms)
    folders = run_once(tiny, initiator)
    for name in ("table.json", "receipt.json"):
        assert len({(folder / name).read_bytes() for folder in folders.values()}) == 1
    for folder in folders.values():
        assert set(RESULT_FILES) <= {path.name for path in folder.iterdir()}
    anchors = read_anchors([tiny.contract])
    compare_runs(*(check_run_folder(folder, anchors).verified for folder in folders.values()))
    document = json.loads((folders["advertiser"] / "measurement.json").read_text())
    found = document["matched"]["people"]
    assert found["low"] - 60 < COMMON < found["high"] + 60  # ten scales of noise and more
    assert [key["matched"] for key in document["own"]["keys"]] == [None]


def test_the_log_says_what_was_wiped_and_that_tokens_were_keyed(tiny: Tiny) -> None:
    tiny.agree(salted_terms)
    for folder in run_once(tiny).values():
        log = read_log(folder)[0]
        (wiped,) = (event.fields["what"] for event in log if event.kind == Kind.INTERMEDIATES_WIPED)
        assert {"ephemeral_key", "salt", "tokens", "row_cells"} <= set(wiped)
        rules = {event.fields["rule"]: event.fields["verdict"] for event in log if event.kind == Kind.RULE_CHECKED}
        assert (rules["X-02"], rules["X-07"]) == ("accepted", "accepted")
        parts = [event.fields["part"] for event in log if event.kind == Kind.PRIVACY_CHARGED]
        assert parts == ["transcript", "release"]


def test_the_same_question_on_the_same_data_is_answered_again_for_nothing(tiny: Tiny) -> None:
    tiny.agree(lambda text: salted_terms(text.replace("[disclosure]", '[disclosure]\nrepeats = "replay"')))
    first, second = run_once(tiny), run_once(tiny)
    for role in ROLES:
        assert first[role] != second[role]
        assert (first[role] / "table.json").read_bytes() == (second[role] / "table.json").read_bytes()
        kinds = [event.kind for event in read_log(second[role])[0]]
        assert Kind.TABLE_REPEATED in kinds
        assert Kind.PRIVACY_CHARGED not in kinds
        assert LEARNED in (second[role] / "report.html").read_text(encoding="utf-8")


def words_of(page: str) -> str:
    """The body of a page without its tags."""
    body = re.sub(r"<style>.*?</style>", "", page.partition("<body>")[2], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).strip()


def test_the_first_lines_of_every_report_say_what_the_retailer_learned(
        tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.agree(salted_terms)
    for role, folder in run_once(tiny).items():
        measurement = (folder / "measurement.json").read_text()
        assert LEARNED in "".join(measurement.splitlines()[:5])
        assert APPRIS in "".join(measurement.splitlines()[:6])
        assert LEARNED in "".join((folder / "compliance.json").read_text().splitlines()[:6])
        print_results(json.loads(measurement))
        assert LEARNED in " ".join(capsys.readouterr().out.split())[:200]
        for options, text in (((), LEARNED), (("--lang", "fr"), APPRIS)):
            for kind in ((), ("--compliance",), ("--compliance", "--shared")):
                page = CliRunner().invoke(application(), ["report", str(tiny.party(role)), *kind, *options])
                assert page.exit_code == 0, page.stderr
                assert text in words_of(page.stdout)[:250]
        assert (folder / "results.csv").read_text().splitlines()[1].startswith(f'"Salted-hash mode. {LEARNED}')
        assert (folder / "record.csv").read_text().splitlines()[1].startswith(f',mode,"Salted-hash mode. {LEARNED}')
        linked = (folder / "compliance.jsonld").read_text()
        assert json.loads(linked)["dct:description"].startswith(f"Salted-hash mode. {LEARNED}")
        assert "PrivateSetIntersection" not in linked
        assert "HomomorphicEncryption" not in linked


# What is true of the blinded mode only, typeset or not.
FORBIDDEN = ("neither company showed", "encrypted sums", "encrypted purchases", "before encryption", "blinded keys",
             "known to nobody", "neither shows a person", "without either side seeing", "no list of common customers",
             "aucune des deux sociétés n'a montré", "sommes chiffrées", "achats chiffrés", "avant chiffrement",
             "clés masquées", "nul ne sait qui", "sans qu'aucune partie voie", "aucune liste de clients communs")


def asked_for(tiny: Tiny, role: Role) -> str:
    """The id of a run that waits for approval."""
    run, agreed = uuid4().hex, read_contract(tiny.contract)
    register = RunRegister(tiny.party(role) / "state", SystemClock())
    register.ask(run, agreed.id, agreed.version, contract_hash(agreed).hex(), "peer", attempts=100, queue=100)
    register.move(run, "awaiting_approval")
    return run


def outputs(tiny: Tiny) -> Iterator[tuple[str, str]]:
    """Everything that is made of the contract or a run, in every language it is made in; by name."""
    def told(*options: str) -> tuple[str, str]:
        found = CliRunner().invoke(application(), options)
        assert found.exit_code == 0, found.stderr
        return " ".join(options), found.stdout

    contract = str(tiny.contract)
    yield told("plan", contract)
    for folder in (runs(tiny.party(role))[-1] for role in ROLES):
        yield from ((f"{folder.name} {name}", (folder / name).read_text(encoding="utf-8")) for name in RESULT_FILES)
    for role in ROLES:
        yield told("runs", "show", str(tiny.party(role)), asked_for(tiny, role))
    for language in ("en", "fr"):
        yield told("contract", "show", contract, "--lang", language)
        for role in ROLES:
            party, page = str(tiny.party(role)), tiny.folder / f"check-{role}-{language}.html"
            yield told("check", party, "--contract", contract, "--html", str(page), "--lang", language)
            yield page.name, page.read_text(encoding="utf-8")
            for kind in ((), ("--compliance",), ("--compliance", "--shared")):
                yield told("report", party, *kind, "--lang", language)


def test_no_output_claims_what_only_the_blinded_mode_keeps(tiny: Tiny) -> None:
    tiny.agree(salted_terms)
    run_once(tiny)
    for name, text in outputs(tiny):
        plain = re.sub(r"\s+", " ", text.replace("’", "'").replace("&#39;", "'")).lower()
        assert [each for each in FORBIDDEN if each in plain] == [], name


def test_every_forbidden_sentence_is_one_of_the_blinded_mode(tiny: Tiny) -> None:
    run_once(tiny)
    every = " ".join(text for _, text in outputs(tiny)).replace("’", "'").replace("&#39;", "'").lower()
    missing = [each for each in FORBIDDEN if each not in re.sub(r"\s+", " ", every)]
    assert missing == []


def test_check_and_runs_show_say_it_first(tiny: Tiny) -> None:
    path = tiny.agree(salted_terms)
    run_once(tiny)
    for role in ROLES:
        party = str(tiny.party(role))
        for language, text, sent in (("en", LEARNED, "A token for each identifier"),
                                     ("fr", APPRIS, "Un jeton pour chaque identifiant")):
            page = tiny.folder / f"{role}-{language}.html"
            options = ["--contract", str(path), "--html", str(page), "--lang", language]
            said = CliRunner().invoke(application(), ["check", party, *options])
            for shown in (said.stdout, words_of(page.read_text(encoding="utf-8"))):
                assert text in " ".join(shown.split())[:200]
                assert (sent in shown) == (role == "advertiser")
        for command in ("show", "approve"):
            shown = CliRunner().invoke(application(), ["runs", command, party, asked_for(tiny, role)], input="n\n")
            assert LEARNED in (shown.stdout if command == "show" else shown.stderr)[:200]


def test_a_measurement_without_its_first_lines_does_not_verify(tiny: Tiny) -> None:
    tiny.agree(salted_terms)
    folder = run_once(tiny)["retailer"]
    document = json.loads((folder / "measurement.json").read_text())
    del document["mode"]
    (folder / "measurement.json").write_text(measurement_text(document), encoding="utf-8")
    with pytest.raises(AuditError, match="mode does not follow"):
        check_run_folder(folder, read_anchors([tiny.contract]))


def test_no_report_of_the_blinded_mode_says_so(tiny: Tiny) -> None:
    folders = run_once(tiny)
    for folder in folders.values():
        for name in RESULT_FILES:
            text = (folder / name).read_text(encoding="utf-8")
            assert not re.search(r"salted-hash|Salted-hash mode|salées|\"mode\"", text), name


def test_the_contract_and_the_plan_say_it_first(tiny: Tiny) -> None:
    path = tiny.agree(salted_terms)
    for command in (["contract", "show", str(path)], ["plan", str(path)]):
        said = CliRunner().invoke(application(), command)
        assert said.exit_code == 0, said.stderr
        assert LEARNED in " ".join(said.stdout.split())[:200]
    shown = CliRunner().invoke(application(), ["contract", "show", str(path), "--lang", "fr"]).stdout
    assert APPRIS in " ".join(shown.split())[:200]
    stages = json.loads(CliRunner().invoke(application(), ["plan", str(path), "--json"]).stdout)["run"]["stages"]
    assert "tokens" in [stage["stage"] for stage in stages]
    assert "masked_sums" not in [stage["stage"] for stage in stages]


def test_the_plan_foresees_the_traffic(tiny: Tiny) -> None:
    tiny.agree(salted_terms)
    parties = [option for role in ROLES for option in ("--party", str(tiny.party(role)))]
    shown = CliRunner().invoke(application(), ["plan", str(tiny.contract), *parties, "--json"])
    planned = json.loads(shown.stdout)["run"]
    runtime = json.loads((run_once(tiny)["advertiser"] / "measurement.json").read_text())["runtime"]
    padding = 2 * 32 * planned["padding"]["most_per_cell_and_pattern"] // 2  # two cells, half of it foreseen
    assert abs(runtime["bytes_sent"] - planned["advertiser_bytes"]) <= padding + 400
    assert abs(runtime["bytes_received"] - planned["retailer_bytes"]) <= 400


def without(part: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        changed = re.sub(part, "", salted_terms(text), count=1)
        assert changed != salted_terms(text)
        return changed
    return change


@pytest.mark.parametrize(("change", "rule", "setting"), [
    (without(r"(?s)\[legal\.pseudonymous_transfer\].*?\n\n"), "C-10", "legal.pseudonymous_transfer = ∅"),
    (without(r"acknowledgement = [^\n]*\n"), "C-10", "legal.pseudonymous_transfer.acknowledgement"),
    (without(r"in which cell(?=\")"), "C-10", "legal.pseudonymous_transfer.acknowledgement"),
    (without(r"dpia_ref = [^\n]*\n"), "C-06", "legal.pseudonymous_transfer.dpia_ref"),
    (lambda text: re.sub(r'dpia_ref = ".*"', 'dpia_ref = " "', salted_terms(text)), "C-06",
     "legal.pseudonymous_transfer.dpia_ref = ∅"),
    (lambda text: salted_terms(text).replace("salted-hash-v1", "ecdh-x25519-v1"), "C-10",
     "legal.pseudonymous_transfer ≠ ∅")])
def test_a_contract_without_all_it_takes_cannot_be_signed(tiny: Tiny, change: Callable[[str], str], rule: str,
                                                          setting: str) -> None:
    with pytest.raises(ContractError) as refused:
        tiny.agree(change)
    assert rule in str(refused.value)
    assert setting in str(refused.value)


def test_nothing_that_the_product_writes_names_the_mode(tiny: Tiny) -> None:
    """Neither terms nor settings that are made or packaged: only a person writes it into a contract."""
    package = Path(__import__("cleanroom").__file__).parent
    written = {*package.rglob("*.toml"), *(package / "adapters").rglob("*.py"), package / "contract" / "legal_lines.py"}
    for path in written - {package / "adapters" / "bench_data.py"}:  # of people that it invents
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bSALTED\b|salted-hash-v1|pseudonymous_transfer", text), path
    assert "salted" not in terms()
    assert all("salted" not in (tiny.party(role) / "party.toml").read_text() for role in ROLES)
