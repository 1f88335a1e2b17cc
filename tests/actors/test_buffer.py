from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given, strategies as st
from msgspec.structs import replace

from actors.board import Board
from actors.buffer import UNBOUNDED, Room, buffer_of, room_of
from actors.domain import Venue
from actors.messages import AccountReported, InstrumentListed
from actors.stakes import Stake
from engine.simulators.drift.rules import DRIFT_RULES
from engine.simulators.exchange import Exchange, ExchangeRules
from engine.simulators.hyperliquid.rules import HYPERLIQUID_RULES
from engine.simulators.lighter.rules import LIGHTER_RULES
from engine.simulators.pacifica.rules import PACIFICA_RULES
from tests.actors.known import stake
from tests.engine.simulators.exchange_builders import BTC, FEES, T0, order, point
from tests.factories import ASSET, MAKER, TAKER, account, board_of, instrument, market_facts, sample
from tests.playbook import START_NS

D = Decimal
FRACTION = D("0.0125")
"""Maintenance of the factories' markets; their marks are 100."""


def board(equity: str = "10000") -> Board:
    other = (*market_facts(TAKER, "ETH"), *market_facts(MAKER, "ETH"))
    return board_of(*market_facts(TAKER), *market_facts(MAKER), *other, account(TAKER, equity), account(MAKER, equity))


def told(equity: Decimal, maintenance: Decimal) -> AccountReported:
    return AccountReported(
        venue=TAKER, equity_usd=equity, available_usd=D(0), maintenance_usd=maintenance, venue_at_ns=START_NS
    )


def test_a_short_is_liquidated_sooner_than_a_long_of_its_size() -> None:
    """10,000 USD of equity, 20,000 on each side: 9750 are spare, and a short's margin grows while a long's falls."""
    held = (stake("200"),)
    assert buffer_of(TAKER, held, board()) == D(9750) / (20_000 + 250)
    assert buffer_of(MAKER, held, board()) == D(9750) / (20_000 - 250)


def test_both_sides_of_an_account_are_looked_at_and_the_nearer_counts() -> None:
    """Short 200, long 300 of another asset: a fall comes nearer, and what the short would gain by it is not counted."""
    room = room_of(TAKER, (stake("200"), stake("300", MAKER, TAKER, asset="ETH")), board())
    assert room is not None
    spare = D(10_000) - 50_000 * FRACTION
    assert (room.up, room.down) == (spare / (20_000 + 250), spare / (30_000 - 375))
    assert buffer_of(TAKER, (stake("200"), stake("300", MAKER, TAKER, asset="ETH")), board()) == room.down


def test_margin_that_no_listed_fraction_explains_is_taken_to_grow_and_never_to_fall() -> None:
    """The account told 1000 where 250 are listed: a steeper tier, or something else that is held."""
    on = board_of(*market_facts(TAKER), told(D(10_000), D(1000)))
    short, long = room_of(TAKER, (stake("200"),), on), room_of(TAKER, (stake("200", MAKER, TAKER),), on)
    assert short is not None
    assert long is not None
    assert short.up == D(9000) / (20_000 + 1000)
    assert long.down == D(9000) / (20_000 - 250)


def test_nothing_held_is_never_liquidated_and_an_unknown_account_at_once() -> None:
    assert buffer_of(TAKER, (), board()) == UNBOUNDED
    assert buffer_of(TAKER, (stake("1"),), Board()) == 0
    assert room_of(TAKER, (), Board()) is None
    assert buffer_of(TAKER, (stake("200"),), board("100")) < 0, "beyond it already"


RULES = {
    Venue.HYPERLIQUID: HYPERLIQUID_RULES,
    Venue.PACIFICA: PACIFICA_RULES,
    Venue.LIGHTER: LIGHTER_RULES,
    Venue.DRIFT: DRIFT_RULES,
}


def held_at(rules: ExchangeRules, side: str) -> Exchange:
    """Alice's 100,000 USD hold 10 BTC at 50,000 on that venue."""
    venue = Exchange(rules=rules, instruments=(BTC,), fees=FEES, seed=1)
    venue.open_account("alice", D(100_000))
    venue.set_point(T0, point())
    venue.place(T0, "alice", order(side, "10"))
    return venue


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("name", RULES)
def test_the_distance_is_that_to_the_venue_s_own_liquidation_price(name: Venue, side: str) -> None:
    venue = held_at(RULES[name], side)
    view, position = venue.account_view("alice"), venue.position("alice", "BTC")
    assert view is not None
    assert position is not None
    assert position.liquidation_price is not None
    reported = AccountReported(
        venue=name,
        equity_usd=view.equity_usd,
        available_usd=view.available_usd,
        maintenance_usd=view.maintenance_usd,
        venue_at_ns=T0,
    )
    rules = InstrumentListed(instrument=instrument(name, maintenance_fraction=BTC.maintenance_fraction))
    on = board_of(rules, sample(name, str(position.mark_price)), reported)
    other = Venue.PACIFICA if name is Venue.HYPERLIQUID else Venue.HYPERLIQUID
    short, long = (name, other) if side == "sell" else (other, name)
    held = Stake(pair="held", asset=ASSET, short_venue=short, long_venue=long, size=abs(position.size))
    away = abs(position.liquidation_price / position.mark_price - 1)
    assert abs(buffer_of(name, (held,), on) - away) < D("1e-9")


USD = st.integers(min_value=0, max_value=100_000).map(Decimal)


@example(spare=D(8000), shorts=D(0), longs=D(0), untold=D(2000), percent=30, side=-1)
@given(spare=USD, shorts=USD, longs=USD, untold=USD, percent=st.integers(5, 95), side=st.sampled_from((-1, 1)))
def test_the_largest_new_leg_keeps_the_distance_and_a_larger_one_does_not(
    spare: Decimal, shorts: Decimal, longs: Decimal, untold: Decimal, percent: int, side: int
) -> None:
    """`untold`: margin that no listed fraction explains, also where nothing is short yet."""
    buffer = D(percent) / 100
    room = roomy(spare, shorts, longs)
    room = replace(room, growth_usd=room.growth_usd + untold)
    most = room.notional_most_usd(side, buffer, FRACTION)
    if most <= 0:
        return
    assert nearest(with_leg(room, side, most * D("0.999999"))) >= buffer
    assert nearest(with_leg(room, side, most * D("1.000001"))) < buffer


@given(USD, USD, USD, st.sampled_from((-1, 1)))
def test_a_larger_leg_is_never_further_from_liquidation(spare: Decimal, held: Decimal, leg: Decimal, side: int) -> None:
    room = roomy(spare + held, held, held)
    assert nearest(with_leg(room, side, leg)) <= nearest(room)


def roomy(spare: Decimal, shorts: Decimal, longs: Decimal) -> Room:
    return Room(
        spare_usd=spare,
        shorts_usd=shorts,
        longs_usd=longs,
        growth_usd=shorts * FRACTION,
        release_usd=longs * FRACTION,
    )


def with_leg(room: Room, side: int, usd: Decimal) -> Room:
    spare = room.spare_usd - usd * FRACTION
    if side > 0:
        longs, release = room.longs_usd + usd, room.release_usd + usd * FRACTION
        return replace(room, spare_usd=spare, longs_usd=longs, release_usd=release)
    return replace(room, spare_usd=spare, shorts_usd=room.shorts_usd + usd, growth_usd=room.growth_usd + usd * FRACTION)


def nearest(room: Room) -> Decimal:
    return min(room.up, room.down)
