"""The simulated DLOB server: books by request and on the stream, as the wire's structs read them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from engine.venues.drift import wire
from tests.engine.simulators.drift_world import D, Desk

SUBSCRIBE = {"type": "subscribe", "marketType": "perp", "channel": "orderbook", "market": "SOL-PERP"}


def heard(desk: Desk) -> list[Any]:
    return [json.loads(push.frame) if push.frame else push.close for push in desk.face.take_outbox()]


def listening(desk: Desk, **changes: str) -> int:
    connection = desk.face.connect(desk.now_ns, "/dlob/ws")
    desk.face.receive(desk.now_ns, connection, json.dumps(SUBSCRIBE | changes).encode())
    return connection


def test_a_book_is_the_exchange_s_in_integers() -> None:
    desk = Desk()
    book = msgspec.convert(desk.get("/dlob/l2", marketName="SOL-PERP", depth="1"), wire.Book)
    shown = desk.exchange.book("SOL-PERP", levels=1)
    assert [(each.price, each.size) for each in book.bids] == [
        (str(int(shown.bids[0].price * 10**6)), str(int(shown.bids[0].size * 10**9)))
    ]
    assert (book.marketName, book.marketIndex, book.oracle, len(book.asks)) == ("SOL-PERP", 0, 150_000_000, 1)
    assert book.ts == desk.now_ns // 10**6


def test_a_market_may_be_named_by_its_index_and_an_unknown_one_is_refused() -> None:
    desk = Desk()
    assert desk.get("/dlob/l2", marketIndex="1", marketType="perp")["marketName"] == "BTC-PERP"
    assert desk.get("/dlob/l2", marketName="MOON-PERP") == 400
    assert desk.get("/dlob/l2", marketIndex="2") == 400
    assert desk.get("/dlob/l2", marketName="SOL-PERP", depth="1000") == 400


def test_the_orders_of_a_book_one_by_one() -> None:
    desk = Desk()
    desk.place(price="149")
    desk.place(price="149.5", size="2")
    desk.place(price="152", buy=False)
    book = desk.get("/dlob/l3", marketName="SOL-PERP")
    assert [(row["price"], row["orderId"]) for row in book["bids"]] == [("149500000", "2"), ("149000000", "1")]
    assert [row["maker"] for row in book["asks"]] == [desk.user_key]


def test_a_subscriber_is_greeted_gets_the_book_and_then_only_what_changed() -> None:
    desk = Desk()
    listening(desk)
    greeting, first = heard(desk)
    assert greeting == {"message": "Subscribe received for channel: orderbook, market: SOL-PERP, marketType: perp"}
    assert first["channel"] == "orderbook_perp_0"
    assert isinstance(first["data"], str)
    assert msgspec.json.decode(first["data"], type=wire.Book).marketIndex == 0
    desk.wait(1)
    assert heard(desk) == []
    desk.market.mids["SOL-PERP"] = D(151)
    desk.wait(1)
    [moved] = heard(desk)
    assert json.loads(moved["data"])["oracle"] == 151_000_000


def test_asked_again_it_sends_the_last_book_and_one_that_does_not_change_once_a_minute() -> None:
    desk = Desk()
    connection = listening(desk)
    _, first = heard(desk)
    desk.wait(30)
    desk.face.receive(desk.now_ns, connection, json.dumps(SUBSCRIBE).encode())
    books = [json.loads(each["data"]) for each in heard(desk) if "data" in each]
    assert books == [json.loads(first["data"])]
    desk.wait(31)
    [again] = [json.loads(each["data"]) for each in heard(desk) if "data" in each]
    assert (again["bids"], again["ts"]) == (books[0]["bids"], desk.now_ns // 10**6)


def test_a_trade_moves_the_book_of_those_who_listen_at_once() -> None:
    desk = Desk()
    listening(desk)
    desk.wait(1)
    heard(desk)
    desk.place(price="149.9", size="3")
    books = [json.loads(each["data"]) for each in heard(desk)]
    assert any({"price": "149900000", "size": "3000000000"}.items() <= level.items() for level in books[0]["bids"])


def test_a_grouping_is_part_of_the_channel_s_name() -> None:
    desk = Desk()
    listening(desk, grouping="1")
    assert heard(desk)[1]["channel"] == "orderbook_perp_0_grouped_1"


def test_a_heartbeat_every_five_seconds() -> None:
    desk = Desk()
    desk.face.connect(desk.now_ns, "/dlob/ws")
    for _ in range(10):
        desk.wait(1)
    assert heard(desk) == [{"channel": "heartbeat"}] * 2


@pytest.mark.parametrize("changes", [{"market": "MOON-PERP"}, {"channel": "weather"}, {"marketType": "spot"}])
def test_what_cannot_be_subscribed_is_answered_with_an_error(changes: dict[str, str]) -> None:
    desk = Desk()
    listening(desk, **changes)
    [answer] = heard(desk)
    assert answer["error"] == "Error subscribing to channel"


def test_a_subscription_without_a_channel_ends_the_connection() -> None:
    desk = Desk()
    listening(desk, channel="")
    assert heard(desk) == ['1003: {"error":"Error subscribing to channel"}']


def test_noise_is_not_answered_and_who_left_hears_nothing() -> None:
    desk = Desk()
    connection = listening(desk)
    heard(desk)
    desk.face.receive(desk.now_ns, connection, b"{")
    desk.face.receive(desk.now_ns, connection, json.dumps(SUBSCRIBE | {"type": "unsubscribe"}).encode())
    desk.market.mids["SOL-PERP"] = D(151)
    desk.wait(1)
    assert heard(desk) == []
    desk.face.disconnect(connection)
    desk.wait(10)
    assert heard(desk) == []


def test_another_path_has_no_stream() -> None:
    desk = Desk()
    desk.face.connect(desk.now_ns, "/rpc")
    assert heard(desk) == ["not found"]
