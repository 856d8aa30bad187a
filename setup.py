"""Builds the optional C kernel. Without a C compiler the package installs all the same and uses OpenSSL."""

from __future__ import annotations

import platform
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

NATIVE = Path("cleanroom/_native")
COMMON = ["-std=c11", "-O3", "-g0", "-fvisibility=hidden"]
SOURCES: dict[str, list[str]] = {
    name: [] for name in ("module.c", "api_curve.c", "api_hash.c", "api_ring.c", "api_test.c", "kernel_portable.c")
}
if platform.machine().lower() in {"x86_64", "amd64"}:
    COMMON.append("-DCLEANROOM_X86")
    SOURCES |= {
        "kernel_avx2.c": ["-mavx2", "-mfma"],
        "sha256_x86.c": ["-msse4.1", "-msha"],
        "kernel_ifma.c": ["-mavx512f", "-mavx512dq", "-mavx512ifma"],
    }


class BuildKernel(build_ext):
    """Compiles each source with the instruction set it is written for."""

    def build_extension(self, ext: Extension) -> None:
        for source, flags in SOURCES.items():
            ext.extra_objects += self.compiler.compile(
                [str(NATIVE / source)], output_dir=self.build_temp, include_dirs=ext.include_dirs,
                extra_postargs=[*COMMON, *flags])
        super().build_extension(ext)


setup(
    cmdclass={"build_ext": BuildKernel},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    ext_modules=[Extension("cleanroom._native._kernel", sources=[], optional=True, py_limited_api=True,
                           depends=[str(path) for path in sorted(NATIVE.glob("*.[ch]"))])],
)
