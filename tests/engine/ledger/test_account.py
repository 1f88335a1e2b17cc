from __future__ import annotations

from decimal import Decimal

from actors.domain import Side, Venue
from engine.ledger.account import Claim, PairAccount
from engine.ledger.entry import Entry, Fill, Kind

D = Decimal


def entry(kind: Kind, amount: str, purpose: str, venue: Venue = Venue.LIGHTER) -> Entry:
    return Entry(at_ns=1, seq=1, pair="p", venue=venue, asset="BTC", kind=kind, amount_usd=D(amount), purpose=purpose)


def claim(moved: str, cash: str) -> Claim:
    row = Fill(
        at_ns=1,
        told_ns=1,
        seq=1,
        kind="claimed",
        pair="p",
        venue=Venue.LIGHTER,
        asset="BTC",
        symbol="BTC",
        side=Side.BUY,
        size=D(1),
        price=D(1),
        fee_usd=D(0),
        fee_currency="USDC",
        liquidity="",
        order_id="a",
        fill_id="",
        purpose="",
        row="",
        moved=D(1),
        position=D(1),
        realised_usd=D(0),
        estimated=True,
    )
    return Claim(leg="taker", row=row, moved=D(moved), cash_usd=D(cash))


def test_sums_keep_entering_and_leaving_apart() -> None:
    account = PairAccount()
    for purpose in ("taker", "maker", "sweep", "close", "trim", "emergency", ""):
        account.add(entry(Kind.FEE, "-1", purpose))
    assert account.total(Kind.FEE, "entry") == account.total(Kind.FEE, "exit") == -3
    assert account.total(Kind.FEE, "") == -1
    assert account.total(Kind.FEE) == account.net_usd == -7


def test_a_claim_is_told_in_parts_that_add_up() -> None:
    account = PairAccount()
    account.claim("a", claim("-3", "100"))
    first = account.told("a", D(1))
    assert first[0] == -1
    second = account.told("a", D(5))
    assert (first[0] + second[0], first[1] + second[1]) == (D(-3), D(100))
    assert account.told("a", D(1)) == (D(0), D(0))


def test_claims_of_one_order_grow_together() -> None:
    account = PairAccount()
    account.claim("a", claim("1", "-10"))
    account.claim("a", claim("2", "-20"))
    assert account.told("a", D(9)) == (D(3), D(-30))
