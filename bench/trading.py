"""A pair about to trade, for the benchmarks: a board that was told everything, and the pair's taker order out.

The pair trades BTC: taker leg on Hyperliquid, maker leg on Pacifica.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.commands import SpawnPair, SubmitOrder
from actors.domain import ZERO, Instrument, Side, Venue
from actors.messages import (
    AccountReported,
    AnyMessage,
    EntryAsked,
    Envelope,
    InstrumentListed,
    LinkUp,
    MarketSampled,
    QuoteUpdated,
)
from actors.policy import Policy
from actors.roles import initial_states, spawn_pair
from engine.core import BOARD, Core, Decision

NOW_NS = 1_767_225_600_000_000_000
ASSET = "BTC"
PAIR = "pair_position/BTC-1"
TAKER, MAKER = Venue.HYPERLIQUID, Venue.PACIFICA
SIZE = Decimal("0.1")

_RULES = Instrument(
    venue=TAKER,
    asset=ASSET,
    symbol=ASSET,
    lot=Decimal("0.00001"),
    price_decimals=1,
    significant_figures=5,
    min_notional_usd=Decimal(10),
    max_leverage=40,
    taker_fee=Decimal("0.00045"),
    maker_fee=Decimal("0.00015"),
    maintenance_fraction=Decimal("0.0125"),
)
INSTRUMENTS = {
    TAKER: _RULES,
    MAKER: msgspec.structs.replace(_RULES, venue=MAKER, tick=Decimal(1), significant_figures=None),
}


def spawned(number: int) -> SpawnPair:
    """The command that creates a pair."""
    actor = f"pair_position/{ASSET}-{number}"
    return SpawnPair(actor=actor, asset=ASSET, taker_venue=TAKER, maker_venue=MAKER, first_to_close=MAKER)


def core_with_pairs(count: int) -> Core:
    """A core with that many idle pairs and a board on which they could enter."""
    policy = Policy()
    core = Core(policy, (*initial_states(policy), *(spawn_pair(spawned(number + 1)) for number in range(count))))
    for venue in (TAKER, MAKER):
        for fact in _facts(venue):
            deliver(core, BOARD, fact)
    return core


def core_with_taker_in_flight() -> tuple[Core, SubmitOrder]:
    """A core whose one pair has just sent its taker order, and that order."""
    core = core_with_pairs(1)
    asked = EntryAsked(taker_side=Side.SELL, size=SIZE, expected_net_usd=Decimal(5), reason="funding differs")
    order = deliver(core, PAIR, asked).commands[0]
    assert isinstance(order, SubmitOrder), "the entry was refused"
    assert core.states[PAIR].place == "IDLE.taker_in_flight"
    return core, order


def deliver(core: Core, to: str, message: AnyMessage, seq: int = 1) -> Decision:
    """Step the core with one message."""
    return core.step(Envelope(seq=seq, at_ns=NOW_NS, to=to, cause=0, message=message))


def _facts(venue: Venue) -> tuple[AnyMessage, ...]:
    usd, price, deep = Decimal(100_000), Decimal(89_471), Decimal(50)
    return (
        LinkUp(venue=venue),
        InstrumentListed(instrument=INSTRUMENTS[venue]),
        QuoteUpdated(
            venue=venue,
            asset=ASSET,
            bid=price - 1,
            bid_size=deep,
            ask=price + 1,
            ask_size=deep,
            venue_at_ns=NOW_NS,
        ),
        MarketSampled(
            venue=venue,
            asset=ASSET,
            mark=price,
            oracle=price,
            open_interest=Decimal(20_000),
            venue_at_ns=NOW_NS,
            funding_forming=Decimal("0.00001"),
        ),
        AccountReported(venue=venue, equity_usd=usd, available_usd=usd, maintenance_usd=ZERO, venue_at_ns=NOW_NS),
    )
