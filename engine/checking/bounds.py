"""What an exploration is bounded by, and the constant surroundings its worlds share.

Prices stand still, so that a market is one board for each state of the two links. Counterpart: `world`, which holds
what changes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from actors.board import Board, Market
from actors.commands import SpawnPair
from actors.domain import NS_PER_S, Instrument, Quote, Side, Venue, client_order_id
from actors.pair_position import PairPosition
from actors.pair_position.state import LEGS, LegName
from actors.policy import EntryPolicy, ExitPolicy, OrderPolicy, Policy, VerifyPolicy
from actors.roles import spawn_pair

NOW_NS = 1_000_000 * NS_PER_S
"""Every step happens now; what is remembered is moved into the past instead."""
VENUES = (Venue.HYPERLIQUID, Venue.PACIFICA)
"""The venue of the taker leg, and of the maker leg."""
ASSET = "BTC"
ACTOR = "pair_position/BTC-1"
LOT = 10
"""Base units in a lot of the exploration: ten of the venues' own, so that one lot is never dust."""
TAKER_SIDE = Side.SELL
SIGNS = (TAKER_SIDE.sign, -TAKER_SIDE.sign)
"""The sign of each leg's position: the taker leg is short."""
GRACE_NS = 500_000_000
"""From the end of an order's lifetime, when its venue must refuse it, until it counts as lapsed."""
ORDERS_MOST = 40


Beyond = Literal["foreign", "resumed", "failed"]
BEYOND: tuple[Beyond, ...] = ("foreign", "resumed", "failed")
"""Faults beyond orders and news: somebody else takes lots of a leg, the engine is cut off and comes back, and a
question is answered by the word that it failed."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far is explored.

    `lots` is the size asked for; `faults` the adversary's budget; `asks` how often a close, a reduction or an emergency
    is asked for; `attempts` stands for every limit of attempts in the policy (sweeps, closes, emergency closes,
    questions about positions); `requotes` for post-only quotes that may be replaced; `first` is the leg that closes
    first. With `stale` a venue may tell the end of an order one lot short, against the contract of `OrderDone`;
    `beyond` names further faults that are played. With `gone` one venue may stay away for good, which costs no fault.
    `worlds_most` ends a search that would not end in time.
    """

    lots: int = 2
    faults: int = 1
    asks: int = 1
    attempts: int = 2
    requotes: int = 1
    first: LegName | Literal["both"] = "maker"
    stale: bool = True
    beyond: tuple[Beyond, ...] = BEYOND
    gone: int = 0
    worlds_most: int = 5_000_000


def policy_of(bounds: Bounds) -> Policy:
    """The shipped policy with the bounds' attempts, and durations in periods: an order's life is a little over one.

    The ratios are the shipped ones where a decision depends on them: an order is asked for before it can have lapsed,
    and it lapses before the questions about it are used up.
    """
    return Policy(
        order_namespace="check",
        entry=EntryPolicy(
            maker_timeout_s=1.0, requotes_most=bounds.requotes, sweeps_most=bounds.attempts, backoff_s=10.0
        ),
        order=OrderPolicy(
            order_timeout_s=1.0,
            order_lifetime_s=1.25,
            doubt_retry_s=1.0,
            doubt_tries_most=max(3, bounds.attempts),
            unreachable_tries_most=2,
        ),
        verify=VerifyPolicy(
            verify_retry_s=1.0, verify_tries_most=bounds.attempts, reverify_s=10.0, dust_usd=Decimal(10)
        ),
        exit=ExitPolicy(
            close_tries_most=bounds.attempts,
            emergency_tries_most=bounds.attempts,
            retry_pause_s=10.0,
            recheck_s=10.0,
        ),
    )


def board_of(links: tuple[bool, bool]) -> Board:
    """Both markets listed and quoted now, and the links up or down."""
    markets = {f"{venue.value}:{ASSET}": _market(venue) for venue in VENUES}
    return Board(markets=markets, links={venue.value: up for venue, up in zip(VENUES, links, strict=True)})


def _market(venue: Venue) -> Market:
    quote = Quote(bid=Decimal(99), bid_size=Decimal(1000), ask=Decimal(101), ask_size=Decimal(1000), at_ns=NOW_NS)
    instrument = Instrument(
        venue=venue,
        asset=ASSET,
        symbol=ASSET,
        lot=Decimal(1),
        price_decimals=2,
        min_notional_usd=Decimal(60 * LOT),
        max_leverage=20,
        taker_fee=Decimal(0),
        maker_fee=Decimal(0),
        maintenance_fraction=Decimal("0.01"),
        tick=Decimal("0.01"),
        lapse_grace_ns=GRACE_NS,
    )
    return Market(instrument=instrument, quote=quote, quoted_ns=NOW_NS, mark=Decimal(100))


BOARDS = {(one, other): board_of((one, other)) for one in (True, False) for other in (True, False)}
IDS = tuple(client_order_id("check", ACTOR, number) for number in range(ORDERS_MOST))
"""Client order ids by the order's place in the books."""
NUMBERS = {order_id: number for number, order_id in enumerate(IDS)}


def pair_of(first: LegName) -> PairPosition:
    """The pair as it is spawned."""
    return spawn_pair(
        SpawnPair(
            actor=ACTOR,
            asset=ASSET,
            taker_venue=VENUES[0],
            maker_venue=VENUES[1],
            first_to_close=VENUES[LEGS.index(first)],
        )
    )


PAIRS: dict[LegName, PairPosition] = {name: pair_of(name) for name in LEGS}
