"""Whom the HTTP side listener answers, and what it reads of a request before it knows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import socket
import ssl
import time
from contextlib import suppress
from typing import Final

from cleanroom.adapters.key_files import tls_files
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.private_files import OWNER_ONLY, read_checked
from cleanroom.adapters.system import SystemClock
from cleanroom.errors import SettingsError

MAX_HEAD: Final = 8 * 1024  # bytes of a request
PATIENCE: Final = 5.0  # seconds for the whole of a request, and for the whole of an answer
MIN_TOKEN: Final = 32  # characters


def read_head(connection: socket.socket) -> bytes:
    """A request up to its empty line. TimeoutError or ValueError when it is too slow or too large; nothing follows it:
    neither a body nor a second request is read."""
    end, data = time.monotonic() + PATIENCE, b""
    while b"\r\n\r\n" not in data:
        connection.settimeout(max(0.01, end - time.monotonic()))
        piece = connection.recv(MAX_HEAD + 1 - len(data))
        data += piece
        if not piece or len(data) > MAX_HEAD or time.monotonic() > end:
            raise ValueError("not a request within bounds")
    connection.settimeout(PATIENCE)
    return data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def is_own_name(hosts: list[str], configured: str) -> bool:
    """Whether a request was meant for us. A page elsewhere that lets its own name lead here cannot send an address:
    only names that were looked up can be made to lead elsewhere."""
    if len(hosts) != 1:
        return False
    name = re.sub(r":[0-9]{1,5}$", "", hosts[0]).strip("[]").lower()
    with suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    return name in {"localhost", configured.lower()}


def may_see(given: list[str], token: bytes | None) -> bool:
    """Compares digests in constant time. Basic is what a browser asks its user for; the name does not matter."""
    if token is None:
        return True
    scheme, _, value = (given[0] if len(given) == 1 else "").partition(" ")
    offered = value.strip().encode()
    if scheme.lower() == "basic":
        with suppress(ValueError):
            offered = base64.b64decode(offered, validate=True).partition(b":")[2]
    known = scheme.lower() in {"basic", "bearer"}
    return hmac.compare_digest(hashlib.sha256(offered).digest(), hashlib.sha256(token).digest()) and known


def load_token(settings: PartySettings) -> bytes | None:
    """The token of the file that party.toml names, or nothing. SettingsError for one that is short or not private."""
    name = settings.node.status_token
    if name is None:
        return None
    path = settings.folder / name
    token = read_checked(path, 4096, SettingsError, OWNER_ONLY, todo="see docs/operations.md").strip()
    if len(token) < MIN_TOKEN:
        raise SettingsError(f"a token has {MIN_TOKEN} characters or more", where=str(path),
                            todo="make a random one, see docs/operations.md")
    return token


def make_tls(settings: PartySettings) -> ssl.SSLContext:
    """TLS 1.3 with the certificate that the node has when it starts. Callers have none: they have the token."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    key, certificate = tls_files(settings.key_directory, SystemClock())
    context.load_cert_chain(certificate, key)
    return context


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"


def content_policy(page: bytes) -> str:
    """Nothing may be loaded, and of styles only the page's own, by its hash."""
    style = re.search(rb"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode() if style else ""
    own = f"style-src 'sha256-{digest}'; " if style else ""
    return f"default-src 'none'; {own}base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
