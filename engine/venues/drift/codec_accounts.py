"""What the program's accounts say about markets, positions and our account: plain values to messages. Pure.

Everything is a function of one `Reading`. Positions are valued at the oracle, as the program does (driftpy 0.8.89,
math/perp_position). Not worked out: the surcharge of large positions (imf_factor), the reduced weight of unsettled
profits, and other collateral than the quote token, which counts as 1 USD.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain import ZERO, Instrument, MarketStatus, Venue
from actors.messages import AccountReported, MarketSampled, PositionReported, QuoteUpdated
from engine.venues.assets import Listed
from engine.venues.drift.values import MarketValue, PositionValue, Reading, StateValue
from engine.venues.drift.wire import (
    BASE_DECIMALS,
    EXCHANGE_FILL_PAUSED,
    EXCHANGE_FUNDING_PAUSED,
    EXCHANGE_PAUSED,
    FEE_ADJUSTMENT_UNIT,
    FUNDING_RATE_DECIMALS,
    MARGIN_RATIO_UNIT,
    MARKET_FILL_PAUSED,
    MARKET_FUNDING_PAUSED,
    PRICE_DECIMALS,
    QUOTE_DECIMALS,
    SPOT_BALANCE_DECIMALS,
    SPOT_INTEREST_DECIMALS,
    USER_BANKRUPT,
    USER_BEING_LIQUIDATED,
    USER_REDUCE_ONLY,
    Book,
    Level,
)
from engine.venues.funding import calibrated, per_hour
from engine.venues.levels import with_depth
from engine.venues.lost_answers import LOST_ANSWERS

NS_PER_MS = 1_000_000
RATE_FIELD = "drift/perp_market.amm.last_funding_rate"
SIDE_FIELDS = {True: f"{RATE_FIELD}_long", False: f"{RATE_FIELD}_short"}
PAUSED_SINCE = "the program is paused; Drift's has been since 2026-04-01"

_HALTED = ("Initialized", "FillPaused", "Settlement", "Delisted")
_REDUCE_ONLY = ("FundingPaused", "AmmPaused", "WithdrawPaused", "ReduceOnly")


def price_of(raw: int) -> Decimal:
    """USD per venue unit of a price in 1e-6."""
    return _plain(raw, PRICE_DECIMALS)


def base_of(raw: int) -> Decimal:
    """Venue units of a size in 1e-9."""
    return _plain(raw, BASE_DECIMALS)


def usd_of(raw: int) -> Decimal:
    """USD of an amount in 1e-6 quote."""
    return _plain(raw, QUOTE_DECIMALS)


def _plain(raw: int, decimals: int) -> Decimal:
    return trimmed(Decimal(raw).scaleb(-decimals))


def trimmed(value: Decimal) -> Decimal:
    """Without zeros at the end: the same number is the same text on every venue."""
    return value.normalize() + ZERO


# --- markets ----------------------------------------------------------------------------------------------


def instrument(reading: Reading, listing: Listed, index: int, *, settle_token: str, halted: str) -> Instrument:
    """A market's rules, fees and status. The least order is one of size; here it is said in USD at the oracle."""
    market = reading.markets[index]
    status, reason = status_of(reading, market, halted)
    tick = trimmed(listing.price(price_of(market.tick)))
    taker, maker = fees_of(reading.state, market)
    return Instrument(
        venue=Venue.DRIFT,
        asset=listing.asset,
        symbol=listing.symbol,
        lot=trimmed(listing.size(base_of(market.step))),
        tick=tick,
        price_decimals=max(0, -int(tick.as_tuple().exponent)),
        min_notional_usd=base_of(market.order_least) * price_of(oracle_of(reading, market)),
        max_leverage=MARGIN_RATIO_UNIT // market.ratio_initial,
        taker_fee=taker,
        maker_fee=maker,
        maintenance_fraction=Decimal(market.ratio_maintenance) / MARGIN_RATIO_UNIT,
        multiplier=listing.multiplier,
        settle_token=settle_token,
        funding_calibrated=calibrated(RATE_FIELD),
        lapse_grace_ns=LOST_ANSWERS[Venue.DRIFT].lapse_grace_ns,
        status=status,
        status_reason=reason,
    )


