"""Signing in this process, and what becomes of what is not signed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.commands import CancelAll, CancelOrder
from actors.domain import MarketStatus, RejectReason, TimeInForce, Venue
from actors.messages import CancelRejected, InstrumentListed, OrderRejected, QueryFailed
from engine.venues.hyperliquid.signing import HyperliquidSigner, HyperliquidSignRequest
from engine.venues.pacifica.signing import PacificaSignRequest
from engine.venues.signing import Purpose, SignHere, SigningRefused, SignRequest
from tests.engine.venues.hyperliquid import world as hyperliquid
from tests.engine.venues.pacifica import world as pacifica


class _Ask(SignRequest, frozen=True, kw_only=True):
    words: str


class _Answer(msgspec.Struct, frozen=True):
    signature: str


class _Signer:
    account = "me"

    def purpose_of(self, _: _Ask, /) -> Purpose:
        return Purpose(operation="cancel")

    def sign(self, request: _Ask, /) -> _Answer:
        return _Answer(f"{self.account} signed {request.words}")


async def test_signing_here_answers_as_the_signer_does() -> None:
    signing = SignHere(_Signer())
    assert signing.account == "me"
    assert await signing.sign(_Ask(words="this")) == _Answer("me signed this")


class _Shut:
    """A signing that refuses everything, such as one whose process has died."""

    def __init__(self, account: str) -> None:
        self.account = account

    async def sign(self, request: HyperliquidSignRequest | PacificaSignRequest, /) -> Any:
        raise SigningRefused(f"shut for {request.purpose.operation}")


class _Door:
    """Passes everything on until it is shut."""

    def __init__(self, signing: Any) -> None:
        self.account: str = signing.account
        self._signing = signing

    def shut(self) -> None:
        self._signing = _Shut(self.account)

    async def sign(self, request: SignRequest, /) -> Any:
        return await self._signing.sign(request)


def _hyperliquid(signing: Any) -> tuple[hyperliquid.World, Any, Any]:
    world = hyperliquid.World(signing=signing)
    rests = {"time_in_force": TimeInForce.GTC, "limit_price": Decimal(59_000)}
    return world, world.live(), lambda number: hyperliquid.order(number, **rests)


def _pacifica(signing: Any) -> tuple[pacifica.World, Any, Any]:
    world = pacifica.World(signing=signing)
    return world, world.running(), lambda _: world.order(price="59000", tif=TimeInForce.GTC)


def _keys(venue: Venue) -> tuple[Any, Any]:
    """A signing that can be shut, and what makes a world of the venue with it."""
    if venue is Venue.HYPERLIQUID:
        signer = HyperliquidSigner(hyperliquid.KEY, is_mainnet=False, account=hyperliquid.ACCOUNT)
        return _Door(SignHere(signer)), _hyperliquid
    return _Door(SignHere(pacifica.SIGNER)), _pacifica


VENUES = pytest.mark.parametrize("venue", [Venue.HYPERLIQUID, Venue.PACIFICA])


@VENUES
async def test_an_order_that_is_not_signed_is_rejected_as_never_sent(venue: Venue, autojump_clock: MockClock) -> None:
    door, make = _keys(venue)
    world, live, order = make(door)
    async with live:
        door.shut()
        asked = order(1)
        from_here = len(world.said)
        await world.adapter.prepare(asked)()
        told = [message for message in world.said[from_here:] if isinstance(message, OrderRejected)]
        assert told == [
            OrderRejected(
                venue=venue, order_id=asked.order_id, reason=RejectReason.OTHER, detail="never sent: shut for order"
            )
        ]
        assert world.exchange.open_orders(door.account) == ()


@VENUES
async def test_a_cancel_that_is_not_signed_leaves_the_order_and_says_so(
    venue: Venue, autojump_clock: MockClock
) -> None:
    door, make = _keys(venue)
    world, live, order = make(door)
    async with live:
        asked = order(1)
        await world.adapter.prepare(asked)()
        await trio.sleep(1)
        assert len(world.exchange.open_orders(door.account)) == 1
        door.shut()
        from_here = len(world.said)
        ids: dict[str, Any] = {"venue": venue, "asset": "BTC"}
        await world.adapter.prepare(CancelOrder(order_id=asked.order_id, **ids))()
        await world.adapter.prepare(CancelAll(**ids))()
        told = [each for each in world.said[from_here:] if isinstance(each, CancelRejected | QueryFailed)]
        assert told == [
            CancelRejected(venue=venue, order_id=asked.order_id, detail="never sent: shut for cancel"),
            QueryFailed(venue=venue, asset="BTC", query="order", detail="cancel all: shut for cancel"),
        ]
        assert len(world.exchange.open_orders(door.account)) == 1


@VENUES
async def test_a_market_whose_leverage_is_not_signed_is_not_offered(venue: Venue, autojump_clock: MockClock) -> None:
    door, make = _keys(venue)
    door.shut()
    world, live, _ = make(door)
    async with live:
        listed = [each.instrument for each in world.said if isinstance(each, InstrumentListed)]
        assert [each for each in listed if each.status is MarketStatus.OPEN] == []
        told = repr(world.said)
        assert "never sent: shut for leverage" in told
