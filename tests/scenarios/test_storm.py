"""Everything at once, drawn from a seed: the invariants must hold whatever comes, and all is well when it ends."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import Venue
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    FaultRule,
    Garble,
    Hold,
    Reject,
    Status,
    Traffic,
)
from tests.scenarios.faulty import (
    DRIFT_BLOCKHASH,
    DRIFT_BOOKS,
    DRIFT_HISTORY,
    DRIFT_SEND,
    PAC_IOC,
    on_own_channels,
    rule,
)
from tests.scenarios.harness import POLICY, Scenario, play
from tests.scenarios.market import Scene
from tests.scenarios.test_entry import TRICKLE

CALM_S = 150.0


def storm(weight: float) -> tuple[FaultRule, ...]:
    """Every fault, each with a chance of `weight`, until it is calm."""
    http = {"traffic": Traffic.HTTP}
    stream = {"traffic": Traffic.FRAME}
    window = {"from_s": 5.0, "to_s": CALM_S}
    often, seldom = {**window, "probability": weight}, {**window, "probability": weight / 10}
    return (
        rule(DropResponse(), http, "answers lost", **often),
        rule(DropRequest(), http, "requests lost", **often),
        rule(DelayRequest(delay_s=3.0), http, "requests late", **often),
        rule(Delay(delay_s=4.0), http, "answers late", **often),
        rule(Status(status=502, body="<html>"), http, "bad gateway", **often),
        rule(Status(status=500, executed=True), http, "server error", **often),
        rule(Reject(reason="rate_limited"), {**http, "match": "*/orders/*"}, "rate limit", **often),
        rule(Disconnect(refuse_s=6.0), stream, "cut", **seldom),
        rule(Delay(delay_s=2.0), stream, "frames late", **often),
        rule(CapFill(fraction=Decimal("0.4")), PAC_IOC, "thin", **often),
        rule(CapFill(fraction=Decimal("0.4")), DRIFT_SEND, "thin program", **often),
        rule(DropRequest(), DRIFT_SEND, "transactions lost", **often),
        rule(DropResponse(), DRIFT_SEND, "transactions taken in silence", **often),
        rule(Status(status=503, executed=True), DRIFT_HISTORY, "history not served", **often),
        rule(Garble(find='"blockhash":"', put='"blockhash":"1'), DRIFT_BLOCKHASH, "blockhash of nobody", **seldom),
        rule(DropFrame(), DRIFT_BOOKS, "books lost", **often),
        rule(Hold(), DRIFT_BOOKS, "books out of order", **often),
        *on_own_channels(DropFrame(), **often),
        *on_own_channels(Duplicate(), **often),
        *on_own_channels(Hold(), **often),
    )


HL, PAC, LIGHTER, DRIFT = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT
STORMS = (
    *((seed, (HL, PAC)) for seed in range(1, 13)),
    *((seed, (HL, LIGHTER)) for seed in (*range(1, 7), 25)),
    *((seed, (LIGHTER, PAC)) for seed in (*range(1, 7), 20)),
    *((seed, (HL, DRIFT)) for seed in range(1, 7)),
    *((seed, (DRIFT, LIGHTER)) for seed in range(1, 7)),
    *((seed, (PAC, DRIFT)) for seed in range(1, 7)),
)


@pytest.mark.parametrize(
    ("seed", "venues"), STORMS, ids=lambda part: "-".join(part) if isinstance(part, tuple) else part
)
def test_storm_of_all_faults_ends_flat_with_true_books(seed: int, venues: tuple[Venue, ...], tmp_path: Path) -> None:
    policy = replace(
        POLICY,
        entry=replace(POLICY.entry, backoff_s=20.0),
        auto_close=replace(POLICY.auto_close, hold_most_h=Decimal("0.007")),
        lifecycle=replace(POLICY.lifecycle, duration_s=240.0),
    )
    weight = (0.03, 0.1, 0.2)[seed % 3]
    scenes = (Scene(pacifica=TRICKLE),) if seed % 2 else (Scene(),)
    scenario = Scenario(
        seed=seed, venues=venues, scenes=scenes, faults=storm(weight), policy=policy, calm_s=CALM_S, settled_s=90.0
    )
    run = play(scenario, tmp_path)
    assert run.orders("taker")
    assert all(pair.place == "CLOSED.flat" or pair.place.startswith("IDLE") for pair in run.pairs)
