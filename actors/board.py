"""The board: one home for what the venues last said of their markets, links and accounts, and for who holds what.

Market facts are folded here once, and every role reads the same frozen board in its step, instead of each
keeping a copy in step by hand. So are the words of pairs that begin and end, and of the reconcilers. Folding decides
nothing.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import HOUR_NS, NS_PER_S, ZERO, Instrument, MarketStatus, Noun, Quote, Venue
from actors.forecast import Series
from actors.messages import (
    AccountReported,
    AnyMessage,
    BudgetTold,
    FrameRefused,
    HoldOpeningsAsked,
    InstrumentListed,
    LinkLost,
    LinkUp,
    MarketDisputed,
    MarketNews,
    MarketReconciled,
    MarketSampled,
    PairClosed,
    PairNews,
    QuoteUpdated,
)
from actors.reliability import Reliability

BOARD = "board"
"""The address of what is folded here."""

PAST_STEP_S = 60
PAST_STEP_NS = PAST_STEP_S * NS_PER_S
PASTS_MOST = 61
"""A market's past: one sample a minute, an hour of them."""
CLOCK_WINDOW_NS = 15 * NS_PER_S
"""A venue's clock is known by the freshest word of this window and the last one before that held any."""
REFUSALS_MOST = 100
"""Of a venue's refused frames, so many are remembered."""


class Past(Noun, frozen=True, kw_only=True):
    """What a market was some time ago; `at_ns` is the engine's time, open interest in base units."""

    at_ns: int
    mark: Decimal
    open_interest: Decimal


class Market(Noun, frozen=True, kw_only=True):
    """One market as last told; None where nothing was told yet.

    `status_ns` is since when it has the status it has, one that is not open never from before the link came up: a
    venue lists its markets anew before that, and nobody listened until then. `forecast_rate` is the rate that was
    forming last before the whole hour `forecast_due_ns`, at which it was to be settled.
    """

    instrument: Instrument | None = None
    status_ns: int = 0
    quote: Quote | None = None
    quoted_ns: int = 0
    mark: Decimal | None = None
    oracle: Decimal | None = None
    open_interest: Decimal | None = None
    funding_forming: Decimal | None = None
    funding_last_paid: Decimal | None = None
    forecast_rate: Decimal | None = None
    forecast_due_ns: int = 0
    sampled_ns: int = 0

    def forecast(self, due_ns: int) -> Decimal | None:
        """The rate the venue last said it would settle at that whole hour; None where it said none."""
        if due_ns == hour_after(self.sampled_ns):
            return self.funding_forming
        return self.forecast_rate if due_ns == self.forecast_due_ns else None


class VenueClock(Noun, frozen=True, kw_only=True):
    """How far a venue's clock is ahead of ours by its freshest word: that of a window and of the one before it."""

    window: int
    ahead_ns: int
    before_ns: int | None = None

    @property
    def skew_ns(self) -> int:
        """The larger of the two: whatever takes time on the way makes a word look older, never newer."""
        return self.ahead_ns if self.before_ns is None else max(self.ahead_ns, self.before_ns)


class Account(Noun, frozen=True, kw_only=True):
    """One venue account as last told, USD."""

    equity_usd: Decimal
    available_usd: Decimal
    maintenance_usd: Decimal
    told_ns: int


