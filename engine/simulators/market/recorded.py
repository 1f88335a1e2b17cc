"""A market replayed from a recording: prices and settled rates as recorded, books made up around them.

Inside an hour the price is straight between recorded figures: start, centre and end of the hour, where the
centre is the mean of the hour (or half way from open to close) and a border is the average of two means (or
the open or close). A price inside an hour therefore leans on that hour's own figures, and before a border
half-way on the next hour's; a settled rate is never visible before its hour.
"""

from decimal import Decimal
from pathlib import Path

from engine.simulators.market import liquidity, recording, table
from engine.simulators.market.liquidity import Liquidity
from engine.simulators.market.noise import key_of
from engine.simulators.market.point import DepthLevel, Gap, MarketPoint, Provenance
from engine.simulators.market.recording import Bar, Recording, Series
from engine.simulators.market.table import HOUR_NS, MarketFileError

DEFAULT_LIQUIDITY = Liquidity(spread_bps=2.0, touch_usd=30_000.0, volume_usd_per_day=2.0e8)
BOOK_MADE_UP = "made up: spread 2 bps, 30 000 USD at the touch, seeded taker flow"
OPEN_INTEREST_USD = 1.0e8
"""Where the recording has none."""


class RecordedMarket:
    """A `Market` over hourly series. `seed` only moves the made-up taker flow."""

    def __init__(
        self,
        series: Recording,
        provenance: tuple[Provenance, ...],
        seed: int = 0,
        span: tuple[int, int] | None = None,
    ) -> None:
        """`span` is the first instant and the one past the end, where those are not the recording's own."""
        self._series, self._provenance = series, provenance
        self._flow_keys = {key: key_of(seed, *key, "flow") for key in series}
        self._assets = tuple(sorted({asset: None for _, asset in series}))
        self._rated = {p.venue: p.rates_recorded for p in provenance}
        hours = [hour_ns for one in series.values() for hour_ns in one.bars]
        self._start_ns, self._end_ns = span or (min(hours), max(hours) + HOUR_NS)
        self._depths: dict[tuple[str, str, int], tuple[DepthLevel, ...]] = {}

    @property
    def assets(self) -> tuple[str, ...]:
        return self._assets

    @property
    def start_ns(self) -> int:
        return self._start_ns

    @property
    def end_ns(self) -> int | None:
        return self._end_ns

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        """None in a gap and after the end. Raises ValueError for what the recording does not know."""
        series = self._series.get((venue, asset))
        if series is None or at_ns < self._start_ns:
            raise ValueError(f"no recording of {asset!r} on {venue!r} at {at_ns}")
        hour_ns = at_ns - at_ns % HOUR_NS
        bar = series.bars.get(hour_ns)
        return None if bar is None else self._point(venue, asset, at_ns, series, bar)

    def _point(self, venue: str, asset: str, at_ns: int, series: Series, bar: Bar) -> MarketPoint:
        hour_ns = at_ns - at_ns % HOUR_NS
        mid = bar.at(at_ns - hour_ns)
        interest = OPEN_INTEREST_USD if bar.open_interest_usd is None else bar.open_interest_usd
        volume = DEFAULT_LIQUIDITY.volume_usd_per_day
        bought, sold = liquidity.taker_flow(self._flow_keys[venue, asset], at_ns, volume, mid)
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=liquidity.decimal(mid),
            oracle=liquidity.decimal(mid / (1 + bar.premium)),
            spread_bps=Decimal(str(DEFAULT_LIQUIDITY.spread_bps)),
            depth=self._depth(venue, asset, hour_ns, bar),
            premium=liquidity.decimal(bar.premium, 6),
            open_interest=liquidity.decimal(interest / mid, 6),
            taker_buy_per_s=bought,
            taker_sell_per_s=sold,
            forming_rate=_shown(series, hour_ns, at_ns),
            settled_rate=series.settled.get(hour_ns),
        )

    def _depth(self, venue: str, asset: str, hour_ns: int, bar: Bar) -> tuple[DepthLevel, ...]:
        """One book an hour, kept for the last hour asked about of each market."""
        key = (venue, asset, hour_ns)
        if key not in self._depths:
            if len(self._depths) >= 4 * len(self._series):
                self._depths.clear()
            self._depths[key] = liquidity.depth(bar.centre, DEFAULT_LIQUIDITY.touch_usd)
        return self._depths[key]

    def gaps(self) -> tuple[Gap, ...]:
        """Price gaps of every market between start and end, and missing settled rates of recorded venues."""
        found: list[Gap] = []
        span = range(self._start_ns - self._start_ns % HOUR_NS, self._end_ns, HOUR_NS)
        for (venue, asset), series in self._series.items():
            found += _runs(venue, asset, "price", [h for h in span if h not in series.bars])
            if self._rated[venue]:
                found += _runs(venue, asset, "funding", [h for h in series.bars if h not in series.settled])
        return tuple(found)

    def provenance(self) -> tuple[Provenance, ...]:
        return self._provenance


