from decimal import Decimal

import pytest

from engine.simulators.exchange import Exchange, FundingPaid
from engine.simulators.market import Gap, MarketPoint, Provenance
from engine.simulators.movement import move_market, sample
from engine.simulators.pacifica import PACIFICA_FEES, PACIFICA_RULES, pacifica_instrument
from engine.venues.assets import UnknownListing

HOUR_NS = 3600 * 1_000_000_000
PRICE = Decimal(100)


class Recording:
    """One asset at one price and a settled rate, with a gap from the second to the fifth hour."""

    assets = ("SOL",)
    start_ns = 0
    end_ns = 10 * HOUR_NS

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        if HOUR_NS < at_ns < 5 * HOUR_NS:
            return None
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=PRICE,
            oracle=PRICE,
            spread_bps=Decimal(2),
            depth=(),
            premium=Decimal(0),
            open_interest=Decimal(1000),
            taker_buy_per_s=Decimal(0),
            taker_sell_per_s=Decimal(0),
            forming_rate=Decimal("0.0001"),
            settled_rate=Decimal("0.0001"),
        )

    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def provenance(self) -> tuple[Provenance, ...]:
        return ()


def test_a_gap_in_a_recording_pays_no_funding() -> None:
    exchange = Exchange(
        rules=PACIFICA_RULES,
        instruments=(pacifica_instrument("SOL", tick="0.01", lot="0.01", max_leverage=20),),
        fees=PACIFICA_FEES,
    )
    exchange.open_account("us", Decimal(10_000))
    paid = []
    for quarter in range(4 * 8):
        now_ns = quarter * HOUR_NS // 4
        events = move_market(exchange, Recording(), "pacifica", "SOL", now_ns)
        if quarter == 0:
            exchange.set_position(now_ns, "us", "SOL", Decimal(10))
        events += exchange.settle_funding(now_ns)
        paid += [
            event.hour_ns // HOUR_NS for event in events if isinstance(event, FundingPaid) and event.account == "us"
        ]
    assert paid == [1, 5, 6, 7]


def test_a_symbol_of_a_thousand_tokens_costs_a_thousand_times_the_token() -> None:
    class Tokens(Recording):
        assets = ("PEPE",)

    point = sample(Tokens(), "pacifica", "kPEPE", 0)
    assert point is not None
    assert (point.asset, point.mid, point.oracle, point.open_interest) == ("kPEPE", 100_000, 100_000, 1)
    assert sample(Tokens(), "pacifica", "kPEPE", 2 * HOUR_NS) is None
    with pytest.raises(UnknownListing):
        sample(Tokens(), "pacifica", "kNOBODY", 0)
