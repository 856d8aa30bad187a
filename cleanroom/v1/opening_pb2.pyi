from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Commitment(_message.Message):
    __slots__ = ("digest",)
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    digest: bytes
    def __init__(self, digest: _Optional[bytes] = ...) -> None: ...

class Opening(_message.Message):
    __slots__ = ("shares", "blind")
    SHARES_FIELD_NUMBER: _ClassVar[int]
    BLIND_FIELD_NUMBER: _ClassVar[int]
    shares: _containers.RepeatedScalarFieldContainer[int]
    blind: bytes
    def __init__(self, shares: _Optional[_Iterable[int]] = ..., blind: _Optional[bytes] = ...) -> None: ...

class ReceiptSignature(_message.Message):
    __slots__ = ("signature", "audit_root")
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    AUDIT_ROOT_FIELD_NUMBER: _ClassVar[int]
    signature: bytes
    audit_root: bytes
    def __init__(self, signature: _Optional[bytes] = ..., audit_root: _Optional[bytes] = ...) -> None: ...