class Verdict(Noun, frozen=True, kw_only=True):
    """A reconciler's word on a market that no pair holds: what the venue holds there (signed, base units), and why."""

    size: Decimal
    cause: str = ""


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All markets by `venue:asset`, links that are up, and accounts by venue. `*_ns` are engine times.

    By the same keys: `pasts` are the markets' samples of the last hour, oldest first; `held` the pairs that hold a
    market, the latest last; `verdicts` what was found in the others, where the venue has been asked. `clocks` is by
    venue, and so is `linked_ns`, since when a link is up (of one that is not: since when it was up, or told lost).
    `losses` counts, by venue, how often a link that was up was lost by no doing of ours. `reliability` is what risk has
    measured, by venue: the core puts it here.

    `budgets` is what was last told to be left of a venue's rate limit, by venue, a fraction; `refusals` are the times
    of the frames refused last, by venue. `risk_place` is where risk stands, empty before its first step, and
    `disarmed` the markets in which it lets nothing be opened, `lowered` the limits that a person set below the
    profile's, by name; `held_by` says who asked it last to hold openings, and why. The core puts the former three here,
    and `series`, which is what the scanner has observed of each market's rate.
    """

    markets: dict[str, Market] = msgspec.field(default_factory=dict)
    pasts: dict[str, tuple[Past, ...]] = msgspec.field(default_factory=dict)
    links: dict[str, bool] = msgspec.field(default_factory=dict)
    linked_ns: dict[str, int] = msgspec.field(default_factory=dict)
    losses: dict[str, int] = msgspec.field(default_factory=dict)
    reliability: dict[str, Reliability] = msgspec.field(default_factory=dict)
    accounts: dict[str, Account] = msgspec.field(default_factory=dict)
    clocks: dict[str, VenueClock] = msgspec.field(default_factory=dict)
    held: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    verdicts: dict[str, Verdict] = msgspec.field(default_factory=dict)
    budgets: dict[str, Decimal] = msgspec.field(default_factory=dict)
    refusals: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    risk_place: str = ""
    disarmed: tuple[str, ...] = ()
    lowered: dict[str, Decimal] = msgspec.field(default_factory=dict)
    held_by: str = ""
    series: dict[str, Series] = msgspec.field(default_factory=dict)

    def market(self, venue: Venue, asset: str) -> Market:
        """The market, or an empty one when nothing was told of it."""
        return self.markets.get(market_key(venue, asset), NOTHING_TOLD)

    def past(self, venue: Venue, asset: str) -> tuple[Past, ...]:
        """The market's samples of the last hour, oldest first."""
        return self.pasts.get(market_key(venue, asset), ())

    def link_up(self, venue: Venue) -> bool:
        """True while the venue's link is up."""
        return self.links.get(venue, False)

    def skew_ns(self, venue: Venue) -> int | None:
        """How far the venue's clock is ahead of ours (negative: behind, or late on the way); None where not known."""
        clock = self.clocks.get(venue.value)
        return None if clock is None else clock.skew_ns

    def refused_since(self, venue: Venue, since_ns: int) -> int:
        """How many frames of the venue were refused since then, at most `REFUSALS_MOST`."""
        return sum(1 for at_ns in self.refusals.get(venue.value, ()) if at_ns >= since_ns)

    def holders(self, venue: Venue, asset: str) -> tuple[str, ...]:
        """The pairs that hold a market, the latest last: from their first moment until they are closed."""
        return self.held.get(market_key(venue, asset), ())

    def verdict(self, venue: Venue, asset: str) -> Verdict | None:
        """What was found in a market that no pair holds; None while that is not known."""
        return self.verdicts.get(market_key(venue, asset))


NOTHING_TOLD = Market()


def market_key(venue: Venue, asset: str) -> str:
    """The key of a market on the board."""
    return venue + ":" + asset


def reconciler_of(venue: Venue, asset: str) -> str:
    """The actor that watches a market while no pair holds it."""
    return f"reconciler/{market_key(venue, asset)}"


def fold(board: Board, message: AnyMessage, at_ns: int) -> Board:
    """The board after `message`. A crossed book or a price that is none is not used; other messages change nothing."""
    match message:
        case QuoteUpdated():
            return _with_quote(board, message, at_ns) if ZERO < message.bid < message.ask else board
        case MarketSampled():
            return _with_sample(board, message, at_ns) if message.mark > ZERO and message.oracle > ZERO else board
        case InstrumentListed():
            return _with_instrument(board, message.instrument, at_ns)
        case LinkUp() | LinkLost():
            links = {**board.links, message.venue.value: isinstance(message, LinkUp)}
            linked_ns = (
                board.linked_ns if board.link_up(message.venue) else {**board.linked_ns, message.venue.value: at_ns}
            )
            board = _with_statuses_from(_with_loss(_unsure_of(board, message), message), message, at_ns)
            return msgspec.structs.replace(board, links=links, linked_ns=linked_ns)
        case FrameRefused() | BudgetTold() | HoldOpeningsAsked():
            return _with_doubt(board, message, at_ns)
        case PairNews():
            return _with_holder(board, message)
        case MarketNews():
            return _with_verdict(board, message)
        case AccountReported():
            account = Account(
                equity_usd=message.equity_usd,
                available_usd=message.available_usd,
                maintenance_usd=message.maintenance_usd,
                told_ns=at_ns,
            )
            return msgspec.structs.replace(board, accounts={**board.accounts, message.venue.value: account})
        case _:
            return board


