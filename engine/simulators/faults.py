"""Misfortunes between the engine and a simulated venue, as data: a frozen plan, a pure decision a message.

The simulated venue shows every request and every frame to `FaultPlan.decide` and does what the answer says, in
memory and over the loopback server's sockets alike; the plan itself touches nothing. A plan is a table a person can
write (TOML or JSON; unknown fields are refused):

    [[rules]]
    name = "first taker order is lost after execution"
    traffic = "http"
    venue = "hyperliquid"
    match = "/exchange"
    contains = '"type":"order"'
    nth = [1]
    fault = { do = "drop_response" }
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase

import msgspec

from engine.simulators.market.noise import key_of, uniform

NS_PER_S = 1_000_000_000


class Traffic(StrEnum):
    HTTP = "http"
    """A request of the engine, with its response; named by its path."""
    FRAME = "frame"
    """A stream frame from the venue; named by its channel."""
    CONNECT = "connect"
    """The opening of a stream; named by its path."""


class _Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """One misfortune."""


class Delay(_Fault, frozen=True, kw_only=True, tag="delay"):
    """The response, frame or connection arrives this much later; a request executes at once."""

    delay_s: float


class DelayRequest(_Fault, frozen=True, kw_only=True, tag="delay_request"):
    """The request reaches the venue this much later, and executes then."""

    delay_s: float


class DropRequest(_Fault, frozen=True, kw_only=True, tag="drop_request"):
    """The request never reaches the venue; the engine sees a timeout (it cannot know)."""


class DropResponse(_Fault, frozen=True, kw_only=True, tag="drop_response"):
    """The venue executes the request, its answer is lost; the engine sees a timeout."""


class DropFrame(_Fault, frozen=True, kw_only=True, tag="drop_frame"):
    """The frame is lost; the stream lives on."""


class Duplicate(_Fault, frozen=True, kw_only=True, tag="duplicate"):
    """The frame, or the request, arrives this many times more; the first answer to a request counts."""

    copies: int = 1


class Garble(_Fault, frozen=True, kw_only=True, tag="garble"):
    """The frame, or the answer, arrives with every `find` replaced by `put`: malformed, or in unknown words."""

    find: str
    put: str


class Hold(_Fault, frozen=True, kw_only=True, tag="hold"):
    """The frame is kept back until after the next one of its stream: the two change places."""


class Reject(_Fault, frozen=True, kw_only=True, tag="reject"):
    """The venue refuses the request unexecuted, for `reason` (a `RejectReason` or the venue's text)."""

    reason: str


class Status(_Fault, frozen=True, kw_only=True, tag="status"):
    """An HTTP status instead of the answer; `executed` says whether the venue had executed the request.

    `headers` are added to it, and `retry-after` when `retry_after_s` is given.
    """

    status: int
    body: str = ""
    content_type: str = "text/html"
    executed: bool = False
    headers: dict[str, str] = {}
    retry_after_s: int | None = None


class Disconnect(_Fault, frozen=True, kw_only=True, tag="disconnect"):
    """The stream is cut before the frame; a request's connection before the answer; a new stream at once.

    `refuse_s`: new streams to this venue are refused for so long after.
    """

    refuse_s: float = 0.0


class ResetBefore(_Fault, frozen=True, kw_only=True, tag="reset_before"):
    """The connection is reset before the venue has read the request: unexecuted, though whoever sent it cannot know.

    A new stream is reset before its handshake is answered.
    """


class Slow(_Fault, frozen=True, kw_only=True, tag="slow"):
    """The answer or frame drips in, a few bytes at a time, over this long; in memory it arrives whole at the end."""

    over_s: float


class Truncate(_Fault, frozen=True, kw_only=True, tag="truncate"):
    """The answer or frame ends after `keep` of its bytes, announced at full length, and the connection with it."""

    keep: float = 0.5


class Restart(_Fault, frozen=True, kw_only=True, tag="restart"):
    """The venue's server restarts before this message: all connections are cut, nothing listens for so long."""

    down_s: float = 0.0


class Skew(_Fault, frozen=True, kw_only=True, tag="skew"):
    """The venue's clock is off by `offset_s` (positive: ahead) in the rule's window, whatever the traffic.

    When a clock that was ahead is set right, the venue's world stands still until true time has caught up.
    """

    offset_s: float


class CapFill(_Fault, frozen=True, kw_only=True, tag="cap_fill"):
    """The next IOC at the venue fills at most this fraction of its size (0 = it meets nothing)."""

    fraction: Decimal


Fault = (
    Delay
    | DelayRequest
    | DropRequest
    | DropResponse
    | DropFrame
    | Duplicate
    | Garble
    | Hold
    | Reject
    | Status
    | Disconnect
    | ResetBefore
    | Slow
    | Truncate
    | Restart
    | Skew
    | CapFill
)
_ONLY_FOR = {
    DelayRequest: (Traffic.HTTP,),
    DropRequest: (Traffic.HTTP,),
    DropResponse: (Traffic.HTTP,),
    Reject: (Traffic.HTTP,),
    Status: (Traffic.HTTP,),
    CapFill: (Traffic.HTTP,),
    DropFrame: (Traffic.FRAME,),
    Hold: (Traffic.FRAME,),
    Duplicate: (Traffic.HTTP, Traffic.FRAME),
    Garble: (Traffic.HTTP, Traffic.FRAME),
    Slow: (Traffic.HTTP, Traffic.FRAME),
    Truncate: (Traffic.HTTP, Traffic.FRAME),
    ResetBefore: (Traffic.HTTP, Traffic.CONNECT),
}


class TrafficEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way. `text` is its body, for rules that look inside."""

    venue: str
    traffic: Traffic
    name: str
    at_ns: int
    text: str = ""


class FaultRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When which fault happens. All conditions must hold; without `nth`, `every` and `probability`: always.

    Occurrences are counted per rule over the messages that match venue, traffic, name, text and time window.
    """

    name: str
    traffic: Traffic
    fault: Fault
    venue: str = "*"
    match: str = "*"
    """Glob over the path or channel."""
    contains: str = ""
    """Text the body must contain."""
    nth: tuple[int, ...] = ()
    """Which occurrences, counted from 1."""
    every: int | None = None
    """Every so many occurrences."""
    probability: float | None = None
    """Chance per occurrence, drawn from the stream's seed, the rule's name and the occurrence."""
    from_s: float = 0.0
    """Window since the start of the run."""
    to_s: float | None = None
    at_most: int | None = None
    """How often the fault may happen in all."""

    def __post_init__(self) -> None:
        allowed = _ONLY_FOR.get(type(self.fault), tuple(Traffic))
        if self.traffic not in allowed:
            raise ValueError(f"rule {self.name!r}: this fault happens to {' or '.join(allowed)} only")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError(f"rule {self.name!r}: probability is between 0 and 1")
        if any(number < 1 for number in (*self.nth, self.every or 1)):
            raise ValueError(f"rule {self.name!r}: occurrences count from 1")
        if isinstance(self.fault, Truncate) and not 0 <= self.fault.keep < 1:
            raise ValueError(f"rule {self.name!r}: keep is from 0 to less than 1")

    def open_at(self, since_start_ns: int) -> bool:
        """Whether the rule's window holds so long after the start."""
        begun = self.from_s * NS_PER_S <= since_start_ns
        return begun and (self.to_s is None or since_start_ns < self.to_s * NS_PER_S)

    def applies_to(self, event: TrafficEvent, since_start_ns: int) -> bool:
        """Whether `event` is an occurrence for this rule."""
        if self.traffic is not event.traffic or not self.open_at(since_start_ns):
            return False
        named = fnmatchcase(event.venue, self.venue) and fnmatchcase(event.name, self.match)
        return named and self.contains in event.text

    def strikes(self, seed: int, occurrence: int) -> bool:
        """Whether the fault happens at this occurrence (counted from 1)."""
        if self.nth and occurrence not in self.nth:
            return False
        if self.every is not None and occurrence % self.every:
            return False
        chance = self.probability
        return chance is None or uniform(key_of(seed, "fault", self.name), occurrence) < chance


@dataclass(slots=True, kw_only=True)
class FaultStream:
    """What has been seen so far in one run: the only state of a plan, held by whoever asks."""

    seed: int
    started_ns: int
    seen: dict[str, int] = field(default_factory=dict)
    struck: dict[str, int] = field(default_factory=dict)


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules of a run. An empty plan is a venue that never fails."""

    rules: tuple[FaultRule, ...] = ()

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        if len(dict.fromkeys(names)) < len(names):
            raise ValueError("rule names must differ: counts and draws go by name")

    def decide(self, stream: FaultStream, event: TrafficEvent) -> tuple[Fault, ...]:
        """The faults that befall `event`, in the order of the rules; counts it in `stream`."""
        return tuple(rule.fault for rule in self.rules if _happens(rule, stream, event))

    def skew_ns(self, stream: FaultStream, venue: str, at_ns: int) -> int:
        """How far a venue's clock is off at a true time; a rule in force counts as having struck once in `stream`."""
        skew_ns = 0
        for rule in self.rules:
            if (
                isinstance(rule.fault, Skew)
                and fnmatchcase(venue, rule.venue)
                and rule.open_at(at_ns - stream.started_ns)
            ):
                stream.struck[rule.name] = 1
                skew_ns += round(rule.fault.offset_s * NS_PER_S)
        return skew_ns


def _happens(rule: FaultRule, stream: FaultStream, event: TrafficEvent) -> bool:
    if isinstance(rule.fault, Skew) or not rule.applies_to(event, event.at_ns - stream.started_ns):
        return False
    occurrence = stream.seen[rule.name] = stream.seen.get(rule.name, 0) + 1
    struck = stream.struck.get(rule.name, 0)
    if (rule.at_most is not None and struck >= rule.at_most) or not rule.strikes(stream.seed, occurrence):
        return False
    stream.struck[rule.name] = struck + 1
    return True


def plan_from_toml(text: str) -> FaultPlan:
    """Raises msgspec.ValidationError for unknown fields, wrong types and impossible rules."""
    return msgspec.toml.decode(text, type=FaultPlan)


def plan_from_json(text: bytes) -> FaultPlan:
    """Raises msgspec.ValidationError for unknown fields, wrong types and impossible rules."""
    return msgspec.json.decode(text, type=FaultPlan)
