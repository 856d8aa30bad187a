"""Every bound of the product, with its unit and its reason. Nothing a peer sends is used before it met one."""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = 3  # the newest that this software speaks
OLDEST_PROTOCOL: Final = 3  # and the oldest: version 2 has another first step, so it cannot be spoken

# --- contract -------------------------------------------------------------------------------------------------
MAX_CONTRACT_BYTES: Final = 256 * 1024  # a contract is read by people
MAX_KEY_TYPES: Final = 8  # padding grows with 2^K - 1
MAX_CELLS: Final = 4096  # one mask transform per block and cell
MAX_COLUMNS: Final = 4096  # 16 bytes a person and column on the wire
MAX_RELEASED_SUMS: Final = 65_536  # 64 KiB each on the wire
MAX_ROWS: Final = 50_000_000  # people of one side in one run
MAX_CAP: Final = 2**36  # one person's contribution to one sum, in the measure's unit
MIN_THRESHOLD: Final = 11  # INSEE, rule C-10
MAX_EPSILON: Final = 10.0  # cap for one contract's whole budget [P]
MAX_DELTA: Final = 1e-4  # must stay far below 1 / people [P]
MAX_LOOKBACK_DAYS: Final = 396  # 13 months, rule C-08
MIN_AGE: Final = 13  # GDPR art. 8(1): no state may go lower
JOINT_CONSENT_AGE: Final = 15  # LIL art. 45: below it a parent consents, too
MAX_INACTIVE_DAYS: Final = 1096  # 3 years, rule R-12
MAX_DATA_DAYS: Final = 761  # 25 months, rule C-08
MAX_INTERMEDIATES_HOURS: Final = 24  # rule C-08 [P]
MAX_OUTPUT_DAYS: Final = 1826  # 5 years, as a civil claim lives in France; rule C-08 [P]
MAX_DOMINANCE_PERCENT: Final = 85  # INSEE, rule C-10
MAX_PROOF_DELAY_DAYS: Final = 30  # one month, as a request under GDPR art. 12(3); rule C-04 [P]
MAX_REGISTERED: Final = 10_000  # runs that the register of a node shows; older ones that are over leave it
MAX_PROPOSALS: Final = 64  # open proposals a node keeps; the peer cannot fill the disk
MAX_REVOCATION_BYTES: Final = 4096  # a signed record is under 1 KiB
MAX_ROTATION_BYTES: Final = 8192  # two certificates of some 500 bytes, in base64 twice: under 3 KiB
MAX_ROTATIONS: Final = 64  # of one party; one a year is usual, and the peer cannot fill the disk

# --- data -----------------------------------------------------------------------------------------------------
MAX_KEY_CHARACTERS: Final = 254  # RFC 5321 path; longer keys are refused, never hashed
HOUSEHOLD: Final = 6  # a key value of more people is nobody's: a shop's own address, a placeholder [P]
MAX_SHAPED: Final = 10_000  # refused values of a key type whose form is looked at for the owner's report
MAX_LINE_AMOUNT_CENTS: Final = 100_000_000  # one purchase line above a million euros is a mistake in the file
MAX_LINE_QUANTITY: Final = 1_000_000  # units of one purchase line; fuel is counted in thousandths by some tills
MAX_FILE_FIELD_CHARACTERS: Final = 65_536

MAX_SKETCH_CELLS: Final = 2**17  # 4 MiB; populations that differ by up to 16,384 people are told apart
MAX_SUPPRESSION_AGE: Final = 24 * 3600  # seconds, rule X-01 [P]
MAX_TC_STRING: Final = 16_384  # characters; a string that names every registered vendor one by one is shorter

# --- wire -----------------------------------------------------------------------------------------------------
MAX_FRAME_BYTES: Final = 2 * 1024 * 1024  # half of gRPC's 4 MiB default
MAX_GREETING_BYTES: Final = 1024 * 1024  # before the contract is known: a hello is under 1 KiB, a signal a day 500 KiB
POINT_BYTES: Final = 32
MAX_TEXT: Final = 256  # characters of any text a peer sends
MAX_LEDGER_ENTRIES: Final = 20_000  # of one contract, two a run; some 50 bytes each, so that one frame holds them
MAX_LEDGER_EPSILON: Final = int(MAX_EPSILON * 10**6)  # of one entry, in millionths
MAX_LEDGER_DELTA: Final = 4 * 10**14  # of one entry, in 10^-18: 4 * MAX_DELTA; sums of all fit into 63 bits
MAX_SAME_RUNS: Final = 8  # earlier runs with the same input that a party names

# --- time, seconds --------------------------------------------------------------------------------------------
MAX_CLOCK_SKEW: Final = 300  # nodes whose clocks differ more do not start a run
HEARTBEAT: Final = 2  # both sides say at least so often that they are there
SILENT_BEATS: Final = 3  # signs that a peer must have missed at least before it counts as silent
PEER_SILENCE: Final = 300  # longest silence inside a run: a router or a node that restarts is back by then
REDIAL_FIRST: Final = 0.2  # before a stream that was cut is dialled again; twice as long each time
REDIAL_MOST: Final = 10.0
LAST_FRAMES: Final = 10.0  # for the peer to take our last words; else it asks for them later
RUN_LIMIT: Final = 6 * 3600  # a peer that sends a little now and then is not silent, and keeps a contract's only turn
WORKER_PATIENCE: Final = 120  # a job is under a second of work, and few wait before it
WAIT_LIMIT: Final = 8 * 3600  # a run waits for a person, hours or other runs no longer than a working day
RESUME_WITHIN: Final = 3600  # time for a person to start a node again; until then a journal of the run is kept
MAX_TAKEN_UP: Final = 32  # times for one run: a crash or two are usual; each computes all of it again
CONNECT_TIMEOUT: Final = 10  # an unreachable peer is reported after this

# --- runs of one node -----------------------------------------------------------------------------------------
RUNS_AT_ONCE: Final = 2  # that peers dialled: each takes a memory budget and shares the cores
QUEUED_RUNS: Final = 8  # of peers: each holds a stream and a thread, and its caller's memory
ATTEMPTS_PER_HOUR: Final = 30  # of one contract: an honest peer needs a few, one that begins and aborts is stopped
CALLS_PER_MINUTE: Final = 600  # of one caller: a run makes a few, and more when the network cuts its stream
BAD_CALL: Final = 30  # calls that one which came to nothing counts as: each makes us read files and start threads

# --- audit and keys -----------------------------------------------------------------------------------------
MAX_JSON_DEPTH: Final = 32  # nesting of any JSON document; ours need fewer than ten
MAX_AUDIT_LINES: Final = 10_000  # a run writes a few dozen
MAX_AUDIT_LINE_BYTES: Final = 256 * 1024  # the padded sizes of MAX_CELLS cells fit
MAX_AUDIT_BYTES: Final = 64 * 1024 * 1024  # one run's log
MAX_EVIDENCE_BYTES: Final = 16 * 1024 * 1024  # head, receipt or table of MAX_RELEASED_SUMS sums
MAX_STAMP_BYTES: Final = 256 * 1024  # an RFC 3161 answer with its certificates is under 16 KiB
MAX_KEY_FILE_BYTES: Final = 16 * 1024  # a PEM key or certificate is under 4 KiB
