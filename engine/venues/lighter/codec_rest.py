"""REST answers on markets and the account, and their rows as messages. Pure. Counterpart: `wire`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from msgspec.json import Decoder

from actors.domain import ONE, ZERO, Instrument, MarketStatus, Venue
from actors.messages import AccountReported, FundingPaid, PositionReported
from engine.venues.funding import calibrated, per_hour
from engine.venues.lighter.codec import read
from engine.venues.lighter.markets import Market, Markets
from engine.venues.lighter.wire import (
    MARGIN_FRACTION_SCALE,
    OK,
    AccountRow,
    Accounts,
    ApiKeys,
    FundingRow,
    MarketRow,
    NextNonce,
    OrderBookDetails,
    PositionFundings,
    PositionRow,
    ResultCode,
)
from engine.venues.link import FrameError
from engine.venues.lost_answers import LOST_ANSWERS

FORMING_RATE = "lighter/market_stats.current_funding_rate"
LAST_RATE = "lighter/market_stats.funding_rate"
OWN_RATE = "lighter/positionFunding.rate"
PERCENT = Decimal(100)
NS_PER_S = 1_000_000_000

R = TypeVar("R", bound=ResultCode)

_MARKETS = Decoder(OrderBookDetails)
_ACCOUNTS = Decoder(Accounts)
_FUNDINGS = Decoder(PositionFundings)
_NONCE = Decoder(NextNonce)
_KEYS = Decoder(ApiKeys)


def decode_markets(body: bytes) -> list[MarketRow]:
    """GET orderBookDetails."""
    return answered("orderBookDetails", _MARKETS, body).order_book_details


def decode_account(body: bytes) -> AccountRow:
    """GET account by index: exactly one."""
    accounts = answered("account", _ACCOUNTS, body).accounts
    if len(accounts) != 1:
        raise FrameError("account", f"`accounts` has {len(accounts)} entries")
    return accounts[0]


def decode_fundings(body: bytes) -> PositionFundings:
    """GET positionFunding: one page, newest first."""
    return answered("positionFunding", _FUNDINGS, body)


def decode_next_nonce(body: bytes) -> int:
    """GET nextNonce."""
    return answered("nextNonce", _NONCE, body).nonce


def decode_api_keys(body: bytes) -> ApiKeys:
    """GET apikeys."""
    return answered("apikeys", _KEYS, body)


SUPPORTED_KINDS: Mapping[str, Callable[[bytes], Any]] = {
    "orderBookDetails": decode_markets,
    "account": decode_account,
    "positionFunding": decode_fundings,
    "nextNonce": decode_next_nonce,
    "apikeys": decode_api_keys,
}
"""The REST payloads read here; those on orders are in `codec_orders`."""


def answered(kind: str, decoder: Decoder[R], body: bytes) -> R:
    """A successful answer. Raises FrameError for another code."""
    answer = read(decoder, kind, body)
    if answer.code != OK:
        raise FrameError(kind, f"`code` {answer.code}: {answer.message or 'no message'}")
    return answer


def instrument(market: Market, taker_fee: Decimal | None = None, maker_fee: Decimal | None = None) -> Instrument:
    """One market's rules; the given fees (fractions) replace the listed ones.

    The minimum of a resting order is both an amount and a notional: the amount counts at the last traded price.
    """
    row, listed = market.row, market.listed
    status, why = market_status(row)
    least_usd = max(Decimal(row.min_quote_amount), Decimal(row.min_base_amount) * row.last_trade_price)
    return Instrument(
        venue=Venue.LIGHTER,
        asset=listed.asset,
        symbol=row.symbol,
        lot=listed.size(ONE.scaleb(-row.size_decimals)),
        tick=listed.price(ONE.scaleb(-row.price_decimals)),
        price_decimals=row.price_decimals + max(0, listed.multiplier.adjusted()),
        min_notional_usd=least_usd,
        max_leverage=MARGIN_FRACTION_SCALE // row.min_initial_margin_fraction,
        taker_fee=Decimal(row.taker_fee) / PERCENT if taker_fee is None else taker_fee,
        maker_fee=Decimal(row.maker_fee) / PERCENT if maker_fee is None else maker_fee,
        maintenance_fraction=Decimal(row.maintenance_margin_fraction) / MARGIN_FRACTION_SCALE,
        multiplier=listed.multiplier,
        funding_calibrated=calibrated(FORMING_RATE),
        lapse_grace_ns=LOST_ANSWERS[Venue.LIGHTER].lapse_grace_ns,
        status=status,
        status_reason=why,
    )


def market_status(row: MarketRow) -> tuple[MarketStatus, str]:
    """What the venue lets us do, and its own word for it."""
    if row.status == "inactive":
        return MarketStatus.HALTED, "inactive"
    if row.market_config.force_reduce_only:
        return MarketStatus.REDUCE_ONLY, "force_reduce_only"
    return MarketStatus.OPEN, ""


def account_message(row: AccountRow, at_ns: int) -> AccountReported:
    """The account; the venue's maintenance figure is that of the cross positions."""
    return AccountReported(
        venue=Venue.LIGHTER,
        equity_usd=Decimal(row.total_asset_value),
        available_usd=Decimal(row.available_balance),
        maintenance_usd=Decimal(row.cross_maintenance_margin_requirement or "0"),
        venue_at_ns=at_ns,
    )


