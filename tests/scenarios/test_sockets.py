"""C5 and its like: what goes wrong on real sockets. Each ends flat or hedged, no order twice, none unexplained.

Every trouble befalls each venue on the leg where it hurts, in three pairs at once; what only Lighter's or Drift's wire
has stands apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actors.domain import Venue
from engine.simulators.faults import (
    Delay,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    FaultRule,
    Hold,
    ResetBefore,
    Restart,
    Skew,
    Slow,
    Status,
    Traffic,
    Truncate,
)
from tests.scenarios.faulty import (
    DRIFT_ACCOUNTS,
    DRIFT_BLOCKHASH,
    DRIFT_BOOK,
    DRIFT_HEIGHT,
    DRIFT_HISTORY,
    DRIFT_SEND,
    DRIFT_SIGNATURES,
    DRIFT_STATUS,
    FRAMES_OF,
    IOC_OF,
    LIGHTER_ACCOUNT,
    LIGHTER_NONCE,
    LIGHTER_ORDER,
    LIGHTER_ORDERS,
    LIGHTER_OWN,
    LIGHTER_SEND,
    LIGHTER_TX,
    MAKER_OF,
    QUESTIONS_OF,
    rule,
)
from tests.scenarios.harness import DRIFT, HYPERLIQUID, LIGHTER, PACIFICA, Run, Scenario
from tests.scenarios.sockets import check, play_together

Pair = tuple[Venue, Venue]
Trouble = Callable[[Venue, Venue], tuple[FaultRule, ...]]
"""What befalls a taker venue and a maker venue."""
PAIRS: tuple[Pair, ...] = ((HYPERLIQUID, PACIFICA), (LIGHTER, DRIFT), (DRIFT, LIGHTER))
FRAMES = {"traffic": Traffic.FRAME}
HTTP = {"traffic": Traffic.HTTP}
CONNECT = {"traffic": Traffic.CONNECT}
HTML = Status(status=502, body="<html><h1>502 Bad Gateway</h1></html>")
LOST_LINK = ("link_lost",)

TROUBLES: dict[str, Trouble] = {
    "nothing at all": lambda taker, maker: (),
    "reset before the taker order is read": lambda taker, maker: (rule(ResetBefore(), IOC_OF[taker], nth=(1,)),),
    "reset after the taker order was executed": lambda taker, maker: (rule(Disconnect(), IOC_OF[taker], nth=(1,)),),
    "reset before the maker order is read": lambda taker, maker: (rule(ResetBefore(), MAKER_OF[maker], nth=(1,)),),
    "reset after the maker order was executed": lambda taker, maker: (rule(Disconnect(), MAKER_OF[maker], nth=(1,)),),
    "half-open, the order executed": lambda taker, maker: (rule(DropResponse(), IOC_OF[taker], nth=(1,)),),
    "half-open, the order lost": lambda taker, maker: (rule(DropRequest(), MAKER_OF[maker], nth=(1,)),),
    "slow-loris answers": lambda taker, maker: (
        rule(Slow(over_s=3), IOC_OF[taker], nth=(1, 2)),
        rule(Slow(over_s=9), MAKER_OF[maker], nth=(1,)),
    ),
    "429 with Retry-After": lambda taker, maker: (
        rule(Status(status=429, retry_after_s=3), MAKER_OF[maker], nth=(1,)),
    ),
    "429 without Retry-After": lambda taker, maker: (rule(Status(status=429), IOC_OF[taker], nth=(1,)),),
    "503 for the taker order": lambda taker, maker: (rule(Status(status=503), IOC_OF[taker], nth=(1,)),),
    "500 for the maker order, executed": lambda taker, maker: (
        rule(Status(status=500, executed=True), MAKER_OF[maker], nth=(1,)),
    ),
    "HTML bodies": lambda taker, maker: (
        rule(HTML, QUESTIONS_OF[taker], from_s=12, at_most=2),
        rule(HTML, MAKER_OF[maker], nth=(1,)),
        rule(HTML, IOC_OF[taker], "HTML for what takes the taker leg back", nth=(2,)),
    ),
    "truncated JSON": lambda taker, maker: (
        rule(Truncate(keep=0.5), IOC_OF[taker], nth=(1,)),
        rule(Truncate(keep=0.3), FRAMES_OF[maker], nth=(7,)),
        rule(Truncate(keep=0.9), QUESTIONS_OF[taker], from_s=6, at_most=1),
    ),
    "duplicated, delayed and reordered frames": lambda taker, maker: (
        rule(Duplicate(copies=2), FRAMES, every=3),
        rule(Delay(delay_s=1.5), FRAMES, "late", every=5),
        rule(Hold(), FRAMES, every=4),
    ),
    "a venue's clock four seconds ahead": lambda taker, maker: (
        rule(Skew(offset_s=4), HTTP, venue=maker.value, from_s=8, to_s=30),
    ),
    "a server that restarts": lambda taker, maker: (
        rule(Restart(down_s=6), {**FRAMES, "venue": maker.value}, from_s=15, at_most=1),
    ),
    "a server that restarts before the maker order": lambda taker, maker: (
        rule(Restart(down_s=4), MAKER_OF[maker], nth=(1,)),
    ),
}

ON_LIGHTER: dict[str, tuple[FaultRule, ...]] = {
    "an answer lost, and the questions about the order cut, limited and cut short": (
        rule(Disconnect(), LIGHTER_ORDER, nth=(1,)),
        rule(Truncate(keep=0.5), LIGHTER_ORDERS, nth=(1,)),
        rule(Status(status=429, retry_after_s=2), LIGHTER_ORDERS, nth=(2,)),
        rule(ResetBefore(), LIGHTER_ORDERS, nth=(3,)),
        rule(DropFrame(), LIGHTER_OWN, from_s=8, to_s=35),
    ),
    "a request lost, and the nonce and its transaction not told": (
        rule(ResetBefore(), LIGHTER_ORDER, nth=(1,)),
        rule(HTML, LIGHTER_NONCE, nth=(2, 3)),
        rule(Truncate(keep=0.2), LIGHTER_TX, nth=(1,)),
    ),
    "transactions delivered twice, answers late": (
        rule(Duplicate(), LIGHTER_SEND),
        rule(Delay(delay_s=4.5), LIGHTER_SEND, every=2),
    ),
    "a stream cut, two handshakes reset, and half a snapshot": (
        rule(Disconnect(), {**FRAMES, "venue": "lighter"}, from_s=15, at_most=1),
        rule(ResetBefore(), {**CONNECT, "venue": "lighter"}, nth=(2, 3)),
        rule(HTML, LIGHTER_ACCOUNT, from_s=16, at_most=1),
    ),
    "a half-open stream": (rule(DropFrame(), {**FRAMES, "venue": "lighter"}, from_s=6.5, to_s=50),),
}
ON_DRIFT: dict[str, tuple[FaultRule, ...]] = {
    "an answer lost, and the questions about the transaction cut, limited and cut short": (
        rule(Disconnect(), DRIFT_SEND, nth=(1,)),
        rule(Truncate(keep=0.5), DRIFT_STATUS, nth=(1,)),
        rule(Status(status=429, retry_after_s=2), DRIFT_STATUS, nth=(2,)),
        rule(HTML, DRIFT_HISTORY, nth=(1,)),
        rule(ResetBefore(), DRIFT_SIGNATURES, from_s=8, at_most=2),
    ),
    "a request lost, and the height and the accounts not told": (
        rule(ResetBefore(), DRIFT_SEND, nth=(1,)),
        rule(HTML, DRIFT_HEIGHT, nth=(1, 2)),
        rule(Truncate(keep=0.6), DRIFT_ACCOUNTS, from_s=8, every=3, at_most=3),
    ),
    "transactions delivered twice, answers late": (
        rule(Duplicate(), DRIFT_SEND),
        rule(Delay(delay_s=4.5), DRIFT_SEND, every=2),
    ),
    "no blockhash": (rule(ResetBefore(), DRIFT_BLOCKHASH, nth=(1,)),),
    "a stream cut, two handshakes reset, and half a snapshot": (
        rule(Disconnect(), {**FRAMES, "venue": "drift"}, from_s=15, at_most=1),
        rule(ResetBefore(), {**CONNECT, "venue": "drift"}, nth=(2, 3)),
        rule(Truncate(keep=0.4), DRIFT_BOOK, nth=(2,)),
    ),
    "a half-open stream": (rule(DropFrame(), {**FRAMES, "venue": "drift"}, from_s=6.5, to_s=60),),
}


def play(faults: Mapping[Pair, tuple[FaultRule, ...]], directory: Path, calm_s: float = 45.0) -> dict[Pair, Run]:
    """One scenario a pair, all at once; each trouble must have struck."""
    scenarios = {
        venues: Scenario(venues=venues, faults=rules, calm_s=calm_s, settled_s=60.0) for venues, rules in faults.items()
    }
    runs = play_together(scenarios, directory)
    for run in runs.values():
        struck = {
            rule.name: sum(v.struck(rule.name) for v in run.engine.simulated.values()) for rule in run.scenario.faults
        }
        assert all(struck.values()), struck
    return runs


def ends_well(run: Run) -> None:
    """Flat in order: what holds of every run holds, and nobody was called for what was not over in the end."""
    check(run)
    assert run.orders("taker")
    assert all(pair.place == "CLOSED.flat" or pair.place.startswith("IDLE") for pair in run.pairs)
    assert [alarm for alarm in run.alarms if alarm.code not in LOST_LINK and not alarm.resolved_ns] == []


@pytest.fixture(scope="module", params=TROUBLES)
def troubled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[Pair, Run]:
    """The same trouble in every pair."""
    trouble = TROUBLES[request.param]
    return play({pair: trouble(*pair) for pair in PAIRS}, tmp_path_factory.mktemp("sockets"))


@pytest.mark.parametrize("venues", PAIRS, ids="-".join)
def test_c5_over_sockets_ends_flat_or_hedged_with_every_order_explained(
    troubled: dict[Pair, Run], venues: Pair
) -> None:
    ends_well(troubled[venues])


@pytest.mark.parametrize("name", ON_LIGHTER)
def test_c5_on_lighter_as_taker_and_as_maker(name: str, tmp_path: Path) -> None:
    for run in play(dict.fromkeys(((LIGHTER, PACIFICA), (HYPERLIQUID, LIGHTER)), ON_LIGHTER[name]), tmp_path).values():
        ends_well(run)


@pytest.mark.parametrize("name", ON_DRIFT)
def test_c5_on_drift_as_taker_and_as_maker(name: str, tmp_path: Path) -> None:
    for run in play(dict.fromkeys(((DRIFT, PACIFICA), (HYPERLIQUID, DRIFT)), ON_DRIFT[name]), tmp_path).values():
        ends_well(run)
