import msgspec
import pytest

from engine.simulators.faults import (
    CapFill,
    Delay,
    Disconnect,
    DropFrame,
    DropResponse,
    Duplicate,
    Fault,
    FaultPlan,
    FaultRule,
    FaultStream,
    Hold,
    Reject,
    ResetBefore,
    Restart,
    Skew,
    Slow,
    Status,
    Traffic,
    TrafficEvent,
    Truncate,
    plan_from_json,
    plan_from_toml,
)
from tests.engine.simulators.exchange_builders import D

NS_PER_S = 1_000_000_000
START = 1_000 * NS_PER_S


def stream(seed: int = 1) -> FaultStream:
    return FaultStream(seed=seed, started_ns=START)


def request(name: str = "/exchange", *, venue: str = "hyperliquid", after_s: float = 0, text: str = "") -> TrafficEvent:
    at_ns = START + int(after_s * NS_PER_S)
    return TrafficEvent(venue=venue, traffic=Traffic.HTTP, name=name, at_ns=at_ns, text=text)


def frame(name: str = "userFills") -> TrafficEvent:
    return TrafficEvent(venue="hyperliquid", traffic=Traffic.FRAME, name=name, at_ns=START)


def plan(fault: Fault, traffic: Traffic = Traffic.HTTP, **conditions: object) -> FaultPlan:
    rule = msgspec.convert({"name": "rule", "traffic": traffic, "fault": fault, **conditions}, FaultRule)
    return FaultPlan(rules=(rule,))


def struck(faults: FaultPlan, events: list[TrafficEvent], seed: int = 1) -> list[int]:
    """Which of the events, counted from 1, something befell."""
    seen = stream(seed)
    return [number for number, event in enumerate(events, 1) if faults.decide(seen, event)]


def test_an_empty_plan_never_fails() -> None:
    assert struck(FaultPlan(), [request(), frame()]) == []


def test_a_rule_without_conditions_always_strikes_its_traffic() -> None:
    assert struck(plan(Delay(delay_s=1.0)), [request(), frame(), request("/info")]) == [1, 3]


def test_venue_path_and_body_narrow_a_rule() -> None:
    events = [
        request("/orders/create", venue="pacifica", text='{"side":"bid"}'),
        request("/orders/create", text='{"side":"bid"}'),
        request("/orders/cancel", venue="pacifica", text='{"side":"bid"}'),
        request("/book", venue="pacifica", text='{"side":"bid"}'),
        request("/orders/create", venue="pacifica"),
    ]
    assert struck(plan(DropResponse(), venue="pacifica", match="/orders/*", contains='"bid"'), events) == [1, 3]


def test_nth_counts_only_the_occurrences_that_match() -> None:
    events = [request("/info"), request(), request("/info"), request(), request()]
    assert struck(plan(DropResponse(), match="/exchange", nth=[2]), events) == [4]


def test_every_so_many_and_at_most() -> None:
    events = [request() for _ in range(10)]
    assert struck(plan(DropResponse(), every=3), events) == [3, 6, 9]
    assert struck(plan(DropResponse(), every=3, at_most=2), events) == [3, 6]


def test_a_time_window_is_measured_from_the_start_and_open_at_its_end() -> None:
    events = [request(after_s=s) for s in (0, 9.9, 10, 19.9, 20)]
    assert struck(plan(DropResponse(), from_s=10, to_s=20), events) == [3, 4]
    assert struck(plan(DropResponse(), from_s=10, to_s=20, nth=[1]), events) == [3]


def test_chance_is_decided_by_the_seed_the_rule_and_the_occurrence() -> None:
    events = [request() for _ in range(1000)]
    faults = plan(DropResponse(), probability=0.2)
    first = struck(faults, events)
    assert first == struck(faults, events)
    assert first != struck(faults, events, seed=2)
    assert 150 < len(first) < 250
    other = FaultRule(name="other", traffic=Traffic.HTTP, fault=Delay(delay_s=1.0), probability=0.5)
    both, seen = FaultPlan(rules=(other, *faults.rules)), stream()
    assert [n for n, e in enumerate(events, 1) if DropResponse() in both.decide(seen, e)] == first


def test_certain_and_impossible_chances() -> None:
    events = [request() for _ in range(50)]
    assert len(struck(plan(DropResponse(), probability=1.0), events)) == 50
    assert struck(plan(DropResponse(), probability=0.0), events) == []


def test_several_faults_befall_one_event_in_the_order_of_the_rules() -> None:
    faults: tuple[Fault, ...] = (Delay(delay_s=0.5), Duplicate(copies=2), Hold())
    rules = tuple(FaultRule(name=str(n), traffic=Traffic.FRAME, fault=f) for n, f in enumerate(faults))
    assert FaultPlan(rules=rules).decide(stream(), frame()) == faults


