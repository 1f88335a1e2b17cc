"""Domain nouns shared by every role: venues, instruments, sides, orders, quotes.

Prices, sizes, money and rates are `Decimal`; times are integer nanoseconds, UTC.
"""

from __future__ import annotations

import hashlib
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

ZERO = Decimal(0)
ONE = Decimal(1)
NS_PER_S = 1_000_000_000
HOUR_NS = 3600 * NS_PER_S
BPS = Decimal("0.0001")
LAPSE_GRACE_NS = 5 * NS_PER_S
"""How long after its lifetime an order that its venue does not know is over, where the venue's own rule is not told."""


class Venue(StrEnum):
    """A venue the engine can trade on."""

    HYPERLIQUID = "hyperliquid"
    PACIFICA = "pacifica"
    LIGHTER = "lighter"
    DRIFT = "drift"


SETTLED_ON_REQUEST: tuple[Venue, ...] = (Venue.DRIFT,)
"""Where profit is no collateral until somebody asks for its settlement (Drift: settle_pnl moves it from the market's
pnl pool to the deposit; driftpy 0.8.89, drift_client.get_settle_pnl_ix). The others settle by themselves."""


class Side(StrEnum):
    """Direction of an order or a fill, seen from our account."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class TimeInForce(StrEnum):
    """How long an order may live at the venue."""

    IOC = "ioc"
    POST_ONLY = "post_only"
    GTC = "gtc"


class Liquidity(StrEnum):
    """Which side of the trade we were."""

    TAKER = "taker"
    MAKER = "maker"


class RejectReason(StrEnum):
    """Why a venue refused an order, in one vocabulary for all venues."""

    TICK = "tick"
    LOT = "lot"
    MIN_NOTIONAL = "min_notional"
    MARGIN = "margin"
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    IOC_UNFILLED = "ioc_unfilled"
    REDUCE_ONLY = "reduce_only"
    DUPLICATE_CLIENT_ID = "duplicate_client_id"
    EXPIRED = "expired"
    RATE_LIMITED = "rate_limited"
    NONCE = "nonce"
    SIGNATURE = "signature"
    HALTED = "halted"
    PRICE_BAND = "price_band"
    OPEN_INTEREST_CAP = "open_interest_cap"
    INVALID = "invalid"
    OTHER = "other"


class DoneReason(StrEnum):
    """Why an order the venue had accepted is no longer open."""

    FILLED = "filled"
    CANCELED = "canceled"
    IOC_REMAINDER = "ioc_remainder"
    EXPIRED = "expired"
    POST_ONLY_REJECTED = "post_only_rejected"
    REDUCE_ONLY_CANCELED = "reduce_only_canceled"
    MARGIN_CANCELED = "margin_canceled"
    SELF_TRADE = "self_trade"
    LIQUIDATED = "liquidated"
    VENUE_CANCELED = "venue_canceled"


class MarketStatus(StrEnum):
    """What a venue lets us do in a market."""

    OPEN = "open"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"


class Noun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of frozen domain structs."""


class Instrument(Noun, frozen=True, kw_only=True):
    """One perpetual on one venue: names, lattice and fees.

    `lot` is the size step in base units; prices sit on `tick` (a fixed step) or on
    `significant_figures` with at most `price_decimals` decimals (Hyperliquid: 5 figures, 6 - szDecimals).
    Fees are fractions of notional. `maintenance_fraction` is the maintenance margin as a fraction of notional.
    Prices and sizes are those of one token of `asset`; `multiplier` is how many of them the venue counts as one
    (kBONK: 1000). `funding_calibrated`: the unit of the venue's rate has been checked against settled payments.
    `lapse_grace_ns`: an order that the venue does not know is over so long after its lifetime, and no sooner.
    `status_ours`: the status is not the venue's word on its market, but follows from our account's own settings there.
    """

    venue: Venue
    asset: str
    symbol: str
    lot: Decimal
    price_decimals: int
    min_notional_usd: Decimal
    max_leverage: int
    taker_fee: Decimal
    maker_fee: Decimal
    maintenance_fraction: Decimal
    tick: Decimal | None = None
    significant_figures: int | None = None
    multiplier: Decimal = ONE
    settle_token: str = "USDC"
    funding_interval_s: int = 3600
    funding_calibrated: bool = True
    status: MarketStatus = MarketStatus.OPEN
    status_reason: str = ""
    status_ours: bool = False
    lapse_grace_ns: int = LAPSE_GRACE_NS


class Quote(Noun, frozen=True, kw_only=True, omit_defaults=True):
    """Best bid and ask with their sizes, and the depth ladders of `QuoteUpdated` (base units).

    Ladders that were not told are left out when written: records from before there were any keep their digests.
    """

    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    at_ns: int
    bid_depths: tuple[Decimal, ...] = ()
    ask_depths: tuple[Decimal, ...] = ()

    @property
    def mid(self) -> Decimal:
        """Middle of bid and ask."""
        return (self.bid + self.ask) / 2


def round_size(size: Decimal, lot: Decimal) -> Decimal:
    """Largest multiple of `lot` not above `size` (size >= 0)."""
    return (size // lot) * lot


@lru_cache(maxsize=1024)
def shared_lot(first: Decimal, second: Decimal) -> Decimal:
    """Smallest size step that is a multiple of both lots (least common multiple)."""
    exponent = min(_exponent(first), _exponent(second))
    scale = Decimal(1).scaleb(-exponent)
    a, b = int(first * scale), int(second * scale)
    common, rest = a, b
    while rest:
        common, rest = rest, common % rest
    return Decimal(a * b // common).scaleb(exponent)


def round_price(instrument: Instrument, price: Decimal, *, up: bool) -> Decimal:
    """Nearest price on the instrument's lattice, not below (`up`) or not above `price`.

    Hyperliquid's rule (tick-and-lot page): at most 5 significant figures and 6 - szDecimals decimals,
    integers always allowed.
    """
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    step = _price_step(instrument, price)
    return ((price / step).to_integral_value(rounding=rounding) * step).normalize() + ZERO


def _price_step(instrument: Instrument, price: Decimal) -> Decimal:
    if instrument.tick is not None:
        return instrument.tick
    if instrument.significant_figures is None:
        return Decimal(1).scaleb(-instrument.price_decimals)
    figures_exponent = price.adjusted() - instrument.significant_figures + 1
    return Decimal(1).scaleb(min(0, max(figures_exponent, -instrument.price_decimals)))


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return min(exponent, 0)


def client_order_id(namespace: str, actor: str, number: int) -> str:
    """Deterministic 128-bit client order id: 32 lower-case hex digits that also form a valid UUID (version 4).

    Hyperliquid takes it as 0x + hex, Pacifica as a UUID: the same bits on both.
    """
    digest = bytearray(hashlib.blake2b(f"{namespace}|{actor}|{number}".encode(), digest_size=16).digest())
    digest[6] = (digest[6] & 0x0F) | 0x40
    digest[8] = (digest[8] & 0x3F) | 0x80
    return digest.hex()
