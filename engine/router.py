"""Who hears a venue's message: by order id, by market, or everybody the link concerns.

The answer is written into each envelope, so replay needs no router.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.actor import ActorState
from actors.board import Board, reconciler_of
from actors.commands import AnyCommand, QueryPosition, SubmitOrder
from actors.domain import Venue
from actors.messages import (
    AccountReported,
    AnyMessage,
    BudgetTold,
    CancelRejected,
    ForcedFill,
    ForeignFilled,
    FrameRefused,
    FundingPaid,
    InstrumentListed,
    LinkLost,
    LinkUp,
    LossSocialised,
    MarketSampled,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderMessage,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PnlSettled,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QueryFailed,
    QuoteUpdated,
)
from actors.pair_position.state import PairPosition
from actors.policy import CorePolicy
from actors.reconciler import Reconciler
from actors.risk.books import RiskState, key_of
from engine.core import BOARD

PAIRS = "pairs"


class Router:
    """Remembers which actor sent an order and which one last traded, or asked about, a market.

    Who holds a market now is the board's to say: where nobody does, what befalls a position is its reconciler's.
    """

    def __init__(
        self,
        states: Mapping[str, ActorState],
        board: Callable[[], Board] = Board,
        bounds: CorePolicy | None = None,
    ) -> None:
        """`states` is the core's live mapping of actor states, read only; `board` tells its board as it is now.

        `bounds` say how much is remembered.
        """
        self._bounds = bounds or CorePolicy()
        self._states = states
        self._board = board
        self._owners: dict[str, str] = {}
        self._holders: dict[tuple[Venue, str], str] = {}
        self._forced: dict[tuple[Venue, str], None] = {}
        self._reconcilers: dict[Venue, tuple[str, ...]] = {
            venue: tuple(
                name for name, state in states.items() if isinstance(state, Reconciler) and state.venue is venue
            )
            for venue in Venue
        }

    def note(self, actor: str, command: AnyCommand) -> None:
        """Remember an order, or a pair's question about a position, that is about to leave."""
        if isinstance(command, QueryPosition) and isinstance(self._states.get(actor), PairPosition):
            self._holders[(command.venue, command.asset)] = actor
        if isinstance(command, SubmitOrder):
            if len(self._owners) >= self._bounds.owners_most:
                self._owners.pop(next(iter(self._owners)))
            self._owners[command.order_id] = actor
            self._holders[(command.venue, command.asset)] = actor

    def open_pairs(self) -> tuple[str, ...]:
        """Pair actors that are not closed, in the order they were spawned."""
        return tuple(
            name
            for name, state in self._states.items()
            if isinstance(state, PairPosition) and not state.place.startswith("CLOSED")
        )

    def expand(self, to: str) -> tuple[str, ...]:
        """Actor names behind an address."""
        return self.open_pairs() if to == PAIRS else (to,)

    def route(self, message: AnyMessage) -> tuple[str, ...]:
        """Everybody who must hear a message from a venue, in order."""
        match message:
            case QuoteUpdated() | InstrumentListed() | AccountReported() | BudgetTold():
                return (BOARD,)
            case MarketSampled():
                return (BOARD, "risk") if self._held(message.venue, message.asset) else (BOARD,)
            case LinkUp() | LinkLost():
                link = f"venue_link/{message.venue.value}"
                watching = (*self._pairs_on(message.venue), *self._reconcilers[message.venue])
                return (BOARD, link, "engine_lifecycle", *watching)
            case FrameRefused():
                return (BOARD, f"venue_link/{message.venue.value}")
            case (
                OrderAccepted()
                | OrderFilled()
                | OrderDone()
                | OrderRejected()
                | OrderUnresolved()
                | OrderUnknown()
                | CancelRejected()
                | OrderDenied()
            ):
                return ("risk", *self._owner(message))
            case PositionReported():
                watcher = self._watcher(message.venue, message.asset)
                return ("risk", *watcher, *self._settlement(message.venue, message.asset))
            case PnlSettled() | PnlSettlementRejected() | PnlSettlementUnresolved():
                return self._settlement(message.venue, message.asset) or (BOARD,)
            case PositionDeleveraged() | PositionLiquidated():
                return self._forced_fill(message)
            case FundingPaid():
                return ("risk", *self._holder_at(message.venue, message.asset, message.venue_at_ns))
            case LossSocialised():
                return self._holder_at(message.venue, message.asset, message.venue_at_ns) or (BOARD,)
            case ForeignFilled() | QueryFailed():
                return self._watcher(message.venue, message.asset) or (BOARD,)
            case _:
                return ("engine_lifecycle",)

    def _pairs_on(self, venue: Venue) -> tuple[str, ...]:
        found = []
        for name in self.open_pairs():
            state = self._states[name]
            assert isinstance(state, PairPosition)
            if venue in (state.taker.venue, state.maker.venue):
                found.append(name)
        return tuple(found)

    def _held(self, venue: Venue, asset: str) -> bool:
        """Whether risk counts a position there: its mark is no mere market news."""
        risk = self._states.get("risk")
        held = risk.positions.get(key_of(venue, asset)) if isinstance(risk, RiskState) else None
        return held is not None and bool(held.size)

    def _settlement(self, venue: Venue, asset: str) -> tuple[str, ...]:
        """Who has profit and loss settled in a market, where that has to be asked for."""
        name = f"pnl_settlement/{venue.value}/{asset}"
        return (name,) if name in self._states else ()

    def _holder_at(self, venue: Venue, asset: str, at_ns: int) -> tuple[str, ...]:
        """Whose money of that time it is: a record told late may be of a pair that has closed since."""
        holder = self._holder(venue, asset)
        state = self._states.get(holder[0]) if holder else None
        if not isinstance(state, PairPosition) or state.entered_ns <= at_ns:
            return holder
        traded = [each for each in self._states.values() if isinstance(each, PairPosition) and each.asset == asset]
        earlier = [
            each.actor
            for each in traded
            if 0 < each.entered_ns <= at_ns and venue in (each.taker.venue, each.maker.venue)
        ]
        return tuple(earlier[-1:]) or holder

    def _owner(self, message: OrderMessage) -> tuple[str, ...]:
        """Who sent an order; a fill of one that nobody knows befalls whoever answers for the position."""
        owner = self._owners.get(message.order_id)
        if owner is None and isinstance(message, OrderFilled):
            return self._watcher(message.venue, message.asset)
        return (owner,) if owner else ()

    def heard(self, message: AnyMessage) -> None:
        """Remember a forced fill: a venue tells it again after a restart, when another pair may hold the market."""
        if isinstance(message, ForcedFill):
            if len(self._forced) >= self._bounds.forced_most:
                self._forced.pop(next(iter(self._forced)))
            self._forced[(message.venue, message.fill_id)] = None

    def _forced_fill(self, message: ForcedFill) -> tuple[str, ...]:
        if (message.venue, message.fill_id) in self._forced:
            return (BOARD,)
        self.heard(message)
        return ("risk", *self._books_and_watcher(message.venue, message.asset))

    def _books_and_watcher(self, venue: Venue, asset: str) -> tuple[str, ...]:
        """A forced fill may still be booked by a pair that has closed; who answers for the position hears of it too."""
        booked = self._holder(venue, asset)
        return (*booked, *(to for to in self._watcher(venue, asset) if to not in booked))

    def _watcher(self, venue: Venue, asset: str) -> tuple[str, ...]:
        """Who answers for a position: the last to trade of the pairs that hold the market, else its reconciler."""
        held = self._board().holders(venue, asset)
        if held:
            last = self._holders.get((venue, asset), "")
            return (last if last in held else held[-1],)
        name = reconciler_of(venue, asset)
        return (name,) if name in self._states else ()

    def _holder(self, venue: Venue, asset: str) -> tuple[str, ...]:
        """The pair that last traded a market, closed or not: money that comes late is in its books."""
        holder = self._holders.get((venue, asset))
        return (holder,) if holder else ()
