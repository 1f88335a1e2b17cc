from __future__ import annotations

from decimal import Decimal

from actors.messages import LinkLost, LinkUp
from actors.risk.measures import profit_target, venue_silent
from tests.actors.risk.test_auto_close import case, leg, legs, told
from tests.factories import MAKER, TAKER, account, quote, sample


def test_being_flat_now_pays_the_spread_and_both_taker_fees() -> None:
    """Bought back at 100.05 and sold at 99.95, ten each, at 4.5 and 4 bps: 1 USD and 0.85 USD."""
    held = (leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-990)))
    measured = profit_target(case(held, quote(TAKER), quote(MAKER)))
    assert measured is not None
    fees = Decimal("1000.5") * Decimal("0.00045") + Decimal("999.5") * Decimal("0.0004")
    assert measured.words().startswith(f"being flat now would bring {10 - 1 - fees:.2f} USD")
    assert measured.value == (10 - 1 - fees) / 1000 * 10_000


def test_what_the_book_cannot_take_is_no_profit() -> None:
    """A touch of one and nothing beyond it told: the whole leg is priced as an emergency, 2 %."""
    held = (leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-990)))
    measured = profit_target(case(held, quote(TAKER, size="1"), quote(MAKER)))
    assert measured is not None
    assert measured.value < 0
    assert "beyond the book hyperliquid told" in measured.words()


def test_a_venue_is_silent_while_it_is_down_since_its_last_word_on_market_or_account() -> None:
    down = told(case(legs()), sample(TAKER), LinkLost(venue=MAKER, reason="cut"), later_s=100)
    measured = venue_silent(down)
    assert measured is not None
    assert (measured.value, measured.venue) == (Decimal(100), MAKER)
    for word in (quote(MAKER), sample(MAKER), account(MAKER)):
        heard = venue_silent(told(told(down, word, later_s=50), later_s=7))
        assert heard is not None
        assert heard.value == Decimal(7)
    assert venue_silent(told(down, LinkUp(venue=MAKER), later_s=1)) is None


def test_without_legs_nothing_is_silent() -> None:
    assert venue_silent(case(())) is None
