from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.checking.bounds import Bounds
from engine.checking.expansion import Successor
from engine.checking.rest import judge
from engine.checking.search import Found, Graph, expanding, search
from tests.engine.checking.scenes import searched

WORLDS = {
    Bounds(lots=1, faults=0, asks=0): 63,
    Bounds(lots=2, faults=0, asks=0): 84,
    Bounds(lots=3, faults=0, asks=0): 111,
    Bounds(lots=1, faults=0, asks=1): 413,
    Bounds(lots=2, faults=0, asks=1): 797,
    Bounds(lots=1, faults=1, asks=0): 4041,
    Bounds(lots=1, faults=1, asks=0, first="taker"): 4041,
    Bounds(lots=2, faults=1, asks=0): 15189,
    Bounds(lots=1, faults=0, asks=0, gone=1): 419,
    Bounds(lots=1, faults=0, asks=1, gone=1): 4118,
}
"""Worlds within small bounds. Another number means that the chart, the policy or the adversary has changed: see that
the change was meant, and write the new number."""


@pytest.mark.parametrize("bounds", list(WORLDS), ids=lambda b: f"{b.lots}-{b.faults}-{b.asks}-{b.first}-{b.gone}")
def test_the_shipped_decisions_hold_every_invariant_in_every_world(bounds: Bounds) -> None:
    found = searched(bounds)
    assert found.complete
    assert found.complaints == judge(found.graph).complaints == ()
    assert len(found.graph) == WORLDS[bounds]


def told(found: Found) -> tuple[list[int], list[int], list[int]]:
    graph = found.graph
    return list(graph.parents), list(graph.moves), list(graph.fair_to)


def test_any_number_of_processes_finds_the_same_worlds_by_the_same_numbers() -> None:
    bounds = Bounds(lots=1, faults=1, asks=0)
    with expanding(bounds, 2) as expand:
        assert told(search(bounds, expand)) == told(searched(bounds))


def test_the_hash_seed_does_not_matter() -> None:
    command = [sys.executable, "-m", "engine.cli", "check", "--lots", "1", "--faults", "1", "--asks", "0", "--json"]
    said = [
        subprocess.run(
            [*command, "--jobs", "1"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert f'"worlds":{WORLDS[Bounds(lots=1, faults=1, asks=0)]}' in said[0]


def test_a_search_that_is_ended_is_not_complete() -> None:
    with expanding(Bounds(worlds_most=50), 1) as expand:
        assert not search(Bounds(worlds_most=50), expand).complete


def test_a_world_found_with_larger_budgets_is_not_searched_again() -> None:
    graph = Graph()
    rich, poor = (Successor(0, b"same", b"form", faults, 1, fair=True) for faults in (2, 1))
    assert graph.number(poor, -1) == (0, True)
    assert graph.number(rich, 0) == (1, True)
    assert graph.number(poor, 1) == (0, False)
    assert graph.number(rich, 1) == (1, False)
    other = Successor(0, b"same", b"form", 0, 0, fair=True)
    assert graph.number(other, 1) == (0, False)


def test_the_way_to_a_world_is_the_start_and_then_the_moves() -> None:
    graph = Graph()
    for parent, move in ((-1, 0), (0, 4), (1, 7)):
        graph.number(Successor(move, bytes([move]), b"", 0, 0, fair=True), parent)
    assert graph.way_to(2) == [0, 4, 7]
