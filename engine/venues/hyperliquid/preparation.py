"""What must be true of a market before it is listed: it is there, and its leverage is the configured one.

Asked at every snapshot; what the venue confirmed is believed for a while, so that a reconnect costs no weight again.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from actors.domain import NS_PER_S, Instrument, MarketStatus, Venue
from actors.messages import FrameRefused, InstrumentListed, VenueMessage
from engine.venues.adapter import NowNs
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.codec_orders import encode_leverage
from engine.venues.hyperliquid.leverage import held_at_another, set_leverage, wanted_leverage
from engine.venues.hyperliquid.markets import Market, coin_of
from engine.venues.hyperliquid.notary import Notary
from engine.venues.hyperliquid.performer import Performer
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.wire import ClearinghouseState, Position, UserFees
from engine.venues.link import FrameError


class Preparation:
    """Lists the configured markets; remembers whose leverage the venue has confirmed."""

    def __init__(
        self, settings: HyperliquidSettings, client: Client, performer: Performer, notary: Notary, now_ns: NowNs
    ) -> None:
        self._settings, self._client, self._performer = settings, client, performer
        self._notary, self._now_ns = notary, now_ns
        self._believed_ns = int(settings.leverage_verified_s * NS_PER_S)
        self._confirmed_ns: dict[str, int] = {}
        self._told: dict[str, Instrument] = {}

    async def instruments(
        self, markets: dict[str, Market], state: ClearinghouseState, fees: UserFees
    ) -> tuple[VenueMessage, ...]:
        """Every configured market, or a refusal that says why it must not be traded. Raises TransportError."""
        held = {each.position.coin: each.position for each in state.assetPositions}
        messages: list[VenueMessage] = []
        for asset in self._settings.assets:
            position = held.get(coin_of(asset))
            try:
                found = await self._instrument(asset, markets.get(asset), position, fees)
            except FrameError as refused:
                messages += (_refused(refused), *self._shut(asset, markets.get(asset), refused.detail))
                continue
            messages += self._tell(found)
        return tuple(messages)

    def relisted(self, markets: dict[str, Market]) -> tuple[VenueMessage, ...]:
        """What a newer list changes of the markets that were told of: rules, or that one is gone, or back.

        One that was never told of waits for the next snapshot, which sees to its leverage.
        """
        messages: list[VenueMessage] = []
        for known in tuple(self._told.values()):
            now = self._relisted(known, markets.get(known.asset))
            if now != known:
                messages += self._tell(now)
        return tuple(messages)

    def _relisted(self, known: Instrument, market: Market | None) -> Instrument:
        if market is None or market.delisted:
            return _halted(known)
        described = market.instrument(taker_fee=known.taker_fee, maker_fee=known.maker_fee)
        why = known.status_reason if known.status_ours else ""
        if known.status is MarketStatus.HALTED and market.coin not in self._confirmed_ns:
            why = "listed again; its leverage is looked at when the link comes up anew"
        closed = replace(described, status=MarketStatus.REDUCE_ONLY, status_reason=why, status_ours=True)
        return closed if why else described

    def _shut(self, asset: str, market: Market | None, why: str) -> tuple[VenueMessage, ...]:
        """Nothing is opened any more in a market that was told of and must not be traded now."""
        known = self._told.get(asset)
        if known is None:
            return ()
        if market is None or market.delisted:
            return self._tell(_halted(known))
        return self._tell(replace(known, status=MarketStatus.REDUCE_ONLY, status_reason=why, status_ours=True))

    def _tell(self, instrument: Instrument) -> tuple[VenueMessage, ...]:
        self._told[instrument.asset] = instrument
        return (InstrumentListed(instrument=instrument),)

    async def _instrument(
        self, asset: str, market: Market | None, position: Position | None, fees: UserFees
    ) -> Instrument:
        """Raises FrameError when the market must not be traded."""
        if market is None or (market.delisted and position is None):
            raise FrameError("info/metaAndAssetCtxs", f"{asset} is not listed")
        described = market.instrument(taker_fee=Decimal(fees.userCrossRate), maker_fee=Decimal(fees.userAddRate))
        if market.delisted:
            return _halted(described)
        if position is None:
            await self._confirm(market)
            return described
        self._confirmed_ns.pop(market.coin, None)
        why = held_at_another(position, market, self._settings.leverage)
        closed = replace(described, status=MarketStatus.REDUCE_ONLY, status_reason=why, status_ours=True)
        return closed if why else described

    async def _confirm(self, market: Market) -> None:
        """Raises FrameError when the leverage of a flat market is not the configured one."""
        confirmed_ns = self._confirmed_ns.get(market.coin)
        if confirmed_ns is not None and self._now_ns() < confirmed_ns + self._believed_ns:
            return
        leverage = encode_leverage(wanted_leverage(market, self._settings.leverage), market)
        await set_leverage(self._client, self._performer, self._notary.request(leverage), market)
        self._confirmed_ns[market.coin] = self._now_ns()


def _halted(instrument: Instrument) -> Instrument:
    return replace(instrument, status=MarketStatus.HALTED, status_reason="delisted", status_ours=False)


def _refused(refused: FrameError) -> FrameRefused:
    return FrameRefused(venue=Venue.HYPERLIQUID, channel=refused.channel, detail=refused.detail)
