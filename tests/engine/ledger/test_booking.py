from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from actors.commands import AdoptPosition
from actors.domain import DoneReason, Liquidity, Side
from actors.messages import DrainAsked, OrderDone, OrderFilled
from actors.pair_position.state import PairPosition
from engine.ledger.entry import DAY_NS, Kind
from engine.ledger.fold import Ledger
from tests.engine.ledger.runs import Booked, entered, hedged
from tests.engine.recorded import MAKER, PAIR, POLICY, START_NS, TAKER

D = Decimal
MID = D("60000.5")


def true_pair(run: Booked) -> PairPosition:
    """The pair as the core itself has it."""
    pair = run.core.states[PAIR]
    assert isinstance(pair, PairPosition)
    return pair


def assert_books_agree(run: Booked) -> None:
    """All entries together are the pair's own net, and what its open legs cost."""
    assert run.account.net_usd - run.account.open_cost_usd == true_pair(run).net_usd


def test_a_fill_is_a_fee_and_slippage_against_the_mid_of_its_decision() -> None:
    run = entered()
    assert run.amounts(Kind.FEE) == [D(-1), D("-0.4")]
    assert run.amounts(Kind.SLIPPAGE) == [(59_990 - MID) / 2, (MID - 60_010) / 2]
    assert run.amounts(Kind.PRICE) == []
    assert_books_agree(run)


def test_a_fee_names_its_liquidity_and_the_tier_the_venue_listed() -> None:
    taker, maker = (entry for entry in entered().entries if entry.kind is Kind.FEE)
    assert (taker.venue, taker.liquidity, taker.tier, taker.purpose) == (TAKER, "taker", D("0.00045"), "taker")
    assert (maker.venue, maker.liquidity, maker.tier, maker.purpose) == (MAKER, "maker", D("0.00015"), "maker")


def test_a_maker_that_took_paid_the_difference_of_the_tiers() -> None:
    run = Booked()
    run.open_venues()
    run.filled(run.ask(), "60000")
    assert run.account.became_taker_usd == 0
    run.filled(run.sent(), "60000", liquidity=Liquidity.TAKER)
    assert run.account.became_taker_usd == D(30_000) * D("0.0003")


@pytest.mark.parametrize(("liquidity", "share_too_many"), [(Liquidity.TAKER, "0.3"), (Liquidity.MAKER, "-0.7")])
def test_only_what_took_beyond_the_expected_share_is_a_surprise(liquidity: Liquidity, share_too_many: str) -> None:
    """Of the maker leg 30 % were expected to rest; all of it took, or none, at a rebate of nothing."""
    seldom = replace(POLICY, costs=replace(POLICY.costs, maker_share=D("0.3")))
    run = Booked()
    run.ledger = Ledger(seldom, [true_pair(run)])
    run.open_venues()
    run.filled(run.ask(), "60000")
    run.filled(run.sent(), "60000", fee="0", liquidity=liquidity)
    assert run.account.became_taker_usd == D(30_000) * D("0.0003") * D(share_too_many)


def test_funding_is_what_the_venue_paid_at_its_own_time() -> None:
    run = hedged()
    run.paid("3.25", venue_at_ns=123)
    (entry,) = (entry for entry in run.entries if entry.kind is Kind.FUNDING)
    assert (entry.amount_usd, entry.at_ns, entry.reference, entry.rate_per_hour) == (D("3.25"), 123, "p1", D("0.0001"))
    run.paid("3.25", venue_at_ns=123)
    assert run.amounts(Kind.FUNDING) == [D("3.25")], "a payment told twice counts once"
    assert_books_agree(run)


def test_a_socialised_loss_is_a_haircut_and_no_funding() -> None:
    run = hedged()
    run.socialised("7")
    assert run.amounts(Kind.HAIRCUT) == [D(-7)]
    assert sum(run.amounts(Kind.FUNDING)) == 0
    assert_books_agree(run)


def test_a_forced_fill_is_told_apart_from_the_price_that_moved() -> None:
    """Sold at a mid of 60000.5; at 61000.5, ADL buys 0.2 back at 61100: 200 by the market, 19.90 by force."""
    run = hedged()
    run.quote(TAKER, "61000")
    run.deleveraged("61100", "0.2")
    assert run.amounts(Kind.FORCED) == [(D("61000.5") - 61_100) * D("0.2")]
    price = [entry.amount_usd for entry in run.entries if entry.kind is Kind.PRICE and entry.reference == "adl-1"]
    assert price == [-1000 * D("0.2")]
    fee = [entry for entry in run.entries if entry.kind is Kind.FEE][-1]
    assert (fee.liquidity, fee.amount_usd) == ("forced", D("-0.5"))
    assert run.fills[-1].kind == "adl"
    assert_books_agree(run)


def test_a_naked_leg_s_price_move_is_its_own_cause_and_leaves_the_net_alone() -> None:
    """Short 0.5 alone while the price rises by 100: 50 lost, and no more basis than before."""
    run = Booked()
    run.open_venues()
    run.filled(run.ask(), "60000")
    maker = run.sent()
    run.quote(TAKER, "60100")
    run.filled(maker, "60000", liquidity=Liquidity.MAKER)
    (naked,) = (entry for entry in run.entries if entry.kind is Kind.NAKED)
    assert (naked.amount_usd, naked.venue, naked.size) == (D(-50), TAKER, D("-0.5"))
    assert run.amounts(Kind.PRICE) == [D(50)]
    assert_books_agree(run)
    run.quote(TAKER, "60200")
    run.paid("1")
    assert len(run.amounts(Kind.NAKED)) == 1, "hedged, nothing is naked any more"


