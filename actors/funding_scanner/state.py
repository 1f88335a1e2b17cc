"""What the scanner remembers: rates and moves of every market, the pairs it asked for, and what those hold."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import ActorState, Context
from actors.board import Board
from actors.domain import ZERO, Noun, Venue
from actors.forecast import Series
from actors.gates import Known
from actors.lowered import policy_of
from actors.policy import Policy
from actors.stakes import Stake
from actors.volatility import Swing


class Holding(Noun, frozen=True, kw_only=True):
    """A pair this scanner asked for; it is short on `short_venue`, where funding was higher.

    `size` (base units of each leg) is the one asked for, and from the first report on the verified one.
    """

    pair: str
    asset: str
    taker_venue: Venue
    maker_venue: Venue
    short_venue: Venue
    size: Decimal = ZERO
    hedged_ns: int = 0
    closing: bool = False
    paused_until_ns: int = 0
    inverted_since_ns: int = 0

    @property
    def long_venue(self) -> Venue:
        """The other venue."""
        return self.maker_venue if self.short_venue is self.taker_venue else self.taker_venue

    @property
    def waiting(self) -> bool:
        """Refused earlier and idle since."""
        return self.paused_until_ns > 0 and not self.hedged_ns

    def sign(self, venue: Venue) -> int:
        """-1 where it is short, +1 where it is long, 0 elsewhere."""
        return (venue is self.long_venue) - (venue is self.short_venue)


class FundingScanner(ActorState, frozen=True, kw_only=True):
    """Rates and moves by market key, pairs by actor name, and how many pairs were ever spawned.

    `paused_ns`: until when an asset is left alone, since its last pair was closed before it was ever hedged.
    """

    series: dict[str, Series] = msgspec.field(default_factory=dict)
    swings: dict[str, Swing] = msgspec.field(default_factory=dict)
    holdings: dict[str, Holding] = msgspec.field(default_factory=dict)
    paused_ns: dict[str, int] = msgspec.field(default_factory=dict)
    spawned: int = 0
    scans: int = 0


Pairing = tuple[str, tuple[Venue, Venue]]


def pairings(policy: Policy) -> tuple[Pairing, ...]:
    """Every asset on every two venues, in the configured order."""
    venues = policy.scanner.venues
    couples = [(first, second) for i, first in enumerate(venues) for second in venues[i + 1 :]]
    return tuple((asset, couple) for asset in policy.scanner.assets for couple in couples)


def stakes_of(state: FundingScanner, board: Board) -> tuple[Stake, ...]:
    """What all pairs hold or are about to, by the pairs' names; one that was refused holds nothing."""
    return tuple(_stake(held, board) for _, held in sorted(state.holdings.items()) if held.size and not held.waiting)


def _stake(held: Holding, board: Board) -> Stake:
    """Settled once both accounts were told since it was verified: their margins have it in."""
    accounts = [board.accounts.get(venue.value) for venue in (held.taker_venue, held.maker_venue)]
    since = all(account is not None and account.told_ns >= held.hedged_ns for account in accounts)
    return Stake(
        pair=held.pair,
        asset=held.asset,
        short_venue=held.short_venue,
        long_venue=held.long_venue,
        size=held.size,
        settled=held.hedged_ns > 0 and since,
    )


def known_of(state: FundingScanner, context: Context) -> Known:
    """What a judgement of this step rests on; the limits are those in force, which a person may have lowered."""
    return Known(
        board=context.board,
        policy=policy_of(context.policy, context.board.lowered),
        at_ns=context.at_ns,
        series=state.series,
        swings=state.swings,
        stakes=stakes_of(state, context.board),
    )


def with_holding(state: FundingScanner, pair: str, **changes: object) -> FundingScanner:
    """The state with a pair changed; an unknown one changes nothing."""
    held = state.holdings.get(pair)
    if held is None:
        return state
    return msgspec.structs.replace(state, holdings={**state.holdings, pair: msgspec.structs.replace(held, **changes)})
