from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Hello(_message.Message):
    __slots__ = ("version", "software", "role", "contract", "run", "nonce", "unix_time", "oldest")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    UNIX_TIME_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIELD_NUMBER: _ClassVar[int]
    version: int
    software: str
    role: str
    contract: bytes
    run: bytes
    nonce: bytes
    unix_time: int
    oldest: int
    def __init__(self, version: _Optional[int] = ..., software: _Optional[str] = ..., role: _Optional[str] = ..., contract: _Optional[bytes] = ..., run: _Optional[bytes] = ..., nonce: _Optional[bytes] = ..., unix_time: _Optional[int] = ..., oldest: _Optional[int] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("entries", "same")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    SAME_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[LedgerEntry]
    same: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, entries: _Optional[_Iterable[_Union[LedgerEntry, _Mapping]]] = ..., same: _Optional[_Iterable[bytes]] = ...) -> None: ...

class LedgerEntry(_message.Message):
    __slots__ = ("run", "part", "epsilon", "delta", "confirmed")
    RUN_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    run: bytes
    part: int
    epsilon: int
    delta: int
    confirmed: bool
    def __init__(self, run: _Optional[bytes] = ..., part: _Optional[int] = ..., epsilon: _Optional[int] = ..., delta: _Optional[int] = ..., confirmed: bool = ...) -> None: ...

class Sizes(_message.Message):
    __slots__ = ("rows", "blinding_key")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    BLINDING_KEY_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedScalarFieldContainer[int]
    blinding_key: bytes
    def __init__(self, rows: _Optional[_Iterable[int]] = ..., blinding_key: _Optional[bytes] = ...) -> None: ...

class Points(_message.Message):
    __slots__ = ("offset", "key_types", "tuples")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    KEY_TYPES_FIELD_NUMBER: _ClassVar[int]
    TUPLES_FIELD_NUMBER: _ClassVar[int]
    offset: int
    key_types: int
    tuples: bytes
    def __init__(self, offset: _Optional[int] = ..., key_types: _Optional[int] = ..., tuples: _Optional[bytes] = ...) -> None: ...