def position_message(row: PositionRow, market: Market, at_ns: int, *, queried: bool) -> PositionReported:
    """One position, of an answer or a frame; `sign` gives its side, so a positive size with sign 0 is refused."""
    size = market.listed.size(row.position)
    if size < 0 or (size > 0 and row.sign == 0):
        raise FrameError("position", f"`position` {row.position} with `sign` {row.sign}")
    if size == 0:
        return flat_message(market.asset, at_ns, queried=queried)
    liquidation = Decimal(row.liquidation_price or "0")
    return PositionReported(
        venue=Venue.LIGHTER,
        asset=market.asset,
        size=row.sign * size,
        venue_at_ns=at_ns,
        queried=queried,
        entry_price=market.listed.price(row.avg_entry_price),
        liquidation_price=market.listed.price(liquidation) if liquidation > 0 else None,
        unrealized_usd=Decimal(row.unrealized_pnl),
        margin_used_usd=Decimal(row.allocated_margin) if row.margin_mode else None,
    )


def maintenance_of(row: PositionRow, market: Market) -> Decimal:
    """Maintenance margin of one position in USD: its value times the market's fraction."""
    return Decimal(row.position_value) * market.row.maintenance_margin_fraction / MARGIN_FRACTION_SCALE


def require_complete(row: AccountRow) -> None:
    """Raise FrameError where no cross position is listed and maintenance margin is needed for one: no proof of flat.

    Recorded as 0.000000 beside flat rows. That orders alone need none: not verified. Isolated ones have no witness.
    """
    needed = Decimal(row.cross_maintenance_margin_requirement or "0")
    if needed > 0 and not any(Decimal(each.position) for each in row.positions if not each.margin_mode):
        raise FrameError("account", f"no cross position, `cross_maintenance_margin_requirement` {needed}")


def flat_message(asset: str, at_ns: int, *, queried: bool) -> PositionReported:
    """No position in this market."""
    return PositionReported(venue=Venue.LIGHTER, asset=asset, size=ZERO, venue_at_ns=at_ns, queried=queried)


def payment_id(row: FundingRow) -> str:
    """Unique among our payments: a funding round pays once a market."""
    return f"{row.market_id}-{row.funding_id}"


def funding_message(row: FundingRow, markets: Markets) -> FundingPaid:
    """One payment; `change` is what the account gained (sign inferred)."""
    market = markets.of(row.market_id)
    size = market.listed.size(row.position_size)
    return FundingPaid(
        venue=Venue.LIGHTER,
        asset=market.asset,
        payment_id=payment_id(row),
        amount_usd=Decimal(row.change),
        rate_per_hour=per_hour(OWN_RATE, Decimal(row.rate)),
        size=abs(size) if row.position_side == "long" else -abs(size),
        venue_at_ns=row.timestamp * NS_PER_S,
    )
