"""What a reading of the accounts is worth telling: markets, their status, positions, the account. No I/O.

Counterparts: `reader` brings readings, `codec_accounts` words them.
"""

from __future__ import annotations

from msgspec import structs

from actors.domain import Instrument, MarketStatus, Venue
from actors.messages import FrameRefused, InstrumentListed, PositionReported, VenueMessage
from engine.venues.adapter import NowNs
from engine.venues.assets import Listed, as_told, listing_of
from engine.venues.drift import codec_accounts
from engine.venues.drift.losses import Losses
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.values import MarketValue, Reading
from engine.venues.drift.wire import MARGIN_RATIO_UNIT

NS_PER_S = 1_000_000_000


class Telling:
    """The markets we trade, and what has been told of them."""

    def __init__(self, settings: DriftSettings, now_ns: NowNs) -> None:
        """Raises UnknownListing for an asset without a market here."""
        self.instruments: dict[str, Instrument] = {}
        self.listings: dict[str, Listed] = {}
        self.indexes: dict[str, int] = {}
        self._settings, self._now_ns = settings, now_ns
        self._unnumbered: list[str] = []
        self._held: dict[int, None] = {}
        self._losses = Losses(now_ns)
        self._fingerprint, self._told_at_ns = "", 0
        for asset in settings.assets:
            listing = listing_of(Venue.DRIFT, asset)
            index = settings.market_indexes.get(listing.symbol)
            if index is None:
                self._unnumbered.append(listing.symbol)
            else:
                self.listings[asset], self.indexes[asset] = listing, index

    def listing_at(self, index: int, reading: Reading | None) -> Listed:
        """The market of an index: one of ours, or one we only hold something in, by its own name."""
        found = next((self.listings[asset] for asset, own in self.indexes.items() if own == index), None)
        if found is not None:
            return found
        market = reading.markets.get(index) if reading is not None else None
        return as_told(Venue.DRIFT, market.name if market is not None else f"market {index}")

    def everything(self, reading: Reading) -> tuple[VenueMessage, ...]:
        """Rules of every market, or a refusal that names it; then all that is true now."""
        borne = self._borne(reading)
        refused = [f"{symbol}: no market index is configured" for symbol in self._unnumbered]
        listed: list[VenueMessage] = []
        self.instruments.clear()
        for asset in self.indexes:
            problem = self._problem(reading.markets[self.indexes[asset]], asset)
            if problem:
                refused.append(problem)
                continue
            narrow = self._too_narrow(reading.markets[self.indexes[asset]], asset)
            refused += [narrow] if narrow else []
            listed.append(self._listed(reading, asset))
        messages = [FrameRefused(venue=Venue.DRIFT, channel="markets", detail=detail) for detail in refused]
        return (*messages, *listed, *self._samples(reading), *borne, *self._account(reading))

    def news(self, reading: Reading) -> tuple[VenueMessage, ...]:
        """Markets' figures; rules where a status has changed; the account when it has changed.

        Now and then also an unchanged account, for its equity, what is held and what is not settled; what is flat and
        settled was told and stays so.
        """
        borne = self._borne(reading)
        changed = [asset for asset in self.instruments if self._status_changed(reading, asset)]
        messages = tuple(self._listed(reading, asset) for asset in changed)
        waited_ns = self._now_ns() - self._told_at_ns
        told: tuple[VenueMessage, ...] = ()
        if reading.fingerprint != self._fingerprint:
            told = self._account(reading)
        elif waited_ns >= self._settings.account_told_every_s * NS_PER_S:
            told = tuple(message for message in self._account(reading) if not _at_rest(message))
        return (*messages, *self._samples(reading), *borne, *told)

    def _problem(self, market: MarketValue, asset: str) -> str:
        """Why a market must not be traded at all: it is another one, or not set up."""
        symbol = self.listings[asset].symbol
        if market.name != symbol:
            return f"market {market.index} is {market.name!r}, not {symbol}"
        if market.ratio_initial <= 0 or market.step <= 0 or market.tick <= 0:
            return f"{symbol} is not set up"
        return ""

    def _too_narrow(self, market: MarketValue, asset: str) -> str:
        """Why nothing is to be opened where positions may still be closed; empty where there is no reason."""
        if market.ratio_initial > 0 and MARGIN_RATIO_UNIT // market.ratio_initial < self._settings.leverage:
            return f"{self.listings[asset].symbol} allows less than {self._settings.leverage}x"
        return ""

    def _status(self, reading: Reading, asset: str) -> tuple[MarketStatus, str]:
        market = reading.markets[self.indexes[asset]]
        status, reason = codec_accounts.status_of(reading, market, self._settings.halted)
        borne = f"{market.name} has let its holders bear a loss" if market.index in self._losses.borne else ""
        closed = self._too_narrow(market, asset) or borne
        return (MarketStatus.REDUCE_ONLY, closed) if closed and status is MarketStatus.OPEN else (status, reason)

    def _listed(self, reading: Reading, asset: str) -> InstrumentListed:
        settings = self._settings
        found = codec_accounts.instrument(
            reading,
            self.listings[asset],
            self.indexes[asset],
            settle_token=settings.program.settle_token,
            halted=settings.halted,
        )
        status, reason = self._status(reading, asset)
        self.instruments[asset] = structs.replace(found, status=status, status_reason=reason)
        return InstrumentListed(instrument=self.instruments[asset])

    def _status_changed(self, reading: Reading, asset: str) -> bool:
        known = self.instruments[asset]
        return self._status(reading, asset) != (known.status, known.status_reason)

    def _samples(self, reading: Reading) -> tuple[VenueMessage, ...]:
        at_ns = self._now_ns()
        return tuple(
            codec_accounts.sampled(reading, self.listings[asset], self.indexes[asset], at_ns)
            for asset in self.instruments
        )

    def _borne(self, reading: Reading) -> tuple[VenueMessage, ...]:
        return self._losses.read(reading, lambda index: self.listing_at(index, reading))

    def _account(self, reading: Reading) -> tuple[VenueMessage, ...]:
        """Positions in our markets and in every market that we hold or held, then the account."""
        at_ns = self._now_ns()
        self._fingerprint, self._told_at_ns = reading.fingerprint, at_ns
        self._held |= dict.fromkeys((*self.indexes.values(), *_held(reading)))
        positions = (
            codec_accounts.position_message(reading, self.listing_at(index, reading), index, at_ns)
            for index in self._held
        )
        return (*positions, codec_accounts.account_message(reading, at_ns))


def _held(reading: Reading) -> tuple[int, ...]:
    return tuple(position.market_index for position in reading.user.positions if position.base)


def _at_rest(message: VenueMessage) -> bool:
    return isinstance(message, PositionReported) and not message.size and not message.unsettled_usd
