"""What is told of an order after the books have followed the venue's own size: late, in any order, and counted once."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import HealthCheck, given, settings, strategies as st

from actors.domain import ZERO, DoneReason
from actors.messages import AnyMessage, OrderFilled
from tests.factories import MAKER, TAKER, PairCue, PairPlay, accepted, done, filled, lapsed, pair_at, reported, twice
from tests.playbook import fires

MAKER_ORDER = 1
ASK_AGAIN = fires("verify_retry")
VANISHES = (accepted(), lapsed(), lapsed())


def adopted(size: Decimal) -> PairPlay:
    """The maker order has vanished, and the books have followed what the venue says of the position."""
    said = (*twice(reported(TAKER), reported(MAKER, str(size))), *(ASK_AGAIN,) * 4)
    play = pair_at("TAKER_FILLED.maker_in_flight").play(*VANISHES, *said)
    assert play.state.maker.position == size
    assert play.state.maker.adopted_venue_ns
    return play


def part(size: Decimal, price: Decimal, name: str, *, before: bool) -> PairCue:
    """A fill of the maker order from before the size that was adopted, or from after it."""

    def cue(play: PairPlay) -> AnyMessage:
        fill = filled(str(size), MAKER_ORDER, str(price), name)(play)
        assert isinstance(fill, OrderFilled)
        return msgspec.structs.replace(fill, venue_at_ns=play.state.maker.adopted_venue_ns) if before else fill

    return cue


TENTHS = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), before=TENTHS, after=st.lists(st.integers(1, 3), max_size=2), prices=st.integers(95, 105))
def test_a_fill_from_before_an_adopted_size_moves_the_money_and_not_the_position(
    data: st.DataObject, before: list[int], after: list[int], prices: int
) -> None:
    sizes = [Decimal(size) / 2 for size in (*before, *after)]
    held, total = sum(sizes[: len(before)], ZERO), sum(sizes, ZERO)
    play = adopted(held)
    words = [
        part(size, Decimal(prices + number), f"late-{number}", before=number < len(before))
        for number, size in enumerate(sizes)
    ]
    if data.draw(st.booleans()):
        words.append(done(str(total), DoneReason.CANCELED, MAKER_ORDER))
    play.play(*data.draw(st.permutations(words)))
    leg = play.state.maker
    assert leg.position == total, play.dialogue()
    paid = sum((size * (prices + number) for number, size in enumerate(sizes)), ZERO)
    assert leg.cash_usd + leg.estimated_usd == -paid, play.dialogue()
    assert leg.fees_usd == Decimal("0.1") * len(sizes)


def test_a_closed_pair_is_not_alarmed_by_a_fill_that_the_adopted_size_holds_already() -> None:
    play = pair_at("CLOSING.second_leg").play(accepted(), lapsed(), lapsed())
    play.play(*twice(reported(TAKER, "0"), reported(MAKER)), *(ASK_AGAIN,) * 4).took("V8", "CLOSED.flat")
    late = filled("10", 3)(play)
    assert isinstance(late, OrderFilled)
    play.play(msgspec.structs.replace(late, venue_at_ns=play.state.taker.adopted_venue_ns))
    assert play.state.place == "CLOSED.flat"
    assert play.state.taker.position == 0


def test_a_claim_without_a_fill_after_the_size_was_adopted_moves_nothing() -> None:
    play = adopted(Decimal(5)).play(done("5", DoneReason.CANCELED, MAKER_ORDER))
    assert play.state.maker.position == 5


def test_an_order_sent_after_the_adoption_counts_as_ever() -> None:
    play = adopted(Decimal(5))
    assert (play.last_order.purpose, play.last_order.size) == ("trim", Decimal(5))
    play.play(done("5", DoneReason.FILLED))
    assert play.state.taker.position == -5
