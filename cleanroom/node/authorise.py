"""Who may call what. A method that is not listed here is denied, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Literal

import grpc
from google.protobuf.message import DecodeError

from cleanroom.node.call_rate import CallRate
from cleanroom.node.live import first_of
from cleanroom.node.tls import fingerprint

SERVICE = "cleanroom.v1.Node"
EXCHANGE = f"/{SERVICE}/Exchange"
PROPOSE = f"/{SERVICE}/Propose"
REVOKE = f"/{SERVICE}/Revoke"
ROTATE = f"/{SERVICE}/Rotate"
HEALTH_CHECK = "/grpc.health.v1.Health/Check"

# Who may call a method. "party": who holds a certificate that a contract of this node pins, or one that replaces it, be
# the contract in force or not, so that it can be told what is wrong with it. "trusted": that of a contract in force, or
# of the card that a person here trusts. Every handler then checks the pin of the very contract that the call is about.
Caller = Literal["party", "trusted"]
ALLOWED: Mapping[str, frozenset[Caller]] = MappingProxyType({
    EXCHANGE: frozenset({"party"}),
    PROPOSE: frozenset({"trusted"}),
    REVOKE: frozenset({"party", "trusted"}),
    ROTATE: frozenset({"party", "trusted"}),
    HEALTH_CHECK: frozenset({"party", "trusted"}),
})

Handler = Callable[[Any, grpc.ServicerContext], Any]
TLS_VERSIONS = frozenset({b"TLSv1.3"})


class Authorise(grpc.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Default deny: unlisted method, unpinned certificate or older TLS end the call with PERMISSION_DENIED. Who calls
    too often is told RESOURCE_EXHAUSTED, before anything is read for it. `patience`: seconds for a call's message."""

    def __init__(self, pinned: Callable[[frozenset[Caller]], frozenset[bytes]], rate: CallRate,
                 patience: float) -> None:
        self._pinned, self._rate, self._patience = pinned, rate, patience

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Wrap the handler of a listed method; replace that of any other.

        A single message is taken as a stream of one, which is the same on the wire: else gRPC would wait for it, and
        parse it, before anybody asks who calls.
        """
        handler = continuation(details) if details.method in ALLOWED else None
        if handler is None:
            return grpc.stream_unary_rpc_method_handler(self._checked(_nothing, frozenset()))
        allowed = ALLOWED[details.method]
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(
                self._checked(handler.stream_stream, allowed), handler.request_deserializer,
                handler.response_serializer)
        single = self._single(handler.unary_unary, handler.request_deserializer)
        return grpc.stream_unary_rpc_method_handler(self._checked(single, allowed), None, handler.response_serializer)

    def _checked(self, inner: Handler, callers: frozenset[Caller]) -> Handler:
        def call(request: Any, context: grpc.ServicerContext) -> Any:
            caller = peer_fingerprint(context)
            if not self._rate.admit(caller):
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls")
            if caller not in self._pinned(callers):
                self._rate.spoiled(caller)
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "not for this caller")
            return inner(request, context)

        return call

    def _single(self, inner: Handler, parse: Callable[[bytes], Any]) -> Handler:
        def call(messages: Iterator[bytes], context: grpc.ServicerContext) -> Any:
            data, request = first_of(messages, self._patience), None
            if data is not None:
                with suppress(DecodeError):
                    request = parse(data)
            if request is None:
                self._rate.spoiled(peer_fingerprint(context))
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no message of this method")
            return inner(request, context)

        return call


def peer_fingerprint(context: grpc.ServicerContext) -> bytes:
    """SHA-256 of the certificate the caller proved to hold; empty without one or under an older TLS."""
    auth: Mapping[str, Sequence[bytes]] = context.auth_context()  # type: ignore[assignment]  # stubs are wrong here
    certificates, versions = auth.get("x509_pem_cert", ()), auth.get("ssl_tls_version", ())
    if len(certificates) != 1 or not set(versions) <= TLS_VERSIONS:
        return b""
    return fingerprint(certificates[0])


def _nothing(_request: Any, _context: grpc.ServicerContext) -> Any:
    """A method that nobody may call."""
