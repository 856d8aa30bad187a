from cleanroom.v1 import aggregate_pb2 as _aggregate_pb2
from cleanroom.v1 import agreement_pb2 as _agreement_pb2
from cleanroom.v1 import match_pb2 as _match_pb2
from cleanroom.v1 import opening_pb2 as _opening_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATE_UNSPECIFIED: _ClassVar[State]
    STATE_WORKING: _ClassVar[State]
    STATE_READING: _ClassVar[State]
    STATE_QUEUED: _ClassVar[State]
    STATE_AWAITING_APPROVAL: _ClassVar[State]
    STATE_OUTSIDE_HOURS: _ClassVar[State]
    STATE_RESUMING: _ClassVar[State]
STATE_UNSPECIFIED: State
STATE_WORKING: State
STATE_READING: State
STATE_QUEUED: State
STATE_AWAITING_APPROVAL: State
STATE_OUTSIDE_HOURS: State
STATE_RESUMING: State

class Frame(_message.Message):
    __slots__ = ("sequence", "step", "hello", "account", "sizes", "points", "lattice_key", "encrypted_block", "masked_sum", "commitment", "opening", "receipt", "abort", "signal", "resume")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    LATTICE_KEY_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_BLOCK_FIELD_NUMBER: _ClassVar[int]
    MASKED_SUM_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    OPENING_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ABORT_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    step: int
    hello: _match_pb2.Hello
    account: _match_pb2.Account
    sizes: _match_pb2.Sizes
    points: _match_pb2.Points
    lattice_key: _aggregate_pb2.LatticeKey
    encrypted_block: _aggregate_pb2.EncryptedBlock
    masked_sum: _aggregate_pb2.MaskedSum
    commitment: _opening_pb2.Commitment
    opening: _opening_pb2.Opening
    receipt: _opening_pb2.ReceiptSignature
    abort: Abort
    signal: Signal
    resume: Resume
    def __init__(self, sequence: _Optional[int] = ..., step: _Optional[int] = ..., hello: _Optional[_Union[_match_pb2.Hello, _Mapping]] = ..., account: _Optional[_Union[_match_pb2.Account, _Mapping]] = ..., sizes: _Optional[_Union[_match_pb2.Sizes, _Mapping]] = ..., points: _Optional[_Union[_match_pb2.Points, _Mapping]] = ..., lattice_key: _Optional[_Union[_aggregate_pb2.LatticeKey, _Mapping]] = ..., encrypted_block: _Optional[_Union[_aggregate_pb2.EncryptedBlock, _Mapping]] = ..., masked_sum: _Optional[_Union[_aggregate_pb2.MaskedSum, _Mapping]] = ..., commitment: _Optional[_Union[_opening_pb2.Commitment, _Mapping]] = ..., opening: _Optional[_Union[_opening_pb2.Opening, _Mapping]] = ..., receipt: _Optional[_Union[_opening_pb2.ReceiptSignature, _Mapping]] = ..., abort: _Optional[_Union[Abort, _Mapping]] = ..., signal: _Optional[_Union[Signal, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ...) -> None: ...

class Signal(_message.Message):
    __slots__ = ("received", "step", "state")
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    received: int
    step: int
    state: State
    def __init__(self, received: _Optional[int] = ..., step: _Optional[int] = ..., state: _Optional[_Union[State, str]] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("run", "received")
    RUN_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    run: bytes
    received: int
    def __init__(self, run: _Optional[bytes] = ..., received: _Optional[int] = ...) -> None: ...

class Abort(_message.Message):
    __slots__ = ("code", "reason", "revocation")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_FIELD_NUMBER: _ClassVar[int]
    code: str
    reason: str
    revocation: bytes
    def __init__(self, code: _Optional[str] = ..., reason: _Optional[str] = ..., revocation: _Optional[bytes] = ...) -> None: ...
