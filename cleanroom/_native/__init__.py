"""The C kernel: X25519, hash to curve and the lattice ring for many values at once.

The extension is optional. `load_kernel` gives the fastest kernel of this CPU after it has passed `selftest`;
otherwise it raises `KernelError` with the reason, and the caller falls back to OpenSSL.
"""

from __future__ import annotations

import functools

from cleanroom._native import selftest
from cleanroom._native.kernel import Kernel, KernelError, kernels

__all__ = ["Kernel", "KernelError", "kernels", "load_kernel"]


@functools.cache
def load_kernel() -> Kernel:
    """The fastest kernel of this CPU, after its self-test (once a process).

    KernelError: the extension is not built, does not load, is that of another version, or gave a wrong result.
    """
    kernel = kernels()[0]
    try:
        selftest.check(kernel)
    except AttributeError as error:
        raise KernelError("the C kernel was built from the sources of another version",
                          todo="reinstall the package, or go on with OpenSSL") from error
    return kernel
