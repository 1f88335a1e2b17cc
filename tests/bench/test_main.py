"""The benchmarks at their smallest: every figure is measured, and what is measured is what is meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.domain import Venue
from actors.messages import QuoteUpdated
from actors.pair_position import PairPosition
from bench import __main__ as bench, signing, table
from bench.actors import Delivered as DeliveredToPairs
from bench.backtest import ASSETS, Ran as BackTested
from bench.ratios import QUICK, Line, Scale, compare
from bench.reaction import Reaction, Road
from bench.sockets import LEVELS, Delivered, Framed, PlainFrame, Received, ReceivedByTrioWebsocket, book_frame
from bench.trading import MAKER, PAIR, SIZE
from engine.venues.lighter.codec_stream import decode_book
from engine.venues.lighter.signing_request import LighterSigned

TINY = Scale(
    rounds=1,
    duration="5m",
    reactions=3,
    messages=128,
    actors=(2, 3),
    parked=20,
    records=64,
    frames=50,
    books=5,
    market_hours=2,
)


@pytest.fixture(scope="module")
def measured() -> list[Line]:
    return bench.measure(TINY)


def test_every_figure_is_measured(measured: list[Line]) -> None:
    assert [line.name for line in measured] == [
        "replay / decoding and checking the hashes",
        "frame to order bytes / channel hop",
        "the same through the sequencer",
        *(f"{venue.value} signature: other process / this one" for venue in signing.REQUESTS),
        "WebSocket frame received / its framing alone",
        "the same, decoded and put into the mailbox",
        "WebSocket frame received / trio-websocket",
        "book of 20 levels decoded / msgspec, plain structs",
        "cost per message, 2 pairs / 1",
        "cost per message, 3 pairs / 1",
        "bytes per idle pair, with its owner task",
        "bytes per idle pair, state alone",
        "journal: one fsync per record / per 64",
        "paper run, all venues simulated",
        "back-test: engine / replay of its journal",
        "back-test: hour of 4 pairs / 1",
        "replay: message of 4 pairs / 1",
        "back-test, two venues, market time",
    ]
    assert all(0 < line.least <= line.measured <= line.most for line in measured)


def test_an_owner_task_costs_memory_of_its_own(measured: list[Line]) -> None:
    costs = {line.name: line.measured for line in measured}
    alone = costs["bytes per idle pair, state alone"]
    assert 100 < alone < costs["bytes per idle pair, with its owner task"] < 10_000


def test_every_line_is_printed_with_aim_and_verdict(measured: list[Line], capsys: pytest.CaptureFixture[str]) -> None:
    table.show(measured)
    printed = capsys.readouterr().out
    for line in measured:
        row = next(row for row in printed.splitlines() if row.startswith(line.name))
        assert table.aim(line) in row
        assert table.verdict(line) in row


@pytest.mark.parametrize(("aim_most", "verdict"), [(2.0, "met"), (1.9, "missed"), (None, "for information")])
def test_the_median_decides_the_verdict(aim_most: float | None, verdict: str) -> None:
    line = Line(name="x", unit="x", measured=2.0, least=1.0, most=9.0, aim_most=aim_most)
    assert table.verdict(line) == verdict


def test_the_back_test_that_is_measured_holds_every_pair(tmp_path: Path) -> None:
    ran = BackTested(tmp_path, len(ASSETS), 9)
    ran.messages()
    report = json.loads((ran.last / "report.json").read_text())
    assert sorted(pair["asset"] for pair in report["pairs"]) == sorted(ASSETS)
    assert report["totals"]["funding_usd"] > 0


def test_the_two_ways_take_turns() -> None:
    turns: list[str] = []

    def way(name: str) -> int:
        turns.append(name)
        return 1

    compare("x", lambda: way("measured"), lambda: way("base"), rounds=3)
    assert turns == ["measured", "base"] * 4


def test_a_ratio_is_of_the_clock_it_was_given() -> None:
    now = [0]

    def spend(nanoseconds: int) -> int:
        now[0] += nanoseconds
        return 2

    line = compare("x", lambda: spend(6_000), lambda: spend(2_000), rounds=3, clock=lambda: now[0])
    assert (line.least, line.measured, line.most, line.note) == (3, 3, 3, "3 µs against 1 µs")


def test_the_options_choose_scale_and_form() -> None:
    assert bench.chosen([]) == (Scale(), table.show)
    assert bench.chosen(["--quick", "--json"]) == (QUICK, bench.show_json)


def test_programs_get_every_line_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    line = Line(name="x", unit="x", measured=2.0, least=1.0, most=3.0, aim_most=4.0)
    bench.show_json([line])
    assert json.loads(capsys.readouterr().out) == [{**msgspec.structs.asdict(line), "verdict": "met"}]


def test_the_measured_reaction_is_the_fill_of_the_taker_that_sends_the_maker() -> None:
    reaction = Reaction(1)
    sent = json.loads(reaction.once())
    state = reaction.core.states[PAIR]
    assert isinstance(state, PairPosition)
    assert state.place == "TAKER_FILLED.maker_in_flight"
    assert (state.orders[-1].leg, state.maker.venue, state.taker.position) == ("maker", MAKER, -SIZE)
    assert (sent["symbol"], sent["amount"], sent["tif"], sent["side"]) == ("BTC", "0.1", "ALO", "bid")


def test_the_road_through_the_sequencer_sends_the_same_order_once_each_time() -> None:
    road, reaction = Road(1), Reaction(1)
    for _ in range(2):
        road.once()
        assert road.orders == [reaction.once()]


def test_every_pair_hears_its_message_and_none_is_quarantined() -> None:
    delivered = DeliveredToPairs(2, 128)
    assert delivered() == 128
    pairs = [state for state in delivered.core.states.values() if isinstance(state, PairPosition)]
    assert all(pair.taker.reported is not None for pair in pairs)
    assert delivered.core.faults == {}


def test_the_frame_from_the_socket_is_a_quote_in_the_mailbox() -> None:
    delivered = Delivered(3)
    assert delivered() == 3
    (letter,) = delivered.mailbox.take_nowait(10)
    quote = letter.message
    assert isinstance(quote, QuoteUpdated)
    assert (quote.asset, str(quote.bid), str(quote.ask)) == ("BTC", "89470.0", "89471.0")


def test_every_way_of_receiving_hears_every_frame() -> None:
    assert [way(20)() for way in (Framed, Received, Delivered, ReceivedByTrioWebsocket)] == [20] * 4


def test_both_ways_of_decoding_read_the_same_book() -> None:
    strict, plain = decode_book(book_frame()).order_book, msgspec.json.decode(book_frame(), type=PlainFrame).order_book
    assert len(strict.bids) == len(strict.asks) == LEVELS
    assert [(level.price, level.size) for level in strict.bids] == [(level.price, level.size) for level in plain.bids]


def plain(signed: Any) -> Any:
    """What two signatures of one request share: Lighter's has a random part, and a time of its own."""
    if not isinstance(signed, LighterSigned):
        return signed
    told = msgspec.json.decode(signed.tx_info)
    return signed.tx_type, {name: told[name] for name in told if name not in ("Sig", "ExpiredAt")}


@pytest.mark.parametrize("venue", list(Venue))
def test_both_ways_sign_the_same_order_and_ask_each_time(venue: Venue) -> None:
    request = signing.REQUESTS[venue]
    here = signing.Here(venue, request, 3)
    with signing.elsewhere(venue) as process:
        there = signing.Elsewhere(process, request, 3)
        assert (here(), there()) == (3, 3)
        assert process.signing.counts.signed == 3
        other, own = trio.from_thread.run(there.once, trio_token=process.token), here._signer.sign(request)
        assert plain(other) == plain(own)
    assert here._signer.purpose_of(request).opens_usd > 0
