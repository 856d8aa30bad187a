"""The choice of arithmetic for this machine: the C kernel on threads, or OpenSSL on processes."""

from __future__ import annotations

from typing import NamedTuple

from cleanroom._native import KernelError
from cleanroom.adapters.executors import ProcessExecutor
from cleanroom.adapters.threads import ThreadExecutor
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.native import NativeBackend, load_native
from cleanroom.primitives.openssl import OpenSSLBackend


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
