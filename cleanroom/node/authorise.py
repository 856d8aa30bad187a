"""Who may call what. A method that is not listed here is denied, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc

from cleanroom.node.tls import fingerprint

SERVICE = "cleanroom.v1.Node"
EXCHANGE = f"/{SERVICE}/Exchange"
HEALTH_CHECK = "/grpc.health.v1.Health/Check"

# Every method needs a certificate that some contract of this node pins; Exchange checks its own contract's pin again.
ALLOWED = frozenset({EXCHANGE, HEALTH_CHECK})

TLS_VERSIONS = frozenset({b"TLSv1.3"})


class Authorise(grpc.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Default deny: unlisted method, unpinned certificate or older TLS end the call with PERMISSION_DENIED."""

    def __init__(self, pinned: Callable[[], frozenset[bytes]]) -> None:
        self._pinned = pinned

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Wrap the handler of a listed method; replace that of any other."""
        if details.method not in ALLOWED:
            return grpc.unary_unary_rpc_method_handler(_deny)
        handler = continuation(details)
        if handler is None:
            return grpc.unary_unary_rpc_method_handler(_deny)
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(
                self._checked(handler.stream_stream), handler.request_deserializer, handler.response_serializer)
        return grpc.unary_unary_rpc_method_handler(
            self._checked(handler.unary_unary), handler.request_deserializer, handler.response_serializer)

    def _checked(self, inner: Callable[[Any, grpc.ServicerContext], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
        def call(request: Any, context: grpc.ServicerContext) -> Any:
            if peer_fingerprint(context) not in self._pinned():
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "not a party of a contract of this node")
            return inner(request, context)

        return call


def peer_fingerprint(context: grpc.ServicerContext) -> bytes:
    """SHA-256 of the certificate the caller proved to hold; empty without one or under an older TLS."""
    auth: Mapping[str, Sequence[bytes]] = context.auth_context()  # type: ignore[assignment]  # stubs are wrong here
    certificates, versions = auth.get("x509_pem_cert", ()), auth.get("ssl_tls_version", ())
    if len(certificates) != 1 or not set(versions) <= TLS_VERSIONS:
        return b""
    return fingerprint(certificates[0])


def _deny(_request: Any, context: grpc.ServicerContext) -> Any:
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "no such method for this caller")
