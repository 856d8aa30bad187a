"""A real PostgreSQL server: types, one snapshot, secrets, TLS, and a server that goes away."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from live import match, runs, serving
from server import PASSWORD, USER, Server
from test_same_table import password
from tiny import Tiny, edit, result_files

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.parts import part_count
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.adapters.reading import Reading
from cleanroom.adapters.sources.postgres import Postgres
from cleanroom.adapters.system import SystemClock
from cleanroom.errors import CleanroomError, DataError, SettingsError
from cleanroom.identity.tables import RetailerTables

WRONG = "not-this-one"


def moved(party: Path, server: Server, said: str = 'table = "members"', **changes: object) -> Path:
    """The party's members are in the database."""
    edit(party / "party.toml", 'file = "data/members.csv"', f'database = "crm"\n{said}')
    path = party / "party.toml"
    path.write_text(path.read_text() + server.section(**changes))
    password(party)
    return party


def read(party: Path) -> RetailerTables:
    return read_tables(load_party(party), Terms("UTC"))


def refusal(party: Path, error: type[CleanroomError] = DataError) -> str:
    with pytest.raises(error) as caught:
        read(party)
    for secret in (PASSWORD, WRONG, "example.org"):
        assert secret not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def people(server: Server) -> Server:
    """The server with 200 members, of whom number 7 is a uuid in the table `odd`."""
    ids = [str(i) for i in range(200)]
    server.fill("members", pa.table({"person": ids, "email": [f"person{i}@example.org" for i in ids]}))
    return server


def test_types_of_a_database(tiny: Tiny, server: Server) -> None:
    server.execute(
        "CREATE TYPE channel AS ENUM ('store', 'online')",
        "CREATE TABLE \"Sales\" (who uuid, at timestamptz, ticket bigint, paid numeric(10,2), n smallint, "
        "what varchar(20), sales_channel channel, brand boolean, spare jsonb)",
        "INSERT INTO \"Sales\" VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2025-03-02 23:30+00', 7, 12.30, 2, "
        "'dairy', 'online', true, '{}'), (NULL, '2025-03-02', 8, 1, 1, 'meat', 'store', false, NULL)",
        f'GRANT SELECT ON "Sales" TO {USER}')
    edit(tiny.retailer / "party.toml", 'file = "data/purchases.csv"',
         'database = "crm"\ntable = "public.Sales"\n[data.purchases.columns]\nperson = "who"\nday = "at"\n'
         'basket = "ticket"\namount = "paid"\nquantity = "n"\ncategory = "what"')
    password(tiny.retailer)
    path = tiny.retailer / "party.toml"
    path.write_text(path.read_text() + server.section())
    rows = read_tables(load_party(tiny.retailer), Terms("Europe/Paris")).purchases.astype(str).to_dict("records")
    assert rows == [
        {"person": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "day": "2025-03-03", "basket": "7", "amount_cents": "1230",
         "quantity": "2", "category": "dairy", "sales_channel": "online", "brand": "True"},
        {"person": "", "day": "2025-03-02", "basket": "8", "amount_cents": "100", "quantity": "1", "category": "meat",
         "sales_channel": "store", "brand": "False"}]


def test_a_query_with_own_names(tiny: Tiny, people: Server) -> None:
    query = "query = \"SELECT person AS id, upper(email) AS mail FROM members WHERE person::int < 3; \"\n"
    party = moved(tiny.retailer, people, query + 'columns = { person = "id", email = "mail" }')
    assert read(party).members["email"].tolist() == [f"PERSON{i}@EXAMPLE.ORG" for i in range(3)]


def test_all_tables_are_of_one_moment(tiny: Tiny, people: Server) -> None:
    people.fill("visits", pa.table({"person": ["1"], "day": ["2025-03-02"]}))
    party = moved(tiny.retailer, people)
    (party / "party.toml").write_text((party / "party.toml").read_text()
                                      + '\n[data.visits]\ndatabase = "crm"\ntable = "visits"\n')
    with Reading(load_party(party)) as reading:
        tables = reading.batches("members", reading.layouts["members"], 50)
        count = next(tables).rows
        people.execute("DELETE FROM members", "INSERT INTO visits SELECT i, '2025-03-02' FROM generate_series(1, 99) i")
        count += sum(table.rows for table in tables)
        again = reading.whole("members").rows
        visits = reading.whole("visits").rows
    assert (count, again, visits) == (200, 200, 1)


