from __future__ import annotations

import pytest
from rich.console import Console

from actors.gates import Candidate
from engine import config as configuration, scanning

CONFIG = configuration.with_options(
    configuration.load(configuration.DEFAULT_CONFIG),
    seed=3,
    duration="8h",
    assets="BTC,HYPE,XRP",
    venues="hyperliquid,pacifica",
)


SAID: list[str] = []


@pytest.fixture(scope="module")
def found() -> tuple[Candidate, ...]:
    return scanning.observe(CONFIG, SAID.append)


def test_what_is_left_out_is_said(found: tuple[Candidate, ...]) -> None:
    assert SAID == ["the market has no XRP: left out"]
    assert "XRP" not in [candidate.asset for candidate in found]


def test_every_asset_is_judged_and_the_best_stands_first(found: tuple[Candidate, ...]) -> None:
    assert sorted({candidate.asset for candidate in found}) == ["BTC", "HYPE"]
    expected = [candidate.expected_net_usd for candidate in found]
    assert expected == sorted(expected, reverse=True)


def test_a_refusal_says_what_was_measured_and_what_was_needed(found: tuple[Candidate, ...]) -> None:
    refused = [row for row in scanning.as_data(found) if not row["passed"]]
    passed = [row for row in scanning.as_data(found) if row["passed"]]
    assert refused or passed
    for row in (*refused, *passed):
        failing = [gate for gate in row["gates"] if not gate["passed"]]
        assert bool(failing) is not row["passed"]
        assert all(gate["measured"] and gate["needed"] for gate in row["gates"])


def test_the_short_leg_is_where_funding_is_higher(found: tuple[Candidate, ...]) -> None:
    for row in scanning.as_data(found):
        assert {row["short"], row["long"]} == {"hyperliquid", "pacifica"}
        assert row["rate_per_hour"] >= 0
        assert row["apr"] == row["rate_per_hour"] * 8760


def test_the_table_has_a_line_for_each_candidate(found: tuple[Candidate, ...]) -> None:
    console = Console(width=250)
    with console.capture() as captured:
        console.print(scanning.table(found))
    text = captured.get()
    assert all(f" {candidate.asset} " in text for candidate in found)
    assert text.count("hyperliquid") == len(found)