def _shown(series: Series, hour_ns: int, at_ns: int) -> Decimal | None:
    """The rate shown at an instant of that hour: until the hour's own is known, the one before it."""
    known_ns, before = series.late.get(hour_ns, (hour_ns, None))
    return before if at_ns < known_ns else series.forming.get(hour_ns)


def _runs(venue: str, asset: str, what: str, missing: list[int]) -> list[Gap]:
    """Missing hours as stretches."""
    gaps: list[Gap] = []
    for hour_ns in missing:
        start = gaps.pop().from_ns if gaps and gaps[-1].to_ns == hour_ns else hour_ns
        gaps.append(Gap(venue=venue, asset=asset, from_ns=start, to_ns=hour_ns + HOUR_NS, what=what))
    return gaps


def open_market(
    path: Path,
    *,
    venues: tuple[str, ...] = ("hyperliquid", "pacifica"),
    recorded_venue: str = "hyperliquid",
    seed: int = 0,
) -> RecordedMarket:
    """Open a recording; the header says which of the two formats it is.

    A recording of hours serves the `venues` it has rows for, and needs rows for all of them. A recording of
    settled funding is of one venue, `recorded_venue`; the others get its prices without its premium and no
    rates, so that the exchange computes its own (the baseline of 0.00125 % per hour). Raises MarketFileError.
    """
    names = table.header(path)
    if "symbol_norm" in names and "venue" in names:
        series = recording.read_hours(path, venues)
        if not series:
            remedy = "Ask for fewer venues at once."
            raise MarketFileError(path, 0, "symbol_norm", f"no symbol on all of {', '.join(venues)}", remedy)
        return RecordedMarket(series, tuple(_recorded(v, path, "hour means") for v in venues), seed)
    if "rate_per_hour" in names and "premium" in names:
        return _open_settled(path, venues, recorded_venue, seed)
    remedy = (
        "A recording has the columns "
        + ", ".join(recording.HOURS_COLUMNS)
        + "; or "
        + ", ".join(recording.SETTLED_COLUMNS)
        + " with candles_1h.csv.gz beside it."
    )
    raise MarketFileError(path, 1, "", f"unknown format: {', '.join(names)}", remedy)


def recorded_venues(path: Path) -> tuple[str, ...] | None:
    """The venues a recording of hours has rows for; None for a recording that can be lent to any venue.

    Raises MarketFileError.
    """
    names = table.header(path)
    if not ("symbol_norm" in names and "venue" in names):
        return None
    found = dict.fromkeys(row.text("venue") for row in table.rows(path, recording.HOURS_COLUMNS))
    return tuple(found)


def _open_settled(path: Path, venues: tuple[str, ...], recorded_venue: str, seed: int) -> RecordedMarket:
    if recorded_venue not in venues:
        raise ValueError(f"the recorded venue {recorded_venue!r} is not among {venues}")
    series = recording.read_settled(path, recorded_venue)
    others = [venue for venue in venues if venue != recorded_venue]
    for (_, asset), one in tuple(series.items()):
        bars = {
            h: Bar(start=b.start, centre=b.centre, end=b.end, premium=0.0, open_interest_usd=None)
            for h, b in one.bars.items()
        }
        series |= {(venue, asset): Series(bars=bars) for venue in others}
    notes = (
        _recorded(recorded_venue, path, "hourly candles"),
        *(_borrowed(v, recorded_venue) for v in others),
    )
    return RecordedMarket(series, notes, seed)


def _recorded(venue: str, path: Path, prices: str) -> Provenance:
    return Provenance(
        venue=venue,
        prices=f"recorded, {prices}, straight in between ({path.name})",
        rates=f"recorded, per hour ({path.name})",
        book=BOOK_MADE_UP,
        rates_recorded=True,
    )


def _borrowed(venue: str, recorded_venue: str) -> Provenance:
    return Provenance(
        venue=venue,
        prices=f"not recorded: those of {recorded_venue}",
        rates="not recorded: the exchange's own baseline, 0.00125 % per hour",
        book=BOOK_MADE_UP,
        rates_recorded=False,
    )