@pytest.mark.parametrize(("age", "said"), [(None, ""), ("1 hour", ""), ("25 hours", "X-01: the suppression list")])
def test_a_live_suppression_list_is_of_now_and_a_copy_of_its_as_of(tiny: Tiny, server: Server, age: str | None,
                                                                   said: str) -> None:
    made = "" if age is None else f", now() - interval '{age}' AS as_of"
    server.execute(f"CREATE TABLE refusals AS SELECT '7'::text AS person{made}", f"GRANT SELECT ON refusals TO {USER}")
    edit(tiny.retailer / "party.toml", 'file = "data/suppressions.csv"', 'database = "crm"\ntable = "refusals"')
    path = tiny.retailer / "party.toml"
    path.write_text(path.read_text() + server.section())
    password(tiny.retailer)
    contract, now = read_contract(tiny.contract), SystemClock().now()
    if not said:
        assert load_tables(load_party(tiny.retailer), contract, now).suppressions["person"].tolist() == ["7"]
        return
    with pytest.raises(DataError, match=said):
        load_tables(load_party(tiny.retailer), contract, now)


def test_nothing_can_be_written(tiny: Tiny, people: Server) -> None:
    people.execute(f"GRANT ALL ON members TO {USER}",
                   "CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM members RETURNING 1'")
    party = moved(tiny.retailer, people, "query = \"SELECT person, email FROM members WHERE wipe() = 1\"")
    assert "cannot give these rows" in refusal(party)
    assert people.count("members") == 200
    edit(party / "party.toml", "SELECT person, email FROM members WHERE wipe() = 1", "DELETE FROM members; SELECT 1")
    assert "SQLSTATE 42601" in refusal(party)


@pytest.mark.parametrize(("said", "state"), [
    ('table = "nothing"', "42P01"), ("query = \"SELECT 'person7@example.org'::int AS person\"", "22P02"),
    ('query = "SELECT person, email::int AS email FROM members"', "")])
def test_errors_show_no_value(tiny: Tiny, people: Server, said: str, state: str) -> None:
    found = refusal(moved(tiny.retailer, people, said))
    assert found.startswith("crm: ")
    assert (f"(SQLSTATE {state})" if state else "cannot give these rows") in found


def test_a_bad_row_is_refused_by_its_number_while_the_rest_is_on_its_way(tiny: Tiny, server: Server) -> None:
    server.execute("CREATE TABLE members AS SELECT CASE i WHEN 9 THEN '' ELSE i::text END AS person, 'x' AS email "
                   "FROM generate_series(1, 300000) i", f"GRANT SELECT ON members TO {USER}")
    found = refusal(moved(tiny.retailer, server))
    assert found.startswith("crm: members, row 9, field person: empty")