def _with_doubt(board: Board, message: FrameRefused | BudgetTold | HoldOpeningsAsked, at_ns: int) -> Board:
    """What may keep the gates from opening: frames that could not be read, what a venue still answers, a person."""
    match message:
        case FrameRefused():
            times = (*board.refusals.get(message.venue.value, ())[1 - REFUSALS_MOST :], at_ns)
            return msgspec.structs.replace(board, refusals={**board.refusals, message.venue.value: times})
        case BudgetTold():
            budgets = {**board.budgets, message.venue.value: message.left_fraction}
            return msgspec.structs.replace(board, budgets=budgets)
        case HoldOpeningsAsked():
            return msgspec.structs.replace(board, held_by=f"{message.by}: {message.reason}")


def _with_quote(board: Board, message: QuoteUpdated, at_ns: int) -> Board:
    """The book, and by its own time the venue's clock."""
    key = market_key(message.venue, message.asset)
    quote = Quote(
        bid=message.bid,
        bid_size=message.bid_size,
        ask=message.ask,
        ask_size=message.ask_size,
        at_ns=message.venue_at_ns,
        bid_depths=message.bid_depths,
        ask_depths=message.ask_depths,
    )
    market = msgspec.structs.replace(board.markets.get(key, NOTHING_TOLD), quote=quote, quoted_ns=at_ns)
    clocks = _clocks(board.clocks, message, at_ns)
    return msgspec.structs.replace(board, markets={**board.markets, key: market}, clocks=clocks)


def _with_sample(board: Board, message: MarketSampled, at_ns: int) -> Board:
    """The market's figures now; once a minute its past, once an hour the rate that was forming."""
    key = market_key(message.venue, message.asset)
    known = board.markets.get(key, NOTHING_TOLD)
    forecast_rate, forecast_due_ns = _forecast(known, at_ns)
    market = msgspec.structs.replace(
        known,
        mark=message.mark,
        oracle=message.oracle,
        open_interest=message.open_interest,
        funding_forming=message.funding_forming,
        funding_last_paid=message.funding_last_paid,
        forecast_rate=forecast_rate,
        forecast_due_ns=forecast_due_ns,
        sampled_ns=at_ns,
    )
    pasts = _pasts(board.pasts, key, message, at_ns)
    return msgspec.structs.replace(board, markets={**board.markets, key: market}, pasts=pasts)


def _with_market(board: Board, venue: Venue, asset: str, **changes: object) -> Board:
    key = market_key(venue, asset)
    market = msgspec.structs.replace(board.markets.get(key, NOTHING_TOLD), **changes)
    return msgspec.structs.replace(board, markets={**board.markets, key: market})


def _with_instrument(board: Board, instrument: Instrument, at_ns: int) -> Board:
    """Its rules as told now; its status since it became so, an open one since ever."""
    known = board.market(instrument.venue, instrument.asset)
    before = MarketStatus.OPEN if known.instrument is None else known.instrument.status
    since_ns = known.status_ns if instrument.status is before else at_ns
    return _with_market(board, instrument.venue, instrument.asset, instrument=instrument, status_ns=since_ns)


def _with_statuses_from(board: Board, message: LinkUp | LinkLost, at_ns: int) -> Board:
    """What is not open at a venue whose link has come up counts from now: how it was meanwhile nobody heard."""
    if isinstance(message, LinkLost) or board.link_up(message.venue):
        return board
    for market in board.markets.values():
        found = market.instrument
        if found is not None and found.venue is message.venue and found.status is not MarketStatus.OPEN:
            board = _with_market(board, found.venue, found.asset, status_ns=at_ns)
    return board


def _forecast(market: Market, at_ns: int) -> tuple[Decimal | None, int]:
    """Keep the rate that was forming until the hour ended, and that hour, when the first sample of another comes."""
    due_ns = hour_after(market.sampled_ns)
    if market.funding_forming is None or due_ns == hour_after(at_ns):
        return market.forecast_rate, market.forecast_due_ns
    return market.funding_forming, due_ns


