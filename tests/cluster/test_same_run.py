"""A run on a real Dask cluster: the same messages as without, also when a worker dies; every fault is said."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from kit import EXACT, exchange, finish, pair, small_contract, values
from live import match, serving, until
from machines import Cluster
from tiny import Tiny, runs

from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.cluster import ClusterBackend
from cleanroom.audit.receipt import table_bytes
from cleanroom.errors import MachineError
from cleanroom.primitives.backend import Backend, Texts
from cleanroom.session.messages import Message
from cleanroom.session.script import SCRIPT
from cleanroom.wire.codec import encode


def messages(backend: Backend, moment: Callable[[int], None] = lambda _: None) -> list[bytes]:
    """All messages of a seeded run; `moment` is called with each of them as it passes."""
    people, members = 9000, 12_500
    agreed = small_contract(threshold=-1, match__max_people_advertiser=people, match__max_people_retailer=members)

    def passing(role: str, position: int, message: Message) -> Iterable[tuple[int, Message]]:
        moment(position)
        return [(position, message)]

    rng = np.random.default_rng(1)
    columns = np.column_stack([np.ones(members, dtype=np.int64), rng.integers(0, 1000, (members, 2))])
    nodes = pair(agreed, values([f"p{i}" for i in range(people)]), rng.integers(0, 2, people),
                 values([f"p{i}" for i in range(3000, 3000 + members)]), columns, backend=backend, **EXACT)
    seen = exchange(*nodes, passing)
    finish(*nodes)
    return [encode(each.message, 0, 0).SerializeToString(deterministic=True) for each in seen]


def test_a_worker_killed_in_the_middle_changes_nothing(cluster: Cluster, here: Backend) -> None:
    expected = messages(here)
    first, _ = cluster.worker(), cluster.worker()

    def kill(position: int) -> None:
        if SCRIPT[position].name == "blinded_cells":  # the first of several chunks, the others are begun
            first.kill()
            first.wait()

    with cluster.executor() as executor:
        assert executor.workers == 2
        found = messages(ClusterBackend(here, executor), kill)
        assert executor.workers == 1
    assert first.returncode == -signal.SIGKILL
    assert found == expected


def test_no_process_of_the_cluster_writes_a_secret(cluster: Cluster, here: Backend) -> None:
    """A broken worker makes Dask say the most it can."""
    cluster.worker(preload="from cleanroom.adapters import backends\nbackends.alone = lambda: 1 / 0")
    scalar = b"secret scalar of exactly 32 byte"
    with cluster.executor() as executor, pytest.raises(MachineError, match="ZeroDivisionError"):
        ClusterBackend(here, executor).begin_blind(scalar, b"dst", b"", Texts.of([b"person@example.org"])).result()
    logs = cluster.logs()
    assert "Registered to" in logs
    for secret in (scalar.decode(), scalar.hex(), "person@example.org", "Traceback"):
        assert secret not in logs


def test_two_nodes_agree_when_one_has_a_cluster(cluster: Cluster, tiny: Tiny) -> None:
    """party.toml, key files and a whole run over gRPC."""
    cluster.worker()
    shutil.copytree(cluster.authority.folder, tiny.retailer / "keys" / "dask")
    tiny.setting("retailer", "workers = 1", f'workers = 1\nexecutor = "dask://{cluster.address}"')
    with serving(tiny.retailer):
        table = match(tiny.advertiser, tiny.contract).table
        until((runs(tiny.retailer)[0] / "table.json").exists)
    assert (runs(tiny.retailer)[0] / "table.json").read_bytes() == table_bytes(table)
    assert read_log(runs(tiny.retailer)[0])[0][0].fields["backend"].startswith("dask/")
