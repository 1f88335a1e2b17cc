"""C5 and its like: what goes wrong on real sockets. Each ends flat or hedged, no order twice, none unexplained."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.simulators.faults import (
    Delay,
    Disconnect,
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
from tests.scenarios.faulty import HL_INFO, HL_ORDER, PAC_ACCOUNT, PAC_IOC, PAC_MAKER, PAC_ORDER, rule
from tests.scenarios.harness import Scenario
from tests.scenarios.sockets import play_over_sockets

FRAMES = {"traffic": Traffic.FRAME}
HTTP = {"traffic": Traffic.HTTP}
HTML = Status(status=502, body="<html><h1>502 Bad Gateway</h1></html>")

FAULTS: dict[str, tuple[FaultRule, ...]] = {
    "nothing at all": (),
    "reset before the taker order is read": (rule(ResetBefore(), HL_ORDER, nth=(1,)),),
    "reset after the taker order was executed": (rule(Disconnect(), HL_ORDER, nth=(1,)),),
    "reset before the maker order is read": (rule(ResetBefore(), PAC_MAKER, nth=(1,)),),
    "reset after the maker order was executed": (rule(Disconnect(), PAC_MAKER, nth=(1,)),),
    "half-open, the order executed": (rule(DropResponse(), HL_ORDER, nth=(1,)),),
    "half-open, the order lost": (rule(DropRequest(), PAC_ORDER, nth=(1,)),),
    "slow-loris answers": (rule(Slow(over_s=3), HL_ORDER, nth=(1, 2)), rule(Slow(over_s=9), PAC_ORDER, nth=(1,))),
    "429 with Retry-After": (rule(Status(status=429, retry_after_s=3), PAC_ORDER, nth=(1,)),),
    "429 without Retry-After": (
        rule(Status(status=429), HL_ORDER, nth=(1,)),
        rule(Status(status=429), HL_INFO, nth=(9,)),
    ),
    "503 for the taker order": (rule(Status(status=503), HL_ORDER, nth=(1,)),),
    "500 for the maker order, executed": (rule(Status(status=500, executed=True), PAC_MAKER, nth=(1,)),),
    "HTML bodies": (
        rule(HTML, HL_INFO, from_s=12, at_most=2),
        rule(HTML, PAC_MAKER, nth=(1,)),
        rule(HTML, PAC_IOC, nth=(1,)),
    ),
    "truncated JSON": (
        rule(Truncate(keep=0.5), HL_ORDER, nth=(1,)),
        rule(Truncate(keep=0.3), PAC_ACCOUNT, nth=(7,)),
        rule(Truncate(keep=0.9), HL_INFO, nth=(8,)),
    ),
    "duplicated, delayed and reordered frames": (
        rule(Duplicate(copies=2), FRAMES, every=3),
        rule(Delay(delay_s=1.5), FRAMES, "late", every=5),
        rule(Hold(), FRAMES, every=4),
    ),
    "a venue's clock four seconds ahead": (rule(Skew(offset_s=4), HTTP, venue="pacifica", from_s=8, to_s=30),),
    "a server that restarts": (rule(Restart(down_s=6), {**FRAMES, "venue": "pacifica"}, from_s=15, at_most=1),),
    "a server that restarts before the maker order": (rule(Restart(down_s=4), PAC_MAKER, nth=(1,)),),
}


@pytest.mark.parametrize("name", FAULTS)
def test_c5_over_sockets_ends_flat_or_hedged_with_every_order_explained(name: str, tmp_path: Path) -> None:
    faults = FAULTS[name]
    run = play_over_sockets(Scenario(faults=faults, calm_s=45.0, settled_s=60.0), tmp_path / "run")
    assert run.orders("taker")
    struck = {rule.name: sum(venue.struck(rule.name) for venue in run.engine.simulated.values()) for rule in faults}
    assert all(struck.values()), struck
    assert all(pair.place == "CLOSED.flat" or pair.place.startswith("IDLE") for pair in run.pairs)
