"""A Dask cluster as a party runs it: real `dask scheduler` and `dask worker` processes over mutual TLS on loopback."""

from __future__ import annotations

import datetime
import signal
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from live import until
from loopback import free_port

from cleanroom.adapters.dask_executor import DaskExecutor
from cleanroom.adapters.party import DaskSection, NodeSection, PartySettings

DASK = [sys.executable, "-m", "dask"]
LOCAL = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
NO_SPILL = ["--memory-limit", "0"]


class Authority:
    """Signs the certificates of one cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        folder.mkdir(parents=True)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
        self._certify("ca", self.key, self.name, authority=True)

    def member(self, name: str) -> None:
        """`name`.pem and `name`.key.pem."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._certify(name, key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), authority=False)

    def _certify(self, name: str, key: ec.EllipticCurvePrivateKey, subject: x509.Name, *, authority: bool) -> None:
        now = datetime.datetime.now(datetime.UTC)
        certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                       .public_key(key.public_key()).serial_number(x509.random_serial_number())
                       .not_valid_before(now - datetime.timedelta(minutes=5))
                       .not_valid_after(now + datetime.timedelta(hours=2))
                       .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                       .sign(self.key, hashes.SHA256()))
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        private = self.folder / f"{name}.key.pem"
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class Cluster:
    """A scheduler, and workers as a test asks for them."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "keys")
        for name in ("node", "machine"):
            self.authority.member(name)
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start_scheduler()

    def start_scheduler(self, *options: str) -> subprocess.Popen[bytes]:
        host, port = self.address.split(":")
        self.scheduler = self._start("scheduler", "Scheduler at", "--host", host, "--port", port, "--protocol", "tls",
                                     *options)
        return self.scheduler

    def worker(self, *options: str, preload: str = "", spill: bool = False) -> subprocess.Popen[bytes]:
        """One more, of one thread. `preload` is Python that runs in it first."""
        name = f"worker-{len(self.workers)}"
        script = self.folder / f"{name}.py"
        script.write_text(preload, encoding="utf-8")
        self.workers.append(self._start(
            "worker", "Registered to", f"tls://{self.address}", "--no-nanny", "--nthreads", "1", "--preload",
            str(script), "--local-directory", str(self.folder), *([] if spill else NO_SPILL), *options, log=name))
        return self.workers[-1]

    def _start(self, command: str, ready: str, *options: str, log: str = "scheduler") -> subprocess.Popen[bytes]:
        keys, out = self.authority.folder, self.folder / f"{log}.log"
        identity = ["--tls-ca-file", str(keys / "ca.pem"), "--tls-cert", str(keys / "machine.pem"), "--tls-key",
                    str(keys / "machine.key.pem")]
        with out.open("wb") as output:
            process = subprocess.Popen([*DASK, command, *options, *LOCAL, *identity], stdout=output, stderr=output)
        until(lambda: process.poll() is not None or ready.encode() in out.read_bytes(), 40)
        assert process.poll() is None, out.read_text()
        return process

    def logs(self) -> str:
        """All that any of the processes wrote."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def settings(self, *, patience: int = 60, **dask: str) -> PartySettings:
        """Those of a party beside the cluster, as far as the executor looks at them."""
        node = NodeSection(listen=self.address, peer=self.address, executor=f"dask://{self.address}", connect_timeout=3)
        files = {"ca": "keys/ca.pem", "certificate": "keys/node.pem", "key": "keys/node.key.pem", **dask}
        return PartySettings.model_construct(folder=self.folder, node=node,
                                             dask=DaskSection(**files, patience=patience))

    def executor(self, **settings: object) -> DaskExecutor:
        return DaskExecutor(self.settings(**settings))

    def stop_workers(self) -> None:
        for process in self.workers:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self.workers = []

    def stop(self) -> None:
        self.stop_workers()
        self.scheduler.kill()
        self.scheduler.wait()
