"""A time stamping authority on this machine: `openssl ts`, with a root and a certificate for stamping."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CONFIG = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """Answers requests. `root` is the certificate (PEM) to trust."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        program = shutil.which("openssl")
        if program is None:
            pytest.skip("there is no openssl on PATH: no time stamping authority can be run")
        self._program, self._folder = program, folder
        folder.mkdir(parents=True)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        self.root = folder / "root.pem"
        self._certificate(name)

    def answer(self, request: Path, out: Path) -> Path:
        """The TimeStampResp to a TimeStampReq."""
        self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", request, "-inkey", "tsa.key", "-signer",
                  "tsa.pem", "-out", out)
        return out

    def _certificate(self, name: str) -> None:
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days",
                  "30", "-subj", f"/CN={name} Root", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj",
                  f"/CN={name}")
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out",
                  "tsa.pem", "-days", "30", "-extfile", "tsa.cnf", "-extensions", "stamping")

    def _run(self, *arguments: object) -> None:
        done = subprocess.run([self._program, *map(str, arguments)], cwd=self._folder, capture_output=True, check=False,
                              timeout=60)
        assert done.returncode == 0, done.stderr.decode()
