"""Jobs on a Dask cluster of the party's own machines. Every link is mutual TLS 1.3; there is no other mode."""

from __future__ import annotations

import logging
import ssl
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

from distributed import CancelledError, Client, Future, KilledWorker
from distributed.security import Security

from cleanroom import limits
from cleanroom.adapters.parcel import Parcel, perform
from cleanroom.adapters.party import DaskSection, PartySettings
from cleanroom.adapters.private_files import NOT_WRITABLE, OWNER_ONLY, read_checked
from cleanroom.errors import MachineError, MisuseError, SettingsError
from cleanroom.ports import Job
from cleanroom.primitives.flight import depth, in_order

T = TypeVar("T")
R = TypeVar("R")

for _name in ("distributed", "distributed.client"):  # what this node says, it says itself
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class DaskExecutor:
    """`ports.Executor` on the workers of a scheduler, connected by the first job and again after an error.

    Jobs of a worker that is lost are done by another; the scheduler gives up on a job after a few lost workers.
    """

    def __init__(self, settings: PartySettings) -> None:
        """SettingsError when a file of `[dask]` is missing, open to others, or not what TLS needs."""
        self._address = (settings.node.executor or "").replace("dask://", "tls://", 1)
        self._security = _security(settings)
        self._connect = settings.node.connect_timeout
        self.patience = settings.dask.patience
        self._client: Client | None = None
        self._closed = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "DaskExecutor"

    @property
    def workers(self) -> int:
        """Threads of all workers at this moment. Raises as `machines`."""
        return sum(self.machines().values())

    def machines(self) -> Mapping[str, int]:
        """Threads by worker. MachineError: the scheduler does not answer, or no worker is there."""
        client = self._connected()
        try:
            found: dict[str, int] = client.nthreads(callback_timeout=self._connect)
        except Exception as error:
            raise self.failed(client, error) from None
        if not found:
            raise MachineError("no worker is there", where="dask", todo="start workers, see docs/scaling.md")
        return found

    def submit(self, function: Callable[[T], R], chunk: T) -> Job[R]:
        """Begin one chunk. MachineError, now or from the job, when the cluster cannot do it; MisuseError after
        `close`."""
        client = self._connected()
        try:
            future = client.submit(perform, Parcel.of(function, chunk), key=f"cleanroom-{uuid.uuid4().hex}", pure=False)
        except Exception as error:
            raise self.failed(client, error) from None
        return _Away(self, client, future)

    def map(self, function: Callable[[T], R], chunks: Iterable[T]) -> Iterator[R]:
        """Results in the order of `chunks`, which may be endless."""
        jobs = ((None, self.submit(function, chunk)) for chunk in chunks)
        return (found for _, found in in_order(jobs, depth(self.workers)))

    def close(self) -> None:
        """Forget the jobs and disconnect; the cluster stays. May be called again."""
        self._closed = True
        self._drop(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def failed(self, client: Client, error: BaseException) -> MachineError:
        """The error to raise; the next call connects anew. A library's text is not shown: it may hold anything."""
        self._drop(client)
        match error:
            case KilledWorker():
                what = "several workers died one after the other with the same job"
            case TimeoutError():
                what = f"no answer within {self.patience} s"
            case CancelledError() | OSError():
                what = "the connection to the scheduler was lost"
            case _:
                what = f"the cluster failed with {type(error).__name__}"
        return MachineError(what, where="dask", todo="look at the scheduler's and the workers' logs")

    def _connected(self) -> Client:
        with self._lock:
            if self._closed:
                raise MisuseError("the executor is closed")
            if self._client is None:
                self._client = self._dial()
            return self._client

    def _dial(self) -> Client:
        try:
            return Client(self._address, security=self._security, timeout=self._connect, set_as_default=False,
                          name="cleanroom")
        except Exception:
            raise MachineError(f"the scheduler cannot be reached over TLS within {self._connect} s", where="dask",
                               todo="see that it runs, and that its certificate is of the same authority") from None

    def _drop(self, client: Client | None) -> None:
        with self._lock:
            if self._client is client:
                self._client = None
        if client is not None:
            try:
                client.close(timeout=self._connect)
            except Exception:  # a lost connection cannot be closed in order
                return


class _Away(Generic[R]):
    """A chunk under way on the cluster."""

    def __init__(self, owner: DaskExecutor, client: Client, future: Future[Any]) -> None:
        self._owner, self._client, self._future = owner, client, future

    def result(self) -> R:
        """See `ports.Job`."""
        try:
            answer: Any = self._future.result(timeout=self._owner.patience)
        except (Exception, CancelledError) as error:
            raise self._owner.failed(self._client, error) from None
        self._future.release()
        value: R = answer.open()
        return value


def _security(settings: PartySettings) -> Security:
    files: DaskSection = settings.dask
    ca, certificate, key = (settings.folder / name for name in (files.ca, files.certificate, files.key))
    for path, forbidden in ((ca, NOT_WRITABLE), (certificate, NOT_WRITABLE), (key, OWNER_ONLY)):
        read_checked(path, limits.MAX_KEY_FILE_BYTES, SettingsError, forbidden, todo="see docs/scaling.md")
    security = Security(require_encryption=True, tls_ca_file=str(ca), tls_client_cert=str(certificate),
                        tls_client_key=str(key), tls_min_version=ssl.TLSVersion.TLSv1_3)
    try:
        security.get_connection_args("client")
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise SettingsError("authority, certificate and key do not go together, or are not PEM", where=str(certificate),
                            todo="make them as docs/scaling.md says") from None
    return security
