"""Mutual TLS 1.3 with self-signed certificates that the contract pins. There is no other mode.

grpcio offers no setting for the lowest TLS version. Its TLS 1.2 cipher list can be set, though, and an RSA-only list
cannot be negotiated with our ECDSA certificates, so every TLS 1.2 handshake fails while TLS 1.3, whose suites are
fixed, works. tests/node/test_tls.py shows both. The variable is set in
`cleanroom/node/__init__.py`, before gRPC is loaded.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from collections.abc import Sequence

import grpc

from cleanroom import limits
from cleanroom.contract.model import Role

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", limits.MAX_FRAME_BYTES),
    ("grpc.max_send_message_length", limits.MAX_FRAME_BYTES),
    ("grpc.keepalive_time_ms", 20_000),  # notices a peer that vanished without closing
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),  # a peer may compute for minutes without sending
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.compression_enabled_algorithms_bitset", 1),  # identity only: points do not compress, bombs do
    ("grpc.initial_reconnect_backoff_ms", 200),  # a stream that was cut is dialled again by node/client.py, at its pace
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.so_reuseport", 0),  # a second node on the same port is an error, not a silent share
)


def host_name(role: Role) -> str:
    """The name in a party's node certificate; addresses may change, this may not."""
    return f"{role}.cleanroom.internal"


def pem(der: bytes) -> bytes:
    """PEM text of a DER certificate."""
    return ssl.DER_cert_to_PEM_cert(der).encode()


def server_credentials(key: bytes, certificate: bytes, trusted: bytes) -> grpc.ServerCredentials:
    """Credentials of a node: own key and certificate (PEM), and the peers it trusts (PEM bundle)."""
    return grpc.ssl_server_credentials([(key, certificate)], root_certificates=trusted, require_client_auth=True)


def channel(target: str, peer: Role, key: bytes, certificate: bytes, peer_der: bytes) -> grpc.Channel:
    """A channel to the peer's node that trusts exactly `peer_der`."""
    credentials = grpc.ssl_channel_credentials(pem(peer_der), key, certificate)
    return grpc.secure_channel(target, credentials, [*OPTIONS, ("grpc.ssl_target_name_override", host_name(peer))])


def shown(target: str, accepted: Sequence[bytes]) -> bytes:
    """Which of the accepted certificates (DER) the node at `target` shows; the first when it shows none, or is away.

    This look trusts nobody: the channel then trusts that certificate alone, and its handshake proves the key.
    """
    if len(accepted) == 1:
        return accepted[0]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, context.check_hostname = ssl.TLSVersion.TLSv1_3, False
    context.verify_mode = ssl.CERT_NONE
    host, _, port = target.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2) as raw, \
                context.wrap_socket(raw) as wrapped:
            der = wrapped.getpeercert(binary_form=True)
    except OSError:
        der = None
    return next((each for each in accepted if each == der), accepted[0])


def fingerprint(certificate_pem: bytes) -> bytes:
    """SHA-256 of the DER of a PEM certificate (32 bytes)."""
    body = b"".join(certificate_pem.split(b"-----")[2].split())
    return hashlib.sha256(base64.b64decode(body)).digest()