def test_the_password_comes_from_a_variable(tiny: Tiny, people: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    party = moved(tiny.retailer, people, password_file=None, password_env="CRM_PASSWORD")
    assert "databases.crm.password_env: the environment variable is not set" in refusal(party, SettingsError)
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    assert len(read(party).members) == 200
    monkeypatch.setenv("CRM_PASSWORD", WRONG)
    refusal(party)


def test_a_password_file_that_others_can_read_is_refused(tiny: Tiny, people: Server) -> None:
    party = moved(tiny.retailer, people)
    password(party).chmod(0o640)
    assert "other users of this machine have access to it" in refusal(party, SettingsError)
    password(party, WRONG)
    refusal(party)


@pytest.mark.parametrize(("line", "said"), [
    (f'password = "{WRONG}"', "databases.crm.password: unknown key"),
    (f'host = "postgres://u:{WRONG}@h/db"', "databases.crm.host: must be a host name"),
    ('host = "db.example.net"\ntls = false', "tls may be false only for a Unix socket"),
    ('host = "/run"\npassword_env = "A"\npassword_file = "p"', "do not go together")])
def test_a_secret_in_the_settings_is_refused_and_not_shown(tiny: Tiny, line: str, said: str) -> None:
    path = tiny.retailer / "party.toml"
    host = "" if "host" in line else 'host = "/run"\n'
    path.write_text(f'{path.read_text()}\n[databases.crm]\nname = "crm"\nuser = "u"\n{host}{line}\n')
    with pytest.raises(SettingsError) as caught:
        load_party(tiny.retailer)
    assert said in str(caught.value)
    assert WRONG not in str(caught.value)


def test_the_password_is_in_no_process_list_and_no_repr(tiny: Tiny, people: Server) -> None:
    party = moved(tiny.retailer, people)
    settings = load_party(party)
    with Reading(settings) as reading:
        assert reading.whole("members").rows == 200
        engine = reading._engines["crm", None, ""]
        assert isinstance(engine, Postgres)
        assert PASSWORD not in repr(engine) + repr(settings) + repr(vars(engine))
        listed = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
        assert b"postgres" in listed
        assert PASSWORD.encode() not in listed


def test_tls_verifies_certificate_and_name(tiny: Tiny, people: Server) -> None:
    party = moved(tiny.retailer, people, host="localhost", root_certificate="authority.pem")
    (party / "authority.pem").write_bytes(people.authority.read_bytes())
    assert len(read(party).members) == 200
    edit(party / "party.toml", 'host = "localhost"', 'host = "127.0.0.1"')  # not in the certificate
    refusal(party)
    edit(party / "party.toml", 'host = "127.0.0.1"', 'host = "localhost"')
    edit(party / "party.toml", 'root_certificate = "authority.pem"\n', "")  # unknown to the system
    refusal(party)


@pytest.mark.parametrize("variable", ["PGHOSTADDR", "PGPASSWORD", "PGOPTIONS", "PGSERVICE", "PGSSLMODE"])
def test_a_variable_of_the_client_library_is_refused(tiny: Tiny, people: Server, variable: str,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """It would say where to connect, or as whom, beside party.toml."""
    monkeypatch.setenv(variable, WRONG)
    found = refusal(moved(tiny.retailer, people), SettingsError)
    assert found.startswith(f"databases.crm: the environment variable {variable} would change the connection")


def test_a_variable_that_party_toml_names_and_one_of_the_server_are_taken(tiny: Tiny, people: Server,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    party = moved(tiny.retailer, people, password_file=None, password_env="PGPASSWORD")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGDATA", "/nowhere")
    assert len(read(party).members) == 200


def test_the_password_file_of_the_user_is_not_read(tiny: Tiny, people: Server, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    (tmp_path / ".pgpass").write_text(f"*:*:*:*:{escaped}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "the database cannot be reached" in refusal(moved(tiny.retailer, people, password_file=None))


def test_loopback_without_tls(tiny: Tiny, people: Server) -> None:
    assert len(read(moved(tiny.retailer, people, host="127.0.0.1", tls=False)).members) == 200


def test_a_server_that_is_not_there(tiny: Tiny, server: Server) -> None:
    party = moved(tiny.retailer, server, port=1)
    assert refusal(party).startswith("databases.crm: the database cannot be reached, went away")


def test_a_server_that_goes_away_in_the_middle(tiny: Tiny, mortal: Server) -> None:
    mortal.execute("CREATE TABLE members AS SELECT i::text AS person, repeat('x', 200) AS email "
                   "FROM generate_series(1, 300000) i", f"GRANT SELECT ON members TO {USER}")
    with Reading(load_party(moved(tiny.retailer, mortal))) as reading:
        tables = reading.batches("members", reading.layouts["members"], 1000)
        assert next(tables).rows == 1000
        mortal.stop()
        with pytest.raises(DataError, match="crm: members: the database"):
            list(tables)


def test_the_first_error_is_the_one_that_is_told(tiny: Tiny, people: Server) -> None:
    """A failed query ends the transaction: what is asked afterwards would only say so."""
    party = moved(tiny.retailer, people, 'query = "SELECT person FROM nowhere"')
    with pytest.raises(DataError, match="42P01"):
        part_count(load_party(party), 10**9)


def test_a_run_without_its_database_leaves_nothing_and_tells_the_peer_no_more_than_any_refusal(
        tiny: Tiny, mortal: Server) -> None:
    moved(tiny.retailer, mortal)
    mortal.stop()
    with serving(tiny.retailer), pytest.raises(CleanroomError) as caught:
        match(tiny.advertiser, tiny.contract)
    assert DataError.public in str(caught.value)
    assert result_files(tiny.folder) == []
    assert runs(tiny.retailer) == [] or all(not (run / "table.json").exists() for run in runs(tiny.retailer))
