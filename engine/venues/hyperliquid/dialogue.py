"""Hyperliquid's half of the link: what to subscribe to, what to read first, and what each frame says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from actors.domain import Venue
from actors.messages import VenueMessage
from engine.venues.adapter import NowNs
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.codec import UNIFIED_MODES, decode, funding_row, market_sample, usdc
from engine.venues.hyperliquid.deliveries import Deliveries
from engine.venues.hyperliquid.limits import Limits
from engine.venues.hyperliquid.markets import coin_of, markets_of
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.preparation import Preparation
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.wire import AssetContext, ClearinghouseState, Frame, Meta, UserFees
from engine.venues.link import FrameError

Messages = tuple[VenueMessage, ...]

WELCOME = b"Websocket connection established."
"""The first text of a connection may be this, which is not JSON (SDK `websocket_manager`)."""
PING = b'{"method":"ping"}'
SILENT_CHANNELS = ("pong", "subscriptionResponse")
MARKET_CHANNELS = ("bbo", "activeAssetCtx", "error")
"""What is lost with a frame of these is told anew by the next one; any other may have been about our account."""


class HyperliquidDialogue:
    """The `Dialogue` of `engine.venues.link` for one account and its markets.

    `doubted` is called when a frame could not be read that may have been about the account, and when a position has
    become smaller: the fill that did it is looked for.
    """

    venue = Venue.HYPERLIQUID
    path = "/ws"

    def __init__(
        self,
        settings: HyperliquidSettings,
        client: Client,
        preparation: Preparation,
        deliveries: Deliveries,
        limits: Limits,
        memory: Memory,
        now_ns: NowNs,
        doubted: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._preparation = preparation
        self._deliveries = deliveries
        self._limits = limits
        self._memory = memory
        self._now_ns = now_ns
        self._doubted = doubted
        self._readers: Mapping[str, Callable[[Any], Messages]] = {
            "bbo": self._read_bbo,
            "l2Book": self._read_book,
            "activeAssetCtx": self._read_context,
            "orderUpdates": self._memory.order_states,
            "userFills": self._read_fills,
            "userFundings": self._read_fundings,
            "clearinghouseState": self._read_state,
            "spotState": self._read_spot,
        }

    def greetings(self) -> tuple[bytes, ...]:
        """Account first, then three feeds a market. An unknown coin costs the whole socket (WS profile).

        An address may have 1000 subscriptions (WS profile, 2026-09-24): three a market stay below with 300 markets.
        The fast kind of `l2Book` has 5 levels and the same channel name, so it would need a socket of its own.
        """
        user = self._settings.account.lower()
        wishes: list[dict[str, str]] = [
            {"type": "orderUpdates", "user": user},
            {"type": "userFills", "user": user},
            {"type": "userFundings", "user": user},
            {"type": "clearinghouseState", "user": user, "dex": ""},
            {"type": "spotState", "user": user},
        ]
        for asset in self._subscribed():
            wishes.append({"type": "l2Book", "coin": coin_of(asset)})
            wishes.append({"type": "bbo", "coin": coin_of(asset)})
            wishes.append({"type": "activeAssetCtx", "coin": coin_of(asset)})
        return tuple(msgspec.json.encode({"method": "subscribe", "subscription": wish}) for wish in wishes)

    def ping(self) -> bytes:
        """The server closes a connection to which it has sent nothing for 60 s; a pong counts."""
        return PING

    async def snapshot(self) -> Messages:
        """Instruments and markets, missed fills, orders that may be open, payments, then positions: what came first
        is told first.

        A market whose leverage is not confirmed is not listed. Raises TransportError or FrameError.
        """
        markets = await self._markets()
        state = await self._account()
        fees: UserFees = await self._client.ask_account("userFees")
        instruments = await self._preparation.instruments(self._memory.markets, state, fees)
        fills = await self._client.fills_since(self._memory.fills_from_ms())
        payments = await self._client.funding_since(self._memory.payments_from_ms())
        orders = await self._deliveries.recovered()
        state = await self._client.ask_account("clearinghouseState", dex="")
        self._memory.trust()
        return (
            *instruments,
            *markets,
            *self._memory.fills(fills),
            *self._memory.note(orders),
            *self._memory.payments(funding_row(row) for row in payments),
            *self._memory.account_state(state, also=self._settings.assets),
        )

    def decode(self, frame: bytes) -> Messages:
        """Messages in one frame; raises FrameError naming the channel."""
        if frame == WELCOME:
            return ()
        channel = ""
        try:
            envelope: Frame = decode("frame", frame)
            channel = envelope.channel
            return self._read(channel, envelope.data)
        except FrameError:
            if channel not in MARKET_CHANNELS:
                self._doubted()
            raise

    def _read(self, channel: str, data: msgspec.Raw) -> Messages:
        if channel in SILENT_CHANNELS:
            return ()
        if channel == "error":
            raise FrameError("error", bytes(data).decode(errors="replace"))
        read = self._readers.get(channel)
        if read is None:
            raise FrameError(channel, "not a channel we read")
        return read(decode(f"stream/{channel}", data))

    async def relisted(self) -> Messages:
        """What has changed of our markets since they were last listed. Raises TransportError or FrameError."""
        meta: Meta = await self._client.ask("meta")
        self._memory.markets = markets_of(meta)
        return self._preparation.relisted(self._memory.markets)

    # snapshot

    def _subscribed(self) -> tuple[str, ...]:
        """All configured assets before the universe is known, then those it lists."""
        if not self._memory.markets:
            return self._settings.assets
        return tuple(asset for asset in self._settings.assets if asset in self._memory.markets)

    async def _markets(self) -> Messages:
        answer: tuple[Meta, tuple[AssetContext, ...]] = await self._client.ask("metaAndAssetCtxs")
        meta, contexts = answer
        if len(meta.universe) != len(contexts):
            raise FrameError("info/metaAndAssetCtxs", f"{len(meta.universe)} markets, {len(contexts)} contexts")
        self._memory.markets = markets_of(meta)
        listed = (self._memory.markets[asset] for asset in self._subscribed())
        now_ns = self._now_ns()
        return tuple(market_sample(contexts[market.asset_id], market.coin, now_ns) for market in listed)

    async def _account(self) -> ClearinghouseState:
        """The perpetual account, with the spot one where the collateral is told there; our requests left, too."""
        state: ClearinghouseState = await self._client.ask_account("clearinghouseState", dex="")
        self._memory.unified = await self._unified(state)
        self._limits.told(await self._client.ask_account("userRateLimit"))
        return state

    async def _unified(self, state: ClearinghouseState) -> bool:
        """Whether equity must be read from the spot state.

        Where the venue does not say its mode in words we know, an empty perpetual account beside spot USDC is one.
        """
        self._memory.spot = spot = await self._client.ask_account("spotClearinghouseState")
        try:
            return await self._client.ask_account("userAbstraction") in UNIFIED_MODES
        except FrameError:
            return not Decimal(state.marginSummary.accountValue) and usdc(spot)[0] > 0

    # frames

    def _read_bbo(self, data: Any) -> Messages:
        return self._memory.quote(data, self._now_ns())

    def _read_book(self, data: Any) -> Messages:
        self._memory.book(data)
        return ()

    def _read_context(self, data: Any) -> Messages:
        return (market_sample(data.ctx, data.coin, self._now_ns()),)

    def _read_fills(self, data: Any) -> Messages:
        self._require_own(data.user, "userFills")
        return self._memory.fills(data.fills)

    def _read_fundings(self, data: Any) -> Messages:
        self._require_own(data.user, "userFundings")
        return self._memory.payments(data.fundings)

    def _read_state(self, data: Any) -> Messages:
        self._require_own(data.user, "clearinghouseState")
        messages = self._memory.account_state(data.clearinghouseState)
        if self._memory.shrunk:  # by a fill: if its frame was lost, nothing else would tell an ADL or a liquidation
            self._doubted()
        return messages

    def _read_spot(self, data: Any) -> Messages:
        self._require_own(data.user, "spotState")
        return self._memory.spot_state(data.spotState)

    def _require_own(self, user: str, channel: str) -> None:
        if user.lower() != self._settings.account.lower():
            raise FrameError(channel, f"about {user}, not us - at `$.user`")
