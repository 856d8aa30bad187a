"""What a progress display is told of a run: every stage by its name, and waiting counted for what is waited for."""

from __future__ import annotations

from cheat import small_pair
from duplex import both
from kit import EXACT, KEYS, exchange, finish, make_setup
from small_tables import AGREED, both_tables

from cleanroom import flow
from cleanroom.adapters import progress as display
from cleanroom.node.link import FrameLink
from cleanroom.report.wording import ENGLISH
from cleanroom.report.wording_fr import FRENCH
from cleanroom.session.script import SCRIPT

STEPS = list(dict.fromkeys(step.name for step in SCRIPT))
BEFORE = ["reading", "connecting", "gate"]


class Diary:
    """Stages with their totals, and how far each came."""

    def __init__(self) -> None:
        self.stages: list[list] = []

    def stage(self, name: str, total: int) -> None:
        self.stages.append([name, total, 0])

    def advance(self, amount: int) -> None:
        self.stages[-1][2] += amount

    def peer(self, state: str) -> None:
        """What the other side does is of no interest here."""

    def done(self) -> None:
        """Nothing to close."""


def test_a_run_reports_its_gate_and_every_step_to_the_end() -> None:
    diaries = {role: Diary() for role in KEYS}

    def run(role: str, link: FrameLink) -> None:
        setup = make_setup(AGREED, role, **EXACT)
        flow.run(setup, lambda: both_tables("same", "same")[role], link, diaries[role], initiator=role == "advertiser")

    assert not any(both(run).values())
    for diary in diaries.values():
        assert list(dict.fromkeys(name for name, _, _ in diary.stages)) == ["reading", "gate", *STEPS]
        assert all(total == counted for _, total, counted in diary.stages)


def test_waiting_for_the_peer_counts_for_the_step_that_is_waited_for() -> None:
    """Both have sent what they can, and nothing of the next step has come: it is the stage that is shown already."""
    for step in STEPS[1:]:
        nodes, diaries = small_pair(), [Diary(), Diary()]
        for node, diary in zip(nodes, diaries, strict=True):
            node.session._progress = diary
        exchange(*nodes, until=step)
        assert [diary.stages[-1][0] for diary in diaries] == [step, step]
        assert [diary.stages[-1][2] for diary in diaries] == [0, 0]
        finish(*nodes)


def test_every_stage_has_a_title_and_a_name_in_both_languages() -> None:
    for name in BEFORE + STEPS:
        assert display.TITLES[name]
        assert ENGLISH[f"n_{name}"] != FRENCH[f"n_{name}"]


def test_seconds_are_kept_by_stage_and_end_with_the_run(monkeypatch) -> None:
    now = iter([10.0, 12.0, 12.0, 17.0, 17.0, 18.0])
    monkeypatch.setattr(display.time, "monotonic", lambda: next(now))
    with display.Timed(Diary()) as timed:
        for name in ("reading", "gate", "reading"):
            timed.stage(name, 1)
    assert timed.seconds == {"reading": 3.0, "gate": 5.0}