def status_of(reading: Reading, market: MarketValue, halted: str) -> tuple[MarketStatus, str]:
    """What may be done in a market: the operator's word first, then the program's, the market's and the account's."""
    exchange, user = reading.state.exchange_status, reading.user.status
    checks = (
        (MarketStatus.HALTED, bool(halted), halted),
        (MarketStatus.HALTED, exchange == EXCHANGE_PAUSED, PAUSED_SINCE),
        (MarketStatus.HALTED, bool(exchange & EXCHANGE_FILL_PAUSED), "the program fills no orders"),
        (MarketStatus.HALTED, market.status in _HALTED, f"the market's status is {market.status}"),
        (MarketStatus.HALTED, bool(market.paused_operations & MARKET_FILL_PAUSED), "the market fills no orders"),
        (MarketStatus.HALTED, bool(user & USER_BANKRUPT), "our account is bankrupt"),
        (MarketStatus.REDUCE_ONLY, bool(user & USER_BEING_LIQUIDATED), "our account is being liquidated"),
        (MarketStatus.REDUCE_ONLY, bool(user & USER_REDUCE_ONLY), "our account may only reduce"),
        (MarketStatus.REDUCE_ONLY, bool(exchange & EXCHANGE_FUNDING_PAUSED), "the program pays no funding"),
        (MarketStatus.REDUCE_ONLY, market.status in _REDUCE_ONLY, f"the market's status is {market.status}"),
        (
            MarketStatus.REDUCE_ONLY,
            bool(market.paused_operations & MARKET_FUNDING_PAUSED),
            "the market pays no funding",
        ),
        (MarketStatus.HALTED, market.status != "Active", f"the market's status {market.status} is not known here"),
    )
    return next(((status, reason) for status, holds, reason in checks if holds), (MarketStatus.OPEN, ""))


def fees_of(state: StateValue, market: MarketValue) -> tuple[Decimal, Decimal]:
    """Taker and maker fee of the first tier as fractions of notional (a rebate is negative), with the market's
    adjustment in percent of the fee (IDL 2.142, PerpMarket.feeAdjustment; its use by the program not verified)."""
    adjusted = 1 + Decimal(market.fee_adjustment) / FEE_ADJUSTMENT_UNIT
    taker, maker = (Decimal(n) / d if d else ZERO for n, d in (state.taker_fee, state.maker_rebate))
    return taker * adjusted, -maker * adjusted


def oracle_of(reading: Reading, market: MarketValue) -> int:
    """The oracle's price in 1e-6: its own account's, else the last one the market has seen."""
    own = reading.oracles.get(market.oracle)
    return own.price if own is not None else market.oracle_price


def mark_of(reading: Reading, market: MarketValue) -> int:
    """The vAMM's price in 1e-6, the oracle's where the market has no vAMM."""
    if not market.base_reserve:
        return oracle_of(reading, market)
    return market.quote_reserve * market.peg // market.base_reserve


def sampled(reading: Reading, listing: Listed, index: int, at_ns: int) -> MarketSampled:
    """Mark, oracle, open interest and the last hour's funding; the program publishes no forming rate."""
    market = reading.markets[index]
    interest = max(abs(market.base_long), abs(market.base_short))
    return MarketSampled(
        venue=Venue.DRIFT,
        asset=listing.asset,
        mark=listing.price(price_of(mark_of(reading, market))),
        oracle=listing.price(price_of(oracle_of(reading, market))),
        open_interest=listing.size(base_of(interest)),
        funding_last_paid=rate_per_hour(RATE_FIELD, market.rate, market),
        venue_at_ns=at_ns,
    )


def rate_per_hour(field: str, rate: int, market: MarketValue) -> Decimal | None:
    """A rate in quote per base as a fraction per hour; None before the market's first funding."""
    if market.rate_ts <= 0 or market.funding_twap <= 0:
        return None
    return trimmed(per_hour(field, Decimal(rate), price=price_of(market.funding_twap)))


def quote_message(book: Book, listing: Listed) -> QuoteUpdated | None:
    """The best levels of a book that has both sides, with the ladders of all its levels, the vAMM's among them."""
    if not book.bids or not book.asks:
        return None
    bids, asks = ([_level(each, listing) for each in side] for side in (book.bids, book.asks))
    (bid, bid_size), (ask, ask_size) = bids[0], asks[0]
    touch = QuoteUpdated(
        venue=Venue.DRIFT,
        asset=listing.asset,
        bid=bid,
        bid_size=bid_size,
        ask=ask,
        ask_size=ask_size,
        venue_at_ns=book.ts * NS_PER_MS,
    )
    return with_depth(touch, bids, asks)


def _level(level: Level, listing: Listed) -> tuple[Decimal, Decimal]:
    return listing.price(price_of(int(level.price))), listing.size(base_of(int(level.size)))


# --- our account ------------------------------------------------------------------------------------------


def cumulative_of(market: MarketValue, base: int) -> int:
    """The market's cumulative funding for the side of a position."""
    return market.cumulative_long if base > 0 else market.cumulative_short