def test_a_naked_leg_s_gain_is_of_the_moment_and_nothing_of_the_word_that_showed_it() -> None:
    """A payment of the day before is told while a leg stands naked: what the price did meanwhile is of today."""
    run = Booked()
    run.open_venues()
    run.filled(run.ask(), "60000")
    run.quote(TAKER, "60100")
    run.paid("1", venue_at_ns=START_NS - DAY_NS)
    naked, price, funding = run.entries[-3:]
    assert [naked.kind, price.kind, funding.kind] == [Kind.NAKED, Kind.PRICE, Kind.FUNDING]
    assert naked.at_ns == price.at_ns == run.at_ns
    assert (naked.reference, naked.order_id, naked.purpose, price.reference) == ("", "", "", "")
    assert funding.at_ns == START_NS - DAY_NS
    assert_books_agree(run)


def test_a_rebate_is_a_fee_that_came_in() -> None:
    run = Booked()
    run.open_venues()
    run.filled(run.ask(), "60000")
    run.filled(run.sent(), "60000", fee="-0.75", liquidity=Liquidity.MAKER)
    assert run.amounts(Kind.FEE) == [D(-1), D("0.75")]
    assert_books_agree(run)


def test_a_claim_is_an_estimate_until_its_fill_is_told() -> None:
    run = Booked()
    run.open_venues()
    order = run.ask()
    run.claimed(order)
    assert run.account.estimated_usd == MID / 2
    assert_books_agree(run)
    run.filled(order, "59990", fee="2")
    assert run.account.estimated_usd == 0
    assert run.amounts(Kind.SLIPPAGE) == [(59_990 - MID) / 2]
    assert_books_agree(run)


def test_a_claimed_fill_stands_once_with_its_true_price_when_it_is_told() -> None:
    run = Booked()
    run.open_venues()
    order = run.ask()
    run.claimed(order)
    assert run.fills == []
    run.filled(order, "59990", size="0.2")
    (first,) = run.fills
    assert (first.moved, first.price, first.realised_usd, first.estimated) == (D("-0.2"), D(59_990), D(0), False)
    (rest,) = run.ledger.unclaimed()
    assert (rest.kind, rest.moved, rest.price, rest.estimated) == ("claimed", D("-0.3"), MID, True)
    assert run.account.paid["taker"].usd == -(59_990 * D("0.2") + MID * D("0.3"))
    assert run.ledger.unclaimed() == (), "each is told once"


def test_a_fill_that_an_adopted_size_held_already_corrects_the_money_alone() -> None:
    """Decided at a mid of 60000.5, adopted at 60100.5, told at 59990: 5.25 of slippage, 50 estimated too well."""
    run = Booked()
    run.open_venues()
    order = run.ask()
    run.quote(TAKER, "60100")
    moved_mid = MID + 100
    adopted = msgspec.structs.replace(
        run.decisions[-1],
        envelope=msgspec.structs.replace(run.decisions[-1].envelope, to=PAIR, message=DrainAsked(reason="test")),
        row="V10",
        commands=(AdoptPosition(venue=TAKER, asset="BTC", size=D("-0.5")),),
    )
    run.bookings.append(run.ledger.take(adopted))
    (inferred,) = run.fills
    assert (inferred.kind, inferred.moved, inferred.price, inferred.estimated) == (
        *("adopted", D("-0.5"), moved_mid, True),
    )
    assert run.account.estimated_usd == moved_mid / 2
    late = OrderFilled(
        venue=TAKER,
        asset="BTC",
        order_id=order.order_id,
        fill_id="late",
        side=Side.SELL,
        price=D(59_990),
        size=D("0.5"),
        fee_usd=D(1),
        liquidity=Liquidity.TAKER,
        venue_at_ns=0,
    )
    fill = msgspec.structs.replace(
        adopted, envelope=msgspec.structs.replace(adopted.envelope, message=late), commands=()
    )
    run.bookings.append(run.ledger.take(fill))
    assert run.account.estimated_usd == 0
    assert run.fills[-1].moved == 0
    assert run.amounts(Kind.SLIPPAGE) == [(59_990 - order.decision_mid) / 2]
    assert run.amounts(Kind.PRICE) == [D(0)]
    assert run.amounts(Kind.ESTIMATED) == [D(-50)]
    pair = run.ledger.shadow.pairs[PAIR]
    assert run.account.net_usd - run.account.open_cost_usd == pair.net_usd


def test_an_order_that_ended_unfilled_claims_nothing() -> None:
    run = Booked()
    run.open_venues()
    order = run.ask()
    run.tell(PAIR, OrderDone(venue=TAKER, order_id=order.order_id, filled=D(0), reason=DoneReason.IOC_REMAINDER))
    assert run.entries == []
    assert run.ledger.unclaimed() == ()


def test_a_fill_names_its_order_its_purpose_and_the_row_that_sent_it() -> None:
    run = entered()
    first, second = run.fills
    assert (first.purpose, first.row, first.symbol) == ("taker", "E1", "BTC")
    assert (second.purpose, second.position) == ("maker", D("0.5"))
    assert [fill.order_id for fill in run.fills] == [*run.account.sent][:2]
