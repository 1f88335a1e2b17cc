"""What a line of the journal is: a header, one step a decision, an end; and how a line is sealed.

A line is the record's JSON with `hash` spliced in as its last field. The hash is the SHA-256 over the hash of
the line before (nothing before the header) and the record's JSON without it, cut to 32 hex digits.
Counterparts: `writer` seals lines, `reader` opens them, `revision` fills the header.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import msgspec

from actors.actor import ActorState
from actors.commands import AnyCommand
from actors.messages import AnyMessage, Envelope, OrderDenied
from actors.policy import Policy
from engine.journal.errors import RecordUnreadable

if TYPE_CHECKING:
    from engine.core import Decision

FORMAT = 1
JOURNAL_NAME = "journal.jsonl"
HEAD_NAME = "head.json"

HASH_DIGITS = 32
SEAL_OPENS = b',"hash":"'
SEAL_CLOSES = b'"}\n'
SEAL_LENGTH = len(SEAL_OPENS) + HASH_DIGITS + len(SEAL_CLOSES)


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of the three kinds of line."""


class Header(Record, frozen=True, kw_only=True, tag="header"):
    """The first line: everything the decisions depend on besides the envelopes. No wall time, no run id.

    `code` is the revision of the deciding code, `charts` the digest of each chart by name, `config_digest` that
    of the configuration as given; `start` holds the first state of each actor, encoded, in the core's order.
    """

    format: int = FORMAT
    code: str
    mode: str
    seed: int
    config_digest: str
    charts: dict[str, str]
    policy: Policy
    start: dict[str, msgspec.Raw]


class StepRecord(Record, frozen=True, kw_only=True, tag="step", omit_defaults=True):
    """One decision: the envelope, the row that decided, the move, the commands, the state digest."""

    seq: int
    at_ns: int
    to: str
    cause: int
    message: AnyMessage
    row: str
    source: str = msgspec.field(name="from")
    place: str
    commands: tuple[AnyCommand, ...] = ()
    denied: tuple[OrderDenied, ...] = ()
    digest: str
    fault: str = ""

    @property
    def envelope(self) -> Envelope:
        """What was delivered."""
        return Envelope(seq=self.seq, at_ns=self.at_ns, to=self.to, cause=self.cause, message=self.message)


class End(Record, frozen=True, kw_only=True, tag="end"):
    """The last line of a run that ended in order; `records` counts its steps."""

    records: int
    reason: str


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `head.json` remembers of the durable part: its last seq, last hash, steps, length in bytes."""

    format: int
    seq: int
    hash: str
    records: int
    bytes: int


AnyRecord = Header | StepRecord | End

_encoder = msgspec.json.Encoder()
encode = _encoder.encode
"""JSON without spaces, fields in the order written: the same record gives the same bytes."""
_state_encoder = msgspec.json.Encoder(order="deterministic")


def step_record(decision: Decision) -> StepRecord:
    """The record of a decision."""
    envelope = decision.envelope
    return StepRecord(
        seq=envelope.seq,
        at_ns=envelope.at_ns,
        to=envelope.to,
        cause=envelope.cause,
        message=envelope.message,
        row=decision.row,
        source=decision.source,
        place=decision.place,
        commands=decision.commands,
        denied=decision.denied,
        digest=decision.digest,
        fault=decision.fault,
    )


def chained(before: bytes, body: bytes) -> bytes:
    """The hash of a record's JSON, given the hash of the line before."""
    return hashlib.sha256(before + body).hexdigest()[:HASH_DIGITS].encode()


def sealed(body: bytes, seal: bytes) -> bytes:
    """The line: the record's JSON with its hash as the last field, and the newline."""
    return body[:-1] + SEAL_OPENS + seal + SEAL_CLOSES


S = TypeVar("S", bound=ActorState)


def encode_states(states: tuple[ActorState, ...]) -> dict[str, msgspec.Raw]:
    """The header's `start` of these states."""
    return {state.actor: msgspec.Raw(_state_encoder.encode(state)) for state in states}


def decode_states(start: Mapping[str, msgspec.Raw], types: Mapping[str, type[ActorState]]) -> tuple[ActorState, ...]:
    """The states of a header's `start`; `types` gives each actor's state class by actor.

    Raises RecordUnreadable when a state has a field its class does not know: a renamed field must not be
    replaced by a default.
    """
    return tuple(_decode_state(actor, raw, types[actor]) for actor, raw in start.items())


def _decode_state(actor: str, raw: msgspec.Raw, kind: type[S]) -> S:
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        state = msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        raise _start_unreadable(actor, kind, str(error)) from error
    unknown = [name for name in fields if name not in known]
    if unknown:
        raise _start_unreadable(actor, kind, f"the class has no field {unknown[0]!r}")
    return state


def _start_unreadable(actor: str, kind: type[ActorState], detail: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"line 1: the start state of {actor} is not a {kind.__name__} of this code ({detail}); "
        "replay it with the code revision the header names"
    )
