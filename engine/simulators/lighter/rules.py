"""Lighter's house rules for the simulated exchange, as data: funding, margin, fees, listings, market ids."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import Venue
from engine.simulators.exchange import ExchangeRules, FeeSchedule, FundingRule, InstrumentSpec
from engine.venues.assets import listing_of

LIGHTER_RULES = ExchangeRules(
    venue="lighter",
    funding=FundingRule(cap_per_hour=Decimal("0.005"), rate_step=Decimal("0.000001")),
    default_leverage=20,
    max_price_above=Decimal(1000),
    max_price_below=Decimal(1),
    max_open_orders=1500,
    backstop_fraction=Decimal(2) / Decimal(3),
    liquidation_fee=Decimal("0.01"),
)
"""Funding: interest 0.01 % and small clamp 0.05 % per 8 hours, large clamp 4 % (recorded `market_stats`, 2025-11 to
2026-06; that all three are per 8 hours is inferred), told and settled in steps of 0.0001 % per hour (recorded
`fundings`: 0.0012 % x 2256.56 = 0.02707872). Its price base is not verified; the index price is taken. The insurance
pool takes over below the closeout fraction, 80 of a maintenance of 120 (recorded ETH, 2026-05). Liquidation fee at most
1 % (docs "Liquidations", 2025-11). How far a price may be from the mark is judged by the face (`FAR_FROM_MARK`)."""

LIGHTER_FEES = FeeSchedule(taker=Decimal(0), maker=Decimal(0))
"""Standard accounts (apidocs "Account types", 2026-07-19)."""
LIGHTER_PREMIUM_FEES = FeeSchedule(taker=Decimal("0.00028"), maker=Decimal("0.00004"))
"""Premium accounts without staked LIT (apidocs "Account types", 2026-07-19)."""

FAR_FROM_MARK = Decimal("0.5")
"""A limit price further from the mark than this fraction is refused (21734); the venue's figure is not verified."""
MIN_QUOTE_USD = Decimal(10)
"""`min_quote_amount` of every recorded market (2025-11, 2026-05); it binds resting orders only."""
MAX_ORDERS_PER_MARKET = 1000
"""apidocs "Rate limits", 2026-07-19; 1,500 an account stands in `LIGHTER_RULES`."""
MIN_BASE: dict[str, Decimal] = {"ETH": Decimal("0.0050"), "BTC": Decimal("0.00020")}
"""`min_base_amount` where recorded (2026-05); elsewhere one lot, which is not verified."""

_IDS = """
0 ETH 1 BTC 2 SOL 3 DOGE 4 1000PEPE 5 WIF 6 WLD 7 XRP 8 LINK 9 AVAX 10 NEAR 11 DOT 12 TON 13 TAO 14 POL 15 TRUMP 16 SUI
17 1000SHIB 18 1000BONK 19 1000FLOKI 20 BERA 21 FARTCOIN 23 POPCAT 24 HYPE 25 BNB 26 JUP 27 AAVE 29 ENA 30 UNI 31 APT
32 SEI 33 KAITO 34 IP 35 LTC 36 CRV 37 PENDLE 38 ONDO 39 ADA 40 S 41 VIRTUAL 42 SPX 43 TRX 44 SYRUP 45 PUMP 46 LDO
47 PENGU 48 PAXG 49 EIGEN 50 ARB 51 RESOLV 52 GRASS 53 ZORA 55 OP 56 ZK 57 PROVE 58 BCH 59 HBAR
"""
_WORDS = _IDS.split()
MARKET_IDS: dict[str, int] = {symbol: int(number) for number, symbol in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
"""Market ids by symbol as `orderBooks` had them on 2026-03-27; ids are given anew after a delisting."""
FIRST_FREE_ID = 60
"""Markets without an id above get one from here on, in the order listed."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One market as the venue lists it: integers on the wire are venue units times ten to the decimals.

    `multiplier` tokens are one venue unit: our prices and sizes are per token.
    """

    market_id: int
    symbol: str
    asset: str
    multiplier: Decimal
    price_decimals: int
    size_decimals: int
    min_base: Decimal
    max_leverage: int


def lighter_instrument(asset: str, *, tick: str, lot: str, max_leverage: int) -> InstrumentSpec:
    """One market. `tick` is USD per token and `lot` in tokens, both powers of ten in the venue's units.

    Maintenance is 0.6 of the smallest initial margin (recorded ETH: 120 of 200, 2026-05; elsewhere inferred). The
    impact notional is 500 USD over that margin (inferred). The minimum order binds resting orders only, so it is the
    face's to judge. Raises ValueError for a lattice the venue cannot express.
    """
    spec = InstrumentSpec(
        asset=asset,
        lot=Decimal(lot),
        tick=Decimal(tick),
        significant_figures=None,
        max_decimals=max(0, -int(Decimal(tick).normalize().as_tuple().exponent)),
        min_notional_usd=Decimal(0),
        max_leverage=max_leverage,
        maintenance_fraction=Decimal("0.6") / max_leverage,
        impact_notional_usd=Decimal(500) * max_leverage,
    )
    listing(spec, 0)
    return spec


def listing(spec: InstrumentSpec, market_id: int) -> Listing:
    """How the venue writes this market. Raises ValueError for a lattice it cannot express."""
    named = listing_of(Venue.LIGHTER, spec.asset)
    assert spec.tick is not None, f"{spec.asset}: Lighter's ticks are fixed"
    return Listing(
        market_id=market_id,
        symbol=named.symbol,
        asset=spec.asset,
        multiplier=named.multiplier,
        price_decimals=_decimals(spec.asset, spec.tick * named.multiplier),
        size_decimals=_decimals(spec.asset, spec.lot / named.multiplier),
        min_base=MIN_BASE.get(spec.asset, spec.lot / named.multiplier),
        max_leverage=spec.max_leverage,
    )


def listings(specs: tuple[InstrumentSpec, ...]) -> tuple[Listing, ...]:
    """Every market with its id, in the order given."""
    free, found = FIRST_FREE_ID, list[Listing]()
    for spec in specs:
        known = MARKET_IDS.get(listing_of(Venue.LIGHTER, spec.asset).symbol)
        found.append(listing(spec, free if known is None else known))
        free += known is None
    return tuple(found)


def _decimals(asset: str, step: Decimal) -> int:
    """Decimals of a step that is 1, 0.1, 0.01 and so on."""
    sign, digits, exponent = step.normalize().as_tuple()
    if (sign, digits) != (0, (1,)) or not isinstance(exponent, int) or exponent > 0:
        raise ValueError(f"{asset}: a step of {step} is none Lighter can express; use 1, 0.1, 0.01, ...")
    return -exponent