def hour_after(at_ns: int) -> int:
    """The first whole hour after that time, when funding is settled next."""
    return (at_ns // HOUR_NS + 1) * HOUR_NS


def _clocks(clocks: dict[str, VenueClock], message: QuoteUpdated, at_ns: int) -> dict[str, VenueClock]:
    """A quote carries the venue's own time; the freshest of a window counts, so that memory is bounded."""
    window, ahead_ns = at_ns // CLOCK_WINDOW_NS, message.venue_at_ns - at_ns
    known = clocks.get(message.venue)
    if known is not None and known.window == window:
        if ahead_ns <= known.ahead_ns:
            return clocks
        clock = msgspec.structs.replace(known, ahead_ns=ahead_ns)
    else:
        before_ns = None if known is None else known.ahead_ns
        clock = VenueClock(window=window, ahead_ns=ahead_ns, before_ns=before_ns)
    return {**clocks, message.venue.value: clock}


def _pasts(
    pasts: dict[str, tuple[Past, ...]], key: str, message: MarketSampled, at_ns: int
) -> dict[str, tuple[Past, ...]]:
    """Remember a sample when the newest one remembered is a minute old; the oldest makes room."""
    known = pasts.get(key, ())
    if known and at_ns - known[-1].at_ns < PAST_STEP_NS:
        return pasts
    newest = Past(at_ns=at_ns, mark=message.mark, open_interest=message.open_interest)
    return {**pasts, key: (*known[1 - PASTS_MOST :], newest)}


def _unsure_of(board: Board, message: LinkUp | LinkLost) -> Board:
    """What was found flat at a venue that is lost must be found so again; a dispute stands."""
    begins = market_key(message.venue, "")
    kept = {key: found for key, found in board.verdicts.items() if found.size or not key.startswith(begins)}
    lost = isinstance(message, LinkLost) and len(kept) < len(board.verdicts)
    return msgspec.structs.replace(board, verdicts=kept) if lost else board


def _with_loss(board: Board, message: LinkUp | LinkLost) -> Board:
    """Count a loss of a link that was up, unless we ended it ourselves."""
    if isinstance(message, LinkUp) or message.planned or not board.link_up(message.venue):
        return board
    venue = message.venue.value
    return msgspec.structs.replace(board, losses={**board.losses, venue: board.losses.get(venue, 0) + 1})


def _with_holder(board: Board, message: PairNews) -> Board:
    """The pair holds both markets, or neither any longer; what was found in them before counts no longer."""
    held, verdicts = dict(board.held), dict(board.verdicts)
    for venue in (message.taker_venue, message.maker_venue):
        key = market_key(venue, message.asset)
        others = tuple(pair for pair in held.pop(key, ()) if pair != message.pair)
        pairs = others if isinstance(message, PairClosed) else (*others, message.pair)
        if pairs:
            held[key] = pairs
        verdicts.pop(key, None)
    return msgspec.structs.replace(board, held=held, verdicts=verdicts)


def _with_verdict(board: Board, message: MarketNews) -> Board:
    key = market_key(message.venue, message.asset)
    verdicts = {known: found for known, found in board.verdicts.items() if known != key}
    match message:
        case MarketReconciled():
            verdicts[key] = Verdict(size=ZERO)
        case MarketDisputed():
            verdicts[key] = Verdict(size=message.size, cause=message.cause)
        case _:
            pass
    return msgspec.structs.replace(board, verdicts=verdicts)


def changed_entry(board: Board, message: AnyMessage) -> object:
    """The part of the board a fact changed, for the record's digest."""
    match message:
        case QuoteUpdated():
            return (board.market(message.venue, message.asset).quote, board.clocks.get(message.venue.value))
        case MarketSampled():
            market = board.market(message.venue, message.asset)
            return (market.mark, market.oracle, market.open_interest, market.funding_forming, market.funding_last_paid)
        case InstrumentListed():
            market = board.market(message.instrument.venue, message.instrument.asset)
            return (market.instrument, market.status_ns)
        case AccountReported():
            return board.accounts.get(message.venue.value)
        case FrameRefused():
            return board.refusals.get(message.venue.value)
        case BudgetTold():
            return board.budgets.get(message.venue.value)
        case HoldOpeningsAsked():
            return board.held_by
        case PairNews():
            venues = (message.taker_venue, message.maker_venue)
            return tuple(board.holders(venue, message.asset) for venue in venues)
        case MarketNews():
            return board.verdict(message.venue, message.asset)
        case _:
            return board.links
