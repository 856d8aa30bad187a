from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class LatticeKey(_message.Message):
    __slots__ = ("seed", "b")
    SEED_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    seed: bytes
    b: bytes
    def __init__(self, seed: _Optional[bytes] = ..., b: _Optional[bytes] = ...) -> None: ...

class EncryptedBlock(_message.Message):
    __slots__ = ("block", "column", "c0")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    C0_FIELD_NUMBER: _ClassVar[int]
    block: int
    column: int
    c0: bytes
    def __init__(self, block: _Optional[int] = ..., column: _Optional[int] = ..., c0: _Optional[bytes] = ...) -> None: ...

class MaskedSum(_message.Message):
    __slots__ = ("index", "c0", "c1")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    C0_FIELD_NUMBER: _ClassVar[int]
    C1_FIELD_NUMBER: _ClassVar[int]
    index: int
    c0: bytes
    c1: bytes
    def __init__(self, index: _Optional[int] = ..., c0: _Optional[bytes] = ..., c1: _Optional[bytes] = ...) -> None: ...
