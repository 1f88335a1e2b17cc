from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine.foreign import Foreign
from engine.ledger.entry import Entry, Kind
from engine.report import report_data
from engine.report_words import report_markdown
from engine.view import PairView, Tally, build
from tests.engine.recorded import MAKER, START_NS, SmallRun, hedged_run

DEPOSITS = dict.fromkeys(("hyperliquid", "pacifica"), Decimal(50_000))


NOBODYS = Entry(
    at_ns=1,
    seq=1,
    pair="",
    venue=Venue.HYPERLIQUID,
    asset="BTC",
    kind=Kind.FUNDING,
    amount_usd=Decimal(-3),
)


def data(**changes: Any) -> dict[str, Any]:
    run = hedged_run()
    tally = Tally()
    for decision in run.decisions:
        tally.watch(decision)
    tally.alarm(RaiseAlarm(severity="critical", code="left_open", text="close BTC by hand"))
    seen = msgspec.structs.replace(build(run.core, tally), **changes)
    return report_data(
        seen, seed=7, mode="test", started_ns=START_NS, reason="done", notes=["one note"], deposits_usd=DEPOSITS
    )


def pair() -> PairView:
    run = hedged_run()
    return build(run.core, Tally()).pairs[0]


def test_the_report_is_plain_data_for_json() -> None:
    report = data()
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    assert report["started"] == "2023-11-14T22:13:20+00:00"
    assert (report["seed"], report["mode"], report["reason"], report["notes"]) == (7, "test", "done", ["one note"])


def test_equity_is_counted_from_the_first_word_of_each_account_and_says_so() -> None:
    start = {"hyperliquid": Decimal(48_000)}
    now = {"hyperliquid": Decimal(48_003), "pacifica": Decimal(49_998)}
    report = data(equity_usd=now, equity_start_usd=start, pairs=())
    assert report["equity_change_usd"] == 1.0
    assert report["equity_start_usd"] == {"hyperliquid": 48_000.0, "pacifica": 50_000.0}
    assert report["equity_start_from"] == {"hyperliquid": "account", "pacifica": "deposit"}
    assert data(equity_usd={}, pairs=())["equity_change_usd"] == 0.0, "a venue never reached changes nothing"


def test_what_the_books_do_not_explain_of_the_equity_is_said() -> None:
    closed = _closed()
    equity = {"hyperliquid": Decimal(50_003), "pacifica": Decimal(49_998)}
    report = data(equity_usd=equity, equity_start_usd=DEPOSITS, pairs=(closed,))
    assert report["unexplained_usd"] == pytest.approx(1.0 - float(closed.net_usd), abs=0.01)


def test_what_nobody_holds_has_a_name_and_is_explained() -> None:
    tally = Tally()
    tally.totals.add([NOBODYS])
    seen = build(hedged_run().core, Tally())
    equity = {"hyperliquid": Decimal(49_997), "pacifica": Decimal(50_000)}
    seen = msgspec.structs.replace(seen, equity_usd=equity, equity_start_usd=DEPOSITS, pairs=())
    told = {"seed": 7, "mode": "test", "started_ns": START_NS, "reason": "done", "notes": []}
    report = report_data(seen, **told, deposits_usd=DEPOSITS, tally=tally)  # type: ignore[arg-type]
    assert (report["equity_change_usd"], report["unheld_usd"], report["unexplained_usd"]) == (-3.0, -3.0, 0.0)
    assert "; -3.00 of it by positions that no pair holds, 0.00 of it unexplained" in report_markdown(report)


def test_the_books_explain_a_leg_that_is_open_by_its_worth_at_the_mark() -> None:
    naked = _with_legs(pair(), "-0.5", "0")
    worth = Decimal("-0.5") * 60_000
    legs = (msgspec.structs.replace(naked.legs[0], worth_usd=worth), naked.legs[1])
    naked = msgspec.structs.replace(naked, legs=legs, net_usd=Decimal(30_010))
    equity = {"hyperliquid": Decimal(50_010)}
    report = data(equity_usd=equity, equity_start_usd=DEPOSITS, pairs=(naked,))
    assert (report["equity_change_usd"], report["unexplained_usd"]) == (10.0, 0.0)


def _with_legs(shown: PairView, first: str, second: str, place: str = "EMERGENCY.stranded") -> PairView:
    """The pair with other positions, which the venues confirm."""
    sizes = (Decimal(first), Decimal(second))
    legs = tuple(
        msgspec.structs.replace(leg, position=size, at_venue=size, worth_usd=Decimal(0))
        for leg, size in zip(shown.legs, sizes, strict=True)
    )
    return msgspec.structs.replace(shown, legs=legs, state=place)


