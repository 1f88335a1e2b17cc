from __future__ import annotations

from engine.checking.expansion import Successor
from engine.checking.rest import ENDLESS, STUCK, judge
from engine.checking.search import Graph


def graph_of(settled: str, *fair: tuple[int, ...]) -> Graph:
    """A graph of as many worlds as letters, those marked `x` at rest, with these fair moves."""
    graph = Graph()
    for world, mark in enumerate(settled):
        graph.number(Successor(0, bytes([world]), b"", 0, 0, fair=True), world - 1)
        graph.settled.append(mark == "x")
        graph.fair_to.extend(fair[world])
        graph.fair_from.append(len(graph.fair_to))
    return graph


def test_the_longest_fair_way_to_rest_is_counted() -> None:
    rest = judge(graph_of("...x", (1, 3), (2,), (3,), (0,)))
    assert (rest.moves_most, rest.from_world, rest.complaints) == (3, 0, ())


def test_a_world_in_which_nothing_more_happens_is_stuck() -> None:
    rest = judge(graph_of("..x", (1, 2), (), ()))
    assert [(complaint.text, complaint.world) for complaint in rest.complaints] == [(STUCK, 1)]


def test_a_round_that_does_not_rest_is_endless_even_with_a_way_out() -> None:
    rest = judge(graph_of("...x", (1,), (2, 3), (1,), ()))
    assert [(complaint.text, complaint.world) for complaint in rest.complaints] == [(ENDLESS, 0)]


def test_a_round_through_a_world_at_rest_is_rest() -> None:
    assert judge(graph_of(".x", (1,), (0,))).complaints == ()
