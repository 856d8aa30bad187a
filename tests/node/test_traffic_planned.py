"""What `cleanroom plan` says of the traffic, against the bytes of a run over the wire; and a peer that reads slowly."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from live import match, serving, tampered
from tiny import Tiny
from typer.testing import CliRunner

from cleanroom.cli.main import application
from cleanroom.node import client, servicer
from cleanroom.node.link import FrameLink
from cleanroom.node.window import WINDOW_FRAMES
from cleanroom.v1.node_pb2 import Frame


def test_the_plan_predicts_the_traffic_of_a_run_within_five_percent(tiny: Tiny) -> None:
    parties = [option for role in ("advertiser", "retailer") for option in ("--party", str(tiny.party(role)))]
    planned = CliRunner().invoke(application(), ["plan", str(tiny.contract), *parties, "--json"])
    predicted = json.loads(planned.stdout)["run"]
    with serving(tiny.retailer):
        runtime = match(tiny.advertiser, tiny.contract).results.document["runtime"]
    assert runtime["bytes_sent"] == pytest.approx(predicted["advertiser_bytes"], rel=0.05)
    assert runtime["bytes_received"] == pytest.approx(predicted["retailer_bytes"], rel=0.05)


@pytest.mark.parametrize("slow", [client, servicer], ids=["advertiser", "retailer"])
def test_a_peer_slower_than_the_reader_is_waited_for_with_a_bounded_window(tiny: Tiny, monkeypatch: pytest.MonkeyPatch,
                                                                           slow: object) -> None:
    waiting: list[int] = []

    def slowly(frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            time.sleep(0.02)
            waiting.append(links[-1]._window.end - links[-1]._window.first)
            yield frame

    links: list[FrameLink] = []

    class Slow(tampered(slowly)):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            links.append(self)

    monkeypatch.setattr(slow, "FrameLink", Slow)
    with serving(tiny.retailer):
        finished = match(tiny.advertiser, tiny.contract)
    assert len(finished.table.rows) == 2
    assert len(waiting) > 10
    assert max(waiting) <= WINDOW_FRAMES
