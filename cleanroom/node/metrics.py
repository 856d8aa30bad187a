"""The status document as Prometheus metrics. Labels are contract ids, steps, states and classes of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cleanroom.node.status import Document, is_ready

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[tuple[str, ...], Any]


def metrics_text(look: Callable[[], Document]) -> bytes:
    """The metrics of one moment in Prometheus' text format, with memory and processor time of this process."""
    registry = CollectorRegistry()
    registry.register(_Status(look()))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Status(Collector):
    def __init__(self, document: Document) -> None:
        self._document = document

    def collect(self) -> Iterator[Metric]:
        found = self._document
        yield _gauge("ready", "Whether a run could begin now", (), [((), is_ready(found))])
        yield _gauge("check_ok", "Whether one condition of readiness holds", ("check",),
                     [((name,), not reason) for name, reason in found["ready"].items()])
        yield _gauge("certificate_expiry_days", "Days until our certificate expires", (),
                     [((), found["certificate_days"])])
        yield _gauge("disk_free_bytes", "Free space beside the party's folder", (), [((), found["disk"]["free_bytes"])])
        yield _gauge("suppression_list_age_seconds", "Time since the suppression list changed; X-01 allows a day", (),
                     [((), found["suppressions_age_seconds"])])
        yield _gauge("proposals_waiting", "Contracts that the peer proposed", (), [((), found["proposals"])])
        yield _gauge("audit_head_verifies", "Whether the log sealed last verifies", (),
                     [((), found["audit"]["verifies"] if found["audit"]["head"] else None)])
        yield from _of_contracts(found["contracts"])
        yield from _of_runs(found["runs"])
        yield from _of_last(found["measured"])


def _of_contracts(contracts: Iterable[Document]) -> Iterator[Metric]:
    live = [each for each in contracts if each["state"] != "superseded"]
    for name, key, text in (("expiry_days", "days", "Days until the contract expires"),
                            ("budget_epsilon", "budget_epsilon", "Privacy budget of the contract"),
                            ("budget_left_epsilon", "left_epsilon", "What is left of it")):
        yield _gauge(f"contract_{name}", text, ("contract", "version"),
                     [((each["id"], str(each["version"])), each[key]) for each in live])
    yield _gauge("contract_in_force", "Whether the contract is in force here", ("contract", "version"),
                 [((each["id"], str(each["version"])), each["state"] == "in_force") for each in live])


def _of_runs(runs: Document) -> Iterator[Metric]:
    yield _gauge("runs", "Runs of the register by state", ("state",),
                 [((name,), count) for name, count in runs["states"].items()])
    yield _gauge("run_errors", "Runs of the register by what ended them", ("error",),
                 [((name,), count) for name, count in runs["errors"].items()])
    yield _gauge("runs_waiting", "Runs that wait for approval, hours or their turn", (), [((), runs["waiting"])])
    yield _gauge("run_step", "The step that a run of the contract is in", ("contract", "step"),
                 [((each["contract"], each["step"]), 1) for each in runs["newest"] if each["state"] == "running"])


def _of_last(last: Document | None) -> Iterator[Metric]:
    if last is None:
        return
    of, seconds = (last["contract"],), last["seconds"]
    yield _gauge("last_run_seconds", "Duration of the last finished run", ("contract",), [(of, seconds)])
    for what in ("rows", "bytes"):
        sides = [((*of, side), last[f"{what}_{side}"]) for side in ("sent", "received")]
        yield _gauge(f"last_run_{what}", f"{what.title()} of the last finished run", ("contract", "direction"), sides)
        yield _gauge(f"last_run_{what}_per_second", f"{what.title()} a second of the last finished run",
                     ("contract", "direction"), [(name, value / max(seconds, 1e-3)) for name, value in sides])


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    """A value that is not known is left out."""
    family = GaugeMetricFamily(f"cleanroom_{name}", text, labels=labels)
    for values, number in samples:
        if number is not None:
            family.add_metric(values, float(number))
    return family
