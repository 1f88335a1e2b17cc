"""Levers by name, for whoever can only say text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.simulators.exchange import Exchange
from engine.simulators.levers import LEVERS, LeverUnknown, lever_named
from tests.engine.simulators.exchange_builders import T0, exchange, kinds, open_venue, order, point

D = Decimal


def held(venue: Exchange) -> Decimal:
    position = venue.position("alice", "BTC")
    return D(0) if position is None else position.size


def pull(venue: Exchange, name: str, **fields: str) -> list[str]:
    return kinds(lever_named(name, "alice", "BTC", fields)(venue, T0))


def long_one() -> Exchange:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5"))
    assert held(venue) == D("0.5")
    return venue


@pytest.mark.parametrize(
    ("name", "fields", "left"),
    [
        ("deleverage", {"size": "0.2"}, D("0.3")),
        ("deleverage", {}, D(0)),
        ("liquidate", {"size": "0.2"}, D("0.3")),
        ("set_position", {"size": "-1"}, D(-1)),
    ],
)
def test_a_position_is_changed_as_the_lever_says(name: str, fields: dict[str, str], left: Decimal) -> None:
    venue = long_one()
    assert "OrderFilled" in pull(venue, name, **fields)
    assert held(venue) == left


def test_a_market_is_halted_limited_and_reopened() -> None:
    venue = open_venue()
    refused = {"halt": True, "reduce_only_mode": True, "reopen": False}
    for name, is_refused in refused.items():
        pull(venue, name)
        answer = kinds(venue.place(T0, "alice", order("buy", "0.1")))
        assert ("OrderRejected" in answer) is is_refused, name


def test_the_next_ioc_and_the_next_funding_are_set() -> None:
    venue = open_venue()
    pull(venue, "cap_next_ioc", fraction="0.5")
    venue.place(T0, "alice", order("buy", "0.5"))
    assert held(venue) == D("0.25")
    pull(venue, "force_funding_rate", rate="0.001")
    venue.set_point(T0 + 3_600_000_000_000, point(at_ns=T0 + 3_600_000_000_000))
    venue.settle_funding(T0 + 3_600_000_000_000)
    assert [paid.rate for paid in venue.funding_paid_since("alice", 0)] == [D("0.001")]


def test_a_lever_that_is_not_there_is_refused_with_those_there_are() -> None:
    with pytest.raises(LeverUnknown, match="no lever 'explode'; there are deleverage, liquidate"):
        lever_named("explode", "alice", "BTC", {})


@pytest.mark.parametrize(("name", "fields"), [("set_position", {}), ("cap_next_ioc", {"fraction": "half"})])
def test_fields_that_cannot_be_read_are_named(name: str, fields: dict[str, str]) -> None:
    with pytest.raises(LeverUnknown, match=name):
        pull(exchange(), name, **fields)


@pytest.mark.parametrize("size", ["NaN", "Infinity", "-Infinity", "1e999999", "1e16"])
@pytest.mark.parametrize("name", ["set_position", "deleverage", "liquidate"])
def test_an_amount_no_exchange_can_reckon_with_is_refused_and_changes_nothing(name: str, size: str) -> None:
    venue = long_one()
    before = held(venue)
    with pytest.raises(LeverUnknown, match=name):
        pull(venue, name, size=size)
    with pytest.raises(LeverUnknown):
        pull(venue, "force_funding_rate", rate="NaN")
    with pytest.raises(LeverUnknown):
        pull(venue, "cap_next_ioc", fraction="NaN")
    assert held(venue) == before


def test_every_lever_has_a_name_of_its_own() -> None:
    assert list(LEVERS) == [name for name in dict.fromkeys(LEVERS) if hasattr(Exchange, name)]
