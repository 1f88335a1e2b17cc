"""An access key from its file to the venue: over sockets, as a run has it, and as a run without one goes."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.domain import Venue
from actors.messages import (
    FrameRefused,
    LinkUp,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    VenueMessage,
)
from engine import config as configuration
from engine.clock import Clock
from engine.doors import Door, NetworkDoors
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace
from engine.keys import KeyRefused, Secret
from engine.keys.access_file import AccessKey, write_access_file
from engine.mailbox import Mailbox
from engine.preparation import RunRequest, prepare
from engine.sandbox.keys import keep_access
from engine.simulators.exchange import Events, Exchange
from engine.simulators.faults import DropFrame, FaultPlan, FaultRule, Traffic
from engine.simulators.server import Stall, serve
from engine.simulators.transport import SimulatedVenue
from engine.venues.registry import AccountTerms, Ends, make_adapter, make_signer
from engine.venues.signing import Signing
from engine.venues.transport import HttpRequest
from engine.world import build_market, build_venue, secret_for
from tests.engine.simulators.plain import patient_clock

clock = patient_clock
PACIFICA, ASSET = Venue.PACIFICA, "SOL"
CONFIG = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
SEED = CONFIG.run.seed
SIGNING, ACCOUNT = make_signer(PACIFICA, secret_for(PACIFICA, SEED))
MUTED = tuple(
    FaultRule(name=channel, traffic=Traffic.FRAME, match=channel, fault=DropFrame())
    for channel in ("account_trades", "account_positions", "account_info")
)
"""What else would tell of a forced close."""


@asynccontextmanager
async def sign_here(_: SigningPlace, __: Alarm) -> AsyncIterator[Signing[Any, Any]]:
    yield SIGNING


class Site:
    """One served venue, the door to it, and what an adapter behind the door said."""

    def __init__(self, venue: SimulatedVenue, door: Door, time: Clock) -> None:
        self.venue, self.door, self.time = venue, door, time
        self.said: list[VenueMessage] = []
        terms = AccountTerms(account=door.account, assets=(ASSET,), leverage=3, identified=door.identified)
        ends = Ends(transport=door.transport, report=self.said.append, now_ns=time.now_ns, rng=random.Random(7))
        self.adapter = make_adapter(PACIFICA, door.signing, terms, ends)

    async def force(self, lever: str, size: str) -> list[VenueMessage]:
        """Close part of our position by force; what is told within a second of it."""

        def pull(exchange: Exchange, now_ns: int) -> Events:
            events: Events = getattr(exchange, lever)(now_ns, ACCOUNT, ASSET, Decimal(size))
            return events

        before = len(self.said)
        self.venue.disturb(pull)
        await trio.sleep(1)
        return self.said[before:]

    async def quota(self) -> str:
        """How many credits a minute the venue says we have, times ten."""
        answer = await self.door.transport.request(HttpRequest(method="GET", path="/api/v1/info"))
        return dict(answer.headers)["ratelimit-policy"].split(";")[1]


@asynccontextmanager
async def site(access_key_file: Path | None, *rules: FaultRule) -> AsyncIterator[Site]:
    """A served venue and a door with this file named in its profile."""
    replace, section = msgspec.structs.replace, CONFIG.venues[PACIFICA]
    assert section.network is not None
    pace = replace(section.pace, quiet_step_s=5.0, latency_least_s=0.0, latency_most_s=0.0)
    scanner = replace(CONFIG.policy.scanner, venues=(PACIFICA,))
    profile = replace(
        CONFIG, venues={PACIFICA: replace(section, pace=pace)}, policy=replace(CONFIG.policy, scanner=scanner)
    )
    market = build_market(profile)
    time = Clock(market.start_ns + 3_600_000_000_000)
    simulated = build_venue(PACIFICA, ACCOUNT, profile, market, FaultPlan(rules=rules), time.now_ns)
    async with trio.open_nursery() as nursery:
        stall = Stall(venue=simulated, account=ACCOUNT)
        (address,) = await nursery.start(lambda task_status: serve([stall], task_status=task_status))
        at = {"url": address.url, "stream_url": address.stream_url, "access_key_file": str(access_key_file or "")}
        venues = {PACIFICA: replace(profile.venues[PACIFICA], network=replace(section.network, **at))}
        doors = NetworkDoors(replace(profile, venues=venues), sign_here)
        await doors.begin_ns()
        async with doors.open(PACIFICA, time, lambda _: None) as door:
            yield Site(simulated, door, time)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def listening(access_key_file: Path | None, *rules: FaultRule) -> AsyncIterator[Site]:
    """The same, with an adapter behind the door whose link is up."""
    async with site(access_key_file, *rules) as there, trio.open_nursery() as nursery:
        await nursery.start(there.adapter.listen)
        await trio.sleep(0.5)
        yield there
        nursery.cancel_scope.cancel()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    found = keep_access(tmp_path / "keys" / "pacifica_access.json", PACIFICA, ACCOUNT, SEED)
    assert found is not None
    return found


def of(kind: type[VenueMessage], said: list[VenueMessage]) -> list[Any]:
    return [message for message in said if isinstance(message, kind)]


async def test_with_a_key_a_forced_close_is_told_where_every_other_word_of_it_is_lost(
    key_file: Path, clock: trio.testing.MockClock
) -> None:
    async with listening(key_file, *MUTED) as there:
        assert there.door.identified
        assert [type(message) for message in of(LinkUp, there.said)] == [LinkUp]
        await there.force("set_position", "5")
        (deleveraged,) = of(PositionDeleveraged, await there.force("deleverage", "2"))
        assert (deleveraged.asset, deleveraged.size) == (ASSET, 2)
        liquidated = of(PositionLiquidated, await there.force("liquidate", "1"))
        assert sum(message.size for message in liquidated) == 1


@pytest.mark.parametrize("named", [True, False])
async def test_a_run_makes_its_adapter_by_what_the_door_shows(
    named: bool, key_file: Path, tmp_path: Path, clock: trio.testing.MockClock
) -> None:
    engine, mailbox = (
        prepare(RunRequest(config=configuration.load(configuration.DEFAULT_CONFIG), runs=tmp_path)),
        Mailbox(),
    )
    async with site(key_file if named else None, *MUTED) as there, trio.open_nursery() as nursery:
        adapter = engine._adapter(PACIFICA, there.door, there.time, mailbox)
        await nursery.start(adapter.listen)
        await there.force("set_position", "5")
        await there.force("deleverage", "2")
        told = [letter.message for letter in mailbox.take_nowait(1000)]
        assert [m.size for m in told if isinstance(m, PositionDeleveraged)] == [2] * named
        nursery.cancel_scope.cancel()


async def test_with_a_key_and_nothing_lost_a_forced_close_is_told_once(
    key_file: Path, clock: trio.testing.MockClock
) -> None:
    async with listening(key_file) as there:
        await there.force("set_position", "5")
        await there.force("deleverage", "2")
        await trio.sleep(20)
        assert [message.size for message in of(PositionDeleveraged, there.said)] == [2]
        assert of(FrameRefused, there.said) == []


async def test_without_a_key_the_trades_tell_it_and_the_keyed_channel_is_not_asked_for(
    clock: trio.testing.MockClock,
) -> None:
    async with listening(None) as there:
        assert not there.door.identified
        await there.force("set_position", "5")
        told = await there.force("deleverage", "2")
        assert [message.size for message in of(PositionDeleveraged, told)] == [2]
        assert of(FrameRefused, there.said) == []
    async with listening(None, *MUTED) as there:
        await there.force("set_position", "5")
        assert of(PositionDeleveraged, await there.force("deleverage", "2")) == []


async def test_a_key_has_credits_of_its_own_and_the_address_has_fewer(
    key_file: Path, clock: trio.testing.MockClock
) -> None:
    async with listening(key_file) as there:
        assert await there.quota() == "q=3000"
    async with listening(None) as there:
        assert await there.quota() == "q=1000"


async def test_a_key_the_venue_does_not_know_costs_its_channel_and_its_credits_and_nothing_else(
    tmp_path: Path, clock: trio.testing.MockClock
) -> None:
    revoked = AccessKey(venue=PACIFICA, network="simulated", account=ACCOUNT, key=Secret("revoked-meanwhile"))
    write_access_file(tmp_path / "a", revoked)
    async with listening(tmp_path / "a") as there:
        (refused,) = of(FrameRefused, there.said)
        assert (refused.channel, refused.detail) == ("error", "code 403: Forbidden")
        assert await there.quota() == "q=1000"
        await there.force("set_position", "5")
        assert [m.size for m in of(PositionDeleveraged, await there.force("deleverage", "2"))] == [2]
        assert of(PositionReported, there.said)[-1].size == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account": "another"}, "is for another on pacifica simulated"),
        ({"network": "mainnet"}, "on pacifica mainnet, not for"),
        ({"venue": Venue.LIGHTER}, "on lighter simulated"),
        (None, "its folder is not there|cannot be read"),
    ],
    ids=["account", "network", "venue", "no file"],
)
async def test_a_key_of_another_is_refused_before_anything_is_shown(
    change: dict[str, Any] | None, words: str, tmp_path: Path, clock: trio.testing.MockClock
) -> None:
    if change is not None:
        fields: dict[str, Any] = {
            "venue": PACIFICA,
            "network": "simulated",
            "account": ACCOUNT,
            "key": Secret("hush-hush"),
        }
        write_access_file(tmp_path / "a", AccessKey(**(fields | change)))
    with pytest.RaisesGroup(pytest.RaisesExc(KeyRefused, match=words)):
        async with site(tmp_path / "a"):
            raise AssertionError("the door must not open")
