"""What can go wrong with a cluster: each fault ends in one clear error within a bound, or the work goes on."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from live import match, serving
from machines import Authority, Cluster
from tiny import Tiny

from cleanroom.adapters.cluster import ClusterBackend
from cleanroom.adapters.dask_executor import DaskExecutor
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.party import load_party
from cleanroom.cli import doctor
from cleanroom.contract.check import ROLES
from cleanroom.errors import MachineError, MisuseError, PeerViolationError, SettingsError
from cleanroom.primitives.backend import Backend, Points

SCALAR = bytes(range(32))
OFF_BY_ONE = """
from cleanroom.adapters import cluster
import numpy
cluster._power = lambda task, right=cluster._power: numpy.roll(right(task), 32)
"""
DEADLY = "import os\nfrom cleanroom.adapters import cluster\ncluster._power = lambda task: os._exit(1)"
OLDER = "from cleanroom.adapters import parcel\nparcel.__version__ = '0.0.9'"


@pytest.fixture
def points(here: Backend) -> Points:
    return here.power_base(np.frombuffer(np.random.default_rng(1).bytes(32 * 600), np.uint8).reshape(-1, 32))


def failure(cluster: Cluster, here: Backend, points: Points, **settings: object) -> str:
    """What a party is told when a chunk is to be raised."""
    with cluster.executor(**settings) as executor, pytest.raises((MachineError, SettingsError)) as caught:
        ClusterBackend(here, executor).begin_power(SCALAR, points).result()
    assert caught.value.where == "dask"
    return caught.value.what


@pytest.mark.parametrize(("preload", "spill", "expected"), [
    (OFF_BY_ONE, False, "a worker's result differs from what this node computes"),
    (OLDER, False, "a worker runs cleanroom 0.0.9"),
    ("", True, "a worker may spill to its disk"),
])
def test_an_unfit_worker_is_named(cluster: Cluster, here: Backend, points: Points, preload: str, spill: bool,
                                  expected: str) -> None:
    cluster.worker(preload=preload, spill=spill)
    assert expected in failure(cluster, here, points)


def test_a_worker_without_the_kernel_gives_the_same(cluster: Cluster, here: Backend, points: Points) -> None:
    cluster.worker(preload="import sys; sys.modules['cleanroom._native._kernel'] = None")
    with cluster.executor() as executor:
        found = ClusterBackend(here, executor).begin_power(SCALAR, points).result()
    assert np.array_equal(found, here.power(SCALAR, points))


def test_a_bad_point_is_the_peers_fault_and_keeps_its_place(cluster: Cluster, here: Backend, points: Points) -> None:
    cluster.worker()
    points[599] = 0
    with cluster.executor() as executor, pytest.raises(PeerViolationError) as caught:
        ClusterBackend(here, executor).begin_power(SCALAR, points).result()
    assert caught.value.where == "point 599"


def test_no_worker_at_the_start_is_said_at_once(cluster: Cluster) -> None:
    with cluster.executor() as executor, pytest.raises(MachineError, match="no worker is there"):
        assert executor.workers


@pytest.mark.parametrize("end", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.soak)])
def test_all_workers_lost_or_hung_ends_within_the_patience(cluster: Cluster, here: Backend, points: Points,
                                                           end: signal.Signals) -> None:
    worker = cluster.worker()
    with cluster.executor(patience=2) as executor:
        backend = ClusterBackend(here, executor)
        assert backend.workers == 1
        worker.send_signal(end)
        with pytest.raises(MachineError, match="no answer within 2 s"):
            backend.begin_power(SCALAR, points).result()


def test_a_lost_scheduler_is_said_and_found_again(cluster: Cluster, here: Backend, points: Points) -> None:
    worker = cluster.worker()
    with cluster.executor() as executor:
        backend = ClusterBackend(here, executor)
        worker.send_signal(signal.SIGSTOP)
        job = backend.begin_power(SCALAR, points)
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        with pytest.raises(MachineError, match="the connection to the scheduler was lost"):
            job.result()
        with pytest.raises(MachineError, match="cannot be reached over TLS"):
            assert backend.workers
        cluster.start_scheduler()
        cluster.worker()
        assert np.array_equal(backend.begin_power(SCALAR, points).result(), here.power(SCALAR, points))


@pytest.mark.soak
def test_a_scheduler_that_hangs_ends_within_the_patience(cluster: Cluster, here: Backend, points: Points) -> None:
    cluster.worker()
    with cluster.executor(patience=2) as executor:
        backend = ClusterBackend(here, executor)
        assert backend.workers == 1
        cluster.scheduler.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(MachineError, match="no answer within 2 s"):
                backend.begin_power(SCALAR, points).result()
        finally:
            cluster.scheduler.send_signal(signal.SIGCONT)


def test_another_authority_is_not_believed(cluster: Cluster, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.member("node")
    settings = cluster.settings(ca="ca.pem", certificate="node.pem", key="node.key.pem")
    with (DaskExecutor(settings.model_copy(update={"folder": other.folder})) as executor,
          pytest.raises(MachineError, match="cannot be reached over TLS")):
        assert executor.workers


def test_a_scheduler_without_tls_is_never_spoken_to(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        address = f"127.0.0.1:{plain.getsockname()[1]}"
        settings = cluster.settings()
        node = settings.node.model_copy(update={"executor": f"dask://{address}"})
        with (DaskExecutor(settings.model_copy(update={"node": node})) as executor,
              pytest.raises(MachineError, match="cannot be reached over TLS")):
            assert executor.workers
        connection, _ = plain.accept()
        with connection:
            assert connection.recv(3) == b"\x16\x03\x01"  # a TLS handshake, and nothing before it


@pytest.mark.soak
def test_a_job_that_ends_every_worker_is_given_up(cluster: Cluster, here: Backend, points: Points) -> None:
    for _ in range(4):  # Dask allows three failures
        cluster.worker(preload=DEADLY)
    assert "several workers died one after the other with the same job" in failure(cluster, here, points)


def test_an_unreachable_scheduler_costs_no_privacy(cluster: Cluster, tiny: Tiny) -> None:
    shutil.copytree(cluster.authority.folder, tiny.advertiser / "keys" / "dask")
    tiny.setting("advertiser", "workers = 1", 'workers = 1\nexecutor = "dask://127.0.0.1:9"')
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
    with serving(tiny.retailer), pytest.raises(MachineError, match="cannot be reached over TLS within 1 s"):
        match(tiny.advertiser, tiny.contract)
    for role in ROLES:
        assert SQLiteLedger(tiny.party(role) / "state" / "ledger.sqlite").history("tiny-campaign") == []


def test_a_closed_executor_is_misuse(cluster: Cluster) -> None:
    executor = cluster.executor()
    executor.close()
    with pytest.raises(MisuseError):
        executor.submit(abs, 1)


def widened(folder: Path) -> None:
    (folder / "node.key.pem").chmod(0o644)


def exchanged(folder: Path) -> None:
    (folder / "node.pem").write_bytes((folder / "machine.pem").read_bytes())


def removed(folder: Path) -> None:
    (folder / "ca.pem").unlink()


@pytest.mark.parametrize(("spoil", "expected"), [
    (widened, "other users of this machine have access to it"), (exchanged, "do not go together"),
    (removed, "cannot be opened")])
def test_key_files_are_checked(cluster: Cluster, tmp_path: Path, spoil: Callable[[Path], None], expected: str) -> None:
    authority = Authority(tmp_path / "keys")
    authority.member("node")
    authority.member("machine")
    spoil(authority.folder)
    with pytest.raises(SettingsError) as caught:
        DaskExecutor(cluster.settings().model_copy(update={"folder": tmp_path}))
    assert expected in str(caught.value)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "127.0.0.1:8786", "dask://127.0.0.1"])
def test_only_dask_over_tls_is_a_setting(tiny: Tiny, address: str) -> None:
    tiny.setting("retailer", "workers = 1", f'workers = 1\nexecutor = "{address}"')
    with pytest.raises(SettingsError) as caught:
        load_party(tiny.retailer)
    assert caught.value.where == "party.toml, node.executor"


def test_doctor_tells_executor_and_workers(cluster: Cluster, tiny: Tiny, capfd: pytest.CaptureFixture[str]) -> None:
    cluster.worker()
    assert dict(doctor._party(tiny.retailer))["executor"] == "this machine"
    shutil.copytree(cluster.authority.folder, tiny.retailer / "keys" / "dask")
    tiny.setting("retailer", "workers = 1", f'workers = 1\nexecutor = "dask://{cluster.address}"')
    told = dict(doctor._party(tiny.retailer))["executor"]
    assert told == f"dask://{cluster.address}: 1 workers with 1 threads, over TLS"
    assert capfd.readouterr().err == ""


def test_doctor_tells_why_a_cluster_cannot_be_used(tiny: Tiny) -> None:
    tiny.setting("retailer", "workers = 1", 'workers = 1\nexecutor = "dask://127.0.0.1:9"')
    assert "ca.pem: cannot be opened" in dict(doctor._party(tiny.retailer))["executor"]