TOML = """
[[rules]]
name = "taker fills a fifth"
traffic = "http"
venue = "hyperliquid"
match = "/exchange"
nth = [1]
fault = { do = "cap_fill", fraction = "0.2" }

[[rules]]
name = "too many requests"
traffic = "http"
probability = 0.05
fault = { do = "status", status = 429, body = "slow down" }

[[rules]]
name = "a bad minute"
traffic = "connect"
from_s = 60
to_s = 120
fault = { do = "disconnect", refuse_s = 5 }
"""


def test_a_plan_is_a_table_a_person_can_write() -> None:
    faults = plan_from_toml(TOML)
    assert [rule.fault for rule in faults.rules] == [
        CapFill(fraction=D("0.2")),
        Status(status=429, body="slow down"),
        Disconnect(refuse_s=5),
    ]
    assert plan_from_json(msgspec.json.encode(faults)) == faults


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (TOML.replace("nth", "nht"), "nht"),
        (TOML.replace("cap_fill", "cap_fills"), "cap_fills"),
        (TOML.replace("refuse_s", "refuse"), "refuse"),
        (TOML.replace('"http"\nvenue', '"frame"\nvenue'), "http only"),
        (TOML.replace("nth = [1]", "nth = [0]"), "count from 1"),
        (TOML.replace("0.05", "5"), "between 0 and 1"),
        (TOML.replace("a bad minute", "too many requests"), "names must differ"),
        (TOML.replace('traffic = "connect"', 'traffic = "pigeon"'), "pigeon"),
        (TOML.replace("[[rules]]", "[[rule]]"), "rule"),
    ],
)
def test_a_plan_with_a_mistake_is_refused_and_names_it(wrong: str, complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        plan_from_toml(wrong)


@pytest.mark.parametrize(
    ("fault", "traffic"),
    [
        (Hold(), Traffic.HTTP),
        (DropFrame(), Traffic.HTTP),
        (Reject(reason="x"), Traffic.FRAME),
        (Duplicate(), Traffic.CONNECT),
    ],
)
def test_a_fault_that_cannot_befall_its_traffic_is_refused(fault: Fault, traffic: Traffic) -> None:
    with pytest.raises(ValueError, match="this fault happens to"):
        FaultRule(name="x", traffic=traffic, fault=fault)


def test_a_clock_is_off_by_all_rules_whose_window_holds() -> None:
    def skew(name: str, offset_s: float, **window: float) -> FaultRule:
        return msgspec.convert(
            {"name": name, "traffic": "http", "fault": Skew(offset_s=offset_s), "venue": "hyper*", **window}, FaultRule
        )

    faults = FaultPlan(rules=(skew("always", 1.5), skew("later", -4, from_s=10, to_s=20), skew("never", 9, from_s=99)))
    seen = stream()
    off = [faults.skew_ns(seen, "hyperliquid", START + after_s * NS_PER_S) for after_s in (0, 10, 19, 20)]
    assert off == [1_500_000_000, -2_500_000_000, -2_500_000_000, 1_500_000_000]
    assert faults.skew_ns(seen, "pacifica", START) == 0
    assert seen.struck == {"always": 1, "later": 1}


def test_a_clock_that_is_off_befalls_no_message() -> None:
    assert struck(plan(Skew(offset_s=1)), [request(), request()]) == []


@pytest.mark.parametrize("keep", [-0.1, 1.0, 1.5])
def test_a_truncated_message_keeps_a_part(keep: float) -> None:
    with pytest.raises(msgspec.ValidationError, match="keep is from 0"):
        plan(Truncate(keep=keep))


@pytest.mark.parametrize(
    ("fault", "traffic"),
    [
        (Slow(over_s=1), Traffic.CONNECT),
        (Truncate(), Traffic.CONNECT),
        (ResetBefore(), Traffic.FRAME),
    ],
)
def test_a_fault_of_sockets_happens_where_it_can(fault: Fault, traffic: Traffic) -> None:
    with pytest.raises(msgspec.ValidationError, match="this fault happens to"):
        plan(fault, traffic)


def test_the_faults_of_sockets_are_written_like_the_others() -> None:
    text = """
        [[rules]]
        name = "limit"
        traffic = "http"
        fault = { do = "status", status = 429, retry_after_s = 5, headers = { x-weight = "9" } }
        [[rules]]
        name = "restart"
        traffic = "frame"
        fault = { do = "restart", down_s = 30.0 }
        [[rules]]
        name = "reset"
        traffic = "http"
        fault = { do = "reset_before" }
    """
    limit, restart, reset = (rule.fault for rule in plan_from_toml(text).rules)
    assert limit == Status(status=429, retry_after_s=5, headers={"x-weight": "9"})
    assert (restart, reset) == (Restart(down_s=30), ResetBefore())