def _closed() -> PairView:
    return _with_legs(pair(), "0", "0", "CLOSED.flat")


def test_a_leg_that_is_left_open_says_what_to_close_by_hand() -> None:
    (left,) = data(pairs=(_with_legs(pair(), "-0.5", "0"),))["left_open"]
    assert left | {"since": ""} == {
        "venue": "hyperliquid",
        "asset": "BTC",
        "side": "short",
        "size": "0.5",
        "close_by": "buy",
        "pair": "pair_position/BTC-1",
        "booked": "-0.5",
        "since": "",
    }
    assert data(pairs=(_closed(),))["left_open"] == []


def test_what_is_left_open_is_what_the_venue_says_and_our_books_stand_beside_it() -> None:
    shown = _with_legs(pair(), "-0.5", "0.5")
    legs = (shown.legs[0], msgspec.structs.replace(shown.legs[1], at_venue=Decimal("0.2")))
    _, second = data(pairs=(msgspec.structs.replace(shown, legs=legs),))["left_open"]
    assert (second["side"], second["size"], second["booked"], second["close_by"]) == ("long", "0.2", "0.5", "sell")


def test_a_position_that_no_pair_holds_is_left_open_too() -> None:
    foreign = Foreign(venue=Venue.LIGHTER, asset="DOGE", size=Decimal(-16701), since_ns=START_NS)
    (left,) = data(pairs=(), foreign=(foreign,))["left_open"]
    assert (left["venue"], left["asset"], left["side"], left["size"], left["pair"]) == (
        *("lighter", "DOGE", "short", "16701"),
        "",
    )
    assert left["since"] == "2023-11-14T22:13:20+00:00"


def test_every_leg_of_a_pair_stands_with_venue_side_and_size() -> None:
    first, second = data()["pairs"][0]["legs"]
    assert first == {
        "venue": "hyperliquid",
        "entered": "short",
        "side": "short",
        "size": "0.5",
        "at_venue": "-0.5",
    }
    assert (second["venue"], second["side"], second["size"]) == (MAKER.value, "long", "0.5")


def test_an_alarm_says_when_it_was_over() -> None:
    seen = data()["alarms"][0]
    assert (seen["code"], seen["resolved"], seen["times"]) == ("left_open", "", 1)


def test_totals_are_the_sums_of_the_pairs() -> None:
    second = msgspec.structs.replace(pair(), pair="pair_position/BTC-2", naked_seconds=Decimal("2.5"))
    report = data(pairs=(pair(), second))
    assert report["totals"]["pairs"] == 2
    assert report["totals"]["fees_usd"] == 5.0
    assert report["totals"]["fees_by_venue"] == {"hyperliquid": 2.5, "pacifica": 2.5}
    assert report["totals"]["naked_seconds"] == float(pair().naked_seconds) + 2.5
    assert report["totals"]["orders"] == 4


def test_a_pair_that_never_traded_is_left_out() -> None:
    idle = msgspec.structs.replace(pair(), pair="pair_position/ETH-2", orders=0)
    assert [each["pair"] for each in data(pairs=(pair(), idle))["pairs"]] == ["pair_position/BTC-1"]


def test_money_is_rounded_to_cents_after_it_was_added() -> None:
    small = [msgspec.structs.replace(pair(), funding_usd=Decimal("0.004")) for _ in range(3)]
    report = data(pairs=tuple(small))
    assert [each["funding_usd"] for each in report["pairs"]] == [0.0, 0.0, 0.0]
    assert report["totals"]["funding_usd"] == 0.01


def test_the_ledger_and_what_was_expected_stand_in_the_report() -> None:
    run = hedged_run()
    tally = Tally(core=SmallRun().core)
    for decision in run.decisions:
        tally.watch(decision)
    seen = build(run.core, tally)
    report = report_data(
        seen, seed=7, mode="t", started_ns=START_NS, reason="done", notes=[], deposits_usd=DEPOSITS, tally=tally
    )
    assert report["ledger"]["all"]["fee_usd"] == "-2.5"
    assert [line["name"] for line in report["ledger"]["venue"]] == ["hyperliquid", "pacifica"]
    assert report["forecasts"] == [], "no pair has closed"
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    assert (data()["ledger"], data()["forecasts"]) == ({}, []), "without a ledger nothing is made up"
