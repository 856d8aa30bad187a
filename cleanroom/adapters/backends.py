"""The choice of arithmetic: the C kernel on threads, or OpenSSL on processes; long jobs on a cluster if one is set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cleanroom._native import KernelError
from cleanroom.adapters.executors import ProcessExecutor, SerialExecutor
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.threads import ThreadExecutor
from cleanroom.errors import SettingsError
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.native import NativeBackend, load_native
from cleanroom.primitives.openssl import OpenSSLBackend

if TYPE_CHECKING:
    from cleanroom.adapters.dask_executor import DaskExecutor


class Arithmetic(NamedTuple):
    """A backend, its executor (close it at the end), and why it is not the C kernel ("" if it is)."""

    backend: Backend
    executor: ThreadExecutor | ProcessExecutor
    reason: str


def choose_arithmetic(workers: int) -> Arithmetic:
    """The C kernel on `workers` threads if it is built and passes its tests, else OpenSSL on processes."""
    try:
        kernel = load_native()
    except KernelError as error:
        processes = ProcessExecutor(workers)
        return Arithmetic(OpenSSLBackend(processes), processes, str(error))
    threads = ThreadExecutor(workers)
    return Arithmetic(NativeBackend(kernel, threads), threads, "")


@cache
def alone() -> Backend:
    """The same choice in the calling thread, as a worker of a cluster makes it (once a process)."""
    try:
        return NativeBackend(load_native(), SerialExecutor())
    except KernelError:
        return OpenSSLBackend(SerialExecutor())


@contextmanager
def node_arithmetic(settings: PartySettings) -> Iterator[Backend]:
    """What a party's node computes with: this machine, and the cluster of `node.executor`."""
    local = choose_arithmetic(settings.node.workers or os.cpu_count() or 1)
    with local.executor:
        if settings.node.executor is None:
            yield local.backend
            return
        from cleanroom.adapters.cluster import ClusterBackend  # noqa: PLC0415 - loads only where it is used

        with dask_executor(settings) as cluster:
            yield ClusterBackend(local.backend, cluster)


def dask_executor(settings: PartySettings) -> DaskExecutor:
    """The cluster, not yet connected. SettingsError when Dask is not installed, or as `DaskExecutor` raises it."""
    try:
        from cleanroom.adapters.dask_executor import DaskExecutor  # noqa: PLC0415 - a second, where it is used
    except ImportError:
        raise SettingsError("Dask is not installed", where="party.toml, node.executor",
                            todo="install cleanroom with the extra `dask`") from None
    return DaskExecutor(settings)