def funding_payment(base: int, cumulative_from: int, cumulative_to: int) -> Decimal:
    """USD received (negative = paid) for `base` between two cumulative rates: -(to - from) x base / 1e12 in 1e-6."""
    exponent = -FUNDING_RATE_DECIMALS - BASE_DECIMALS
    return trimmed(Decimal(-(cumulative_to - cumulative_from) * base).scaleb(exponent))


def unrealized_usd(reading: Reading, position: PositionValue) -> Decimal:
    """What closing at the oracle would bring, with funding that is owed and not settled."""
    market = reading.markets[position.market_index]
    value = base_of(position.base) * price_of(oracle_of(reading, market))
    owed = funding_payment(position.base, position.cumulative, cumulative_of(market, position.base))
    return trimmed(value + usd_of(position.quote) + owed)


def unsettled_usd(reading: Reading, index: int) -> Decimal:
    """What settle_pnl would move to the deposit in a market if its pool were deep enough; a closed position keeps in
    its quote what its trades, fees and funding came to."""
    rows = (row for row in reading.user.positions if row.market_index == index and (row.base or row.quote))
    return trimmed(sum((unrealized_usd(reading, row) for row in rows), ZERO))


def equity_usd(reading: Reading) -> Decimal:
    """The quote balance and every position's gain or loss."""
    scaled, spot = reading.user.quote_scaled, reading.spot
    interest = spot.deposit_interest if scaled >= 0 else spot.borrow_interest
    balance = Decimal(scaled * interest).scaleb(-SPOT_BALANCE_DECIMALS - SPOT_INTEREST_DECIMALS)
    return trimmed(balance + sum((unrealized_usd(reading, position) for position in reading.user.positions), ZERO))


def margin_usd(reading: Reading, position: PositionValue, *, maintenance: bool) -> Decimal:
    """The margin one position ties down, or may not fall below."""
    market = reading.markets[position.market_index]
    ratio = market.ratio_maintenance if maintenance else market.ratio_initial
    notional = abs(base_of(position.base)) * price_of(oracle_of(reading, market))
    return notional * ratio / MARGIN_RATIO_UNIT


def account_message(reading: Reading, at_ns: int) -> AccountReported:
    """Equity and margins of the whole account: Drift's perpetuals are cross-margined."""
    equity, positions = equity_usd(reading), reading.user.positions
    used = sum((margin_usd(reading, each, maintenance=False) for each in positions), ZERO)
    needed = sum((margin_usd(reading, each, maintenance=True) for each in positions), ZERO)
    return AccountReported(
        venue=Venue.DRIFT,
        equity_usd=equity,
        available_usd=max(ZERO, equity - used),
        maintenance_usd=needed,
        venue_at_ns=at_ns,
    )


def position_message(
    reading: Reading, listing: Listed, index: int, at_ns: int, *, queried: bool = False
) -> PositionReported:
    """Our position in a market, zero when the account holds none; either way with what is not settled yet."""
    position = next((row for row in reading.user.positions if row.market_index == index and row.base), None)
    if position is None:
        return PositionReported(
            venue=Venue.DRIFT,
            asset=listing.asset,
            size=ZERO,
            venue_at_ns=at_ns,
            queried=queried,
            unsettled_usd=unsettled_usd(reading, index),
        )
    entry = usd_of(abs(position.entry_quote)) / abs(base_of(position.base))
    return PositionReported(
        venue=Venue.DRIFT,
        asset=listing.asset,
        size=listing.size(base_of(position.base)),
        venue_at_ns=at_ns,
        queried=queried,
        entry_price=listing.price(entry),
        liquidation_price=_liquidation_price(reading, listing, position),
        unrealized_usd=unrealized_usd(reading, position),
        margin_used_usd=margin_usd(reading, position, maintenance=False),
        unsettled_usd=unsettled_usd(reading, index),
    )


def _liquidation_price(reading: Reading, listing: Listed, position: PositionValue) -> Decimal | None:
    """Where equity meets maintenance if this oracle alone moves; None where no price does."""
    market = reading.markets[position.market_index]
    base, ratio = base_of(position.base), Decimal(market.ratio_maintenance) / MARGIN_RATIO_UNIT
    others = (each for each in reading.user.positions if each.market_index != position.market_index)
    needed = sum((margin_usd(reading, each, maintenance=True) for each in others), ZERO)
    spare = equity_usd(reading) - base * price_of(oracle_of(reading, market)) - needed
    price = -spare / (base - abs(base) * ratio)
    return listing.price(price) if price > 0 else None
