"""The HTTP side listener: health, readiness, metrics and a page for people. It reads, and answers GET and HEAD alone.

On a loopback address it may be open to this machine. On any other it speaks TLS 1.3 with the node's certificate and
asks for a token. A request is read whole, within bounds of time and size, before any of it is looked at.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cleanroom.adapters.run_files import STATE_NAME
from cleanroom.adapters.running import Running
from cleanroom.errors import SettingsError
from cleanroom.node.local import LocalNode
from cleanroom.node.log import Event, complain, note
from cleanroom.node.metrics import CONTENT_TYPE, metrics_text
from cleanroom.node.observer_guard import (
    PATIENCE,
    content_policy,
    is_loopback,
    is_own_name,
    load_token,
    make_tls,
    may_see,
    read_head,
)
from cleanroom.node.status import Document, is_ready, status
from cleanroom.report.node_page import render_node

MAX_CONNECTIONS: Final = 16  # further ones are closed at once
TEXT: Final = "text/plain; charset=utf-8"
PAGE: Final = "text/html; charset=utf-8"
Answer = tuple[HTTPStatus, str, bytes]


@contextmanager
def observed(node: LocalNode) -> Iterator[None]:
    """Mark the node as running, and serve its status while the context lasts, if party.toml says where."""
    with Running(node.settings.folder / STATE_NAME):
        if node.settings.node.status is None:
            yield
            return
        observer = Observer(node)
        thread = threading.Thread(target=observer.serve_forever, name="cleanroom-status", daemon=True)
        thread.start()
        try:
            yield
        finally:
            observer.shutdown()
            observer.server_close()


class Observer(ThreadingHTTPServer):
    """The listener of one node. SettingsError when the address is taken, or is not loopback and has no token."""

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, node: LocalNode) -> None:
        settings = node.settings
        host, _, port = (settings.node.status or "").rpartition(":")
        self.host, self.language, self.folder = host.strip("[]"), node.language, settings.folder
        self.token = load_token(settings)
        self.tls: ssl.SSLContext | None = None
        if not is_loopback(self.host):
            self.tls = make_tls(settings)
            if self.token is None:
                raise SettingsError("an address that others can reach needs a token", where="node.status",
                                    todo="set node.status_token, or a loopback address")
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            super().__init__((self.host, int(port)), _Handler)
        except OSError as error:
            raise SettingsError(f"cannot listen on this address ({error.strerror})", where="node.status",
                                todo="choose a free port") from None
        note(Event.STATUS_SERVED, f"status on {settings.node.status}")

    def look(self) -> Document:
        """The status at this moment."""
        return status(self.folder)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread a connection, up to the bound."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As the library does, in the thread of the connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands here rather than where connections are accepted: a slow caller keeps only itself waiting."""
        request.settimeout(PATIENCE)
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self.tls is not None:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away or broke a bound is not an event of the node."""


class _Handler(BaseHTTPRequestHandler):
    server: Observer

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BytesIO(read_head(self.connection))

    def do_GET(self) -> None:
        """The answer of one of four paths; no other is known."""
        self._send(*self._answer())

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _answer(self) -> Answer:
        if not is_own_name(self.headers.get_all("Host") or [], self.server.host):
            return _plain(HTTPStatus.MISDIRECTED_REQUEST)
        if not may_see(self.headers.get_all("Authorization") or [], self.server.token):
            return _plain(HTTPStatus.UNAUTHORIZED)
        path = {"/": f"/{self.server.language}"}.get(self.path, self.path)
        find = _PATHS.get(path)
        if find is None:
            return _plain(HTTPStatus.NOT_FOUND)
        try:
            return find(self.server.look)
        except Exception as error:
            complain(Event.STATUS_FAILED, "the status could not be read", error)
            return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _send(self, code: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **_HEADERS,
                            "Content-Security-Policy": content_policy(body if kind == PAGE else b"")}.items():
            self.send_header(name, value)
        if code == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="cleanroom"')  # what a browser knows how to ask for
        if code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, *_: object) -> None:
        """The library's refusals, without its page, which repeats what the caller sent."""
        unknown = code == HTTPStatus.NOT_IMPLEMENTED
        self._send(*_plain(HTTPStatus.METHOD_NOT_ALLOWED if unknown else HTTPStatus(code)))

    def version_string(self) -> str:
        """What the header Server says."""
        return "cleanroom"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Requests are not logged: a path may hold anything."""


def _plain(code: HTTPStatus) -> Answer:
    return code, TEXT, f"{code.phrase}\n".encode()


def _healthy(_: Callable[[], Document]) -> Answer:
    return _plain(HTTPStatus.OK)


def _ready(look: Callable[[], Document]) -> Answer:
    found = look()
    body = json.dumps({"ready": is_ready(found), "checks": found["ready"]}).encode() + b"\n"
    return HTTPStatus.OK if is_ready(found) else HTTPStatus.SERVICE_UNAVAILABLE, "application/json", body


def _metrics(look: Callable[[], Document]) -> Answer:
    return HTTPStatus.OK, CONTENT_TYPE, metrics_text(look)


def _page(language: str) -> Callable[[Callable[[], Document]], Answer]:
    def page(look: Callable[[], Document]) -> Answer:
        return HTTPStatus.OK, PAGE, render_node(look(), language).encode()

    return page


_PATHS: Final = {"/healthz": _healthy, "/readyz": _ready, "/metrics": _metrics, "/en": _page("en"), "/fr": _page("fr")}
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
                   "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"}
