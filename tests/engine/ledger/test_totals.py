from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given, strategies as st

from actors.domain import ZERO, Venue
from engine.ledger.entry import DAY_NS, WIDE, Entry, Kind
from engine.ledger.totals import CUTS, EARNING, Totals

D = Decimal
ENTRIES = st.lists(
    st.builds(
        Entry,
        at_ns=st.integers(0, 5 * DAY_NS),
        seq=st.integers(1, 9),
        pair=st.sampled_from(("pair_position/BTC-1", "pair_position/ETH-2", "pair_position/BTC-3")),
        venue=st.sampled_from(Venue),
        asset=st.sampled_from(("BTC", "ETH")),
        kind=st.sampled_from(EARNING),
        amount_usd=st.decimals(-(10**9), 10**9, places=15),
        estimated_usd=st.decimals(-9, 9, places=3),
    ),
    max_size=40,
)


def entry(amount: str, **changes: object) -> Entry:
    fields: dict[str, object] = {
        "at_ns": 0,
        "seq": 1,
        "pair": "pair_position/BTC-1",
        "venue": Venue.LIGHTER,
        "asset": "BTC",
        "kind": Kind.FUNDING,
        "amount_usd": D(amount),
        **changes,
    }
    return Entry(**fields)  # type: ignore[arg-type]


@given(ENTRIES)
def test_every_cut_adds_up_to_the_same_net_to_the_last_digit(entries: list[Entry]) -> None:
    totals = Totals(entries)
    with localcontext(WIDE):
        net = sum((each.amount_usd for each in entries), ZERO)
        assert totals.whole().net_usd == net
        for by in CUTS:
            cuts = totals.cut(by)
            assert sum((cut.net_usd for cut in cuts), ZERO) == net
            for kind in EARNING:
                assert sum((cut.sums[kind] for cut in cuts), ZERO) == totals.whole().sums[kind]
            assert sum((cut.estimated_usd for cut in cuts), ZERO) == totals.whole().estimated_usd


def test_a_day_is_utc_and_days_are_in_order() -> None:
    totals = Totals([entry("1", at_ns=DAY_NS), entry("2", at_ns=DAY_NS - 1), entry("3", at_ns=2 * DAY_NS - 1)])
    assert [(cut.name, cut.net_usd) for cut in totals.cut("day")] == [("1970-01-01", D(2)), ("1970-01-02", D(4))]


def test_pairs_keep_their_order_and_venues_are_sorted() -> None:
    totals = Totals([entry("1", pair="pair_position/ETH-1"), entry("2", venue=Venue.DRIFT)])
    assert [cut.name for cut in totals.cut("pair")] == ["ETH-1", "BTC-1"]
    assert [cut.name for cut in totals.cut("venue")] == ["drift", "lighter"]


def test_a_settlement_is_told_but_is_no_income() -> None:
    whole = Totals([entry("1"), entry("0", kind=Kind.SETTLEMENT, moved_usd=D(99), pair="")]).whole()
    assert (whole.net_usd, whole.settled_usd) == (D(1), D(99))
    assert Kind.SETTLEMENT not in whole.sums
