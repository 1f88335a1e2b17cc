"""What differs between venues, as data. A face picks the rules; the exchange obeys them."""

from decimal import Decimal

import msgspec

from engine.simulators.exchange.terms import PriceBase


class FundingRule(msgspec.Struct, frozen=True, kw_only=True):
    """Hourly funding of Hyperliquid and Pacifica alike.

    F8h = P + clamp(interest_8h - P, -/+ clamp_8h); per hour = F8h / hours, capped at cap_per_hour (fractions).
    Sources: Hyperliquid docs "Funding" (2025-11), 494 of 494 settled rows reproduce it; Pacifica docs
    "Funding".
    """

    interest_8h: Decimal = Decimal("0.0001")
    clamp_8h: Decimal = Decimal("0.0005")
    cap_per_hour: Decimal = Decimal("0.04")
    price_base: PriceBase = PriceBase.ORACLE
    hours: int = 8
    """Over how many hours F is paid out; Drift: 24."""
    rate_step: Decimal = Decimal("1e-10")
    """A computed rate is a multiple of this; Lighter settles in steps of 0.0001 % per hour."""


class ExchangeRules(msgspec.Struct, frozen=True, kw_only=True):
    """House rules of one venue. Fractions unless the name says otherwise."""

    venue: str
    funding: FundingRule = FundingRule()
    reduce_only_caps: bool = True
    """A reduce-only order larger than the position is cut to it; False: it is refused."""
    leverage_can_be_lowered: bool = True
    """Whether leverage may go down while a position is open (Pacifica: no)."""
    default_leverage: int = 20
    """Leverage of an asset nobody set; never above the instrument's maximum."""
    max_price_above: Decimal = Decimal("0.8")
    max_price_below: Decimal = Decimal("0.8")
    """How far a limit price may be from the oracle (Hyperliquid: 80 %)."""
    max_open_orders: int = 1000
    mark_ema_s: int = 150
    """Time constant of the mid-minus-oracle average inside the mark price (Hyperliquid: 150 s)."""
    backstop_fraction: Decimal = Decimal(2) / Decimal(3)
    """Below this fraction of maintenance margin the backstop takes over (both venues: 2/3)."""
    liquidation_fee: Decimal = Decimal(0)
    """Of notional, charged on market liquidation fills in place of the taker fee."""
    history_limit: int = 20_000
    """Fills, payments, settlements and closed orders remembered; the oldest are forgotten."""


class CrowdSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Synthetic counter-accounts, so that liquidations cascade into ADL. Zero accounts = no crowd."""

    accounts_per_asset: int = 0
    notional_usd_min: Decimal = Decimal(5_000)
    notional_usd_max: Decimal = Decimal(250_000)
    leverage_min: int = 2
    leverage_max: int = 15
