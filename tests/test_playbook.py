"""The playbook itself: what does not fit is noticed, and the dialogue is shown."""

from __future__ import annotations

import pytest

from actors.commands import QueryOrder, SubmitOrder
from tests.factories import accepted, entry, idle_pair, pair_at, rejected, unresolved
from tests.playbook import fires, like


def test_an_unread_command_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"not read: .*SubmitOrder"):
        (idle_pair() >> entry()).took("E1")
    with pytest.raises(AssertionError, match="not read before the next message"):
        _ = idle_pair() >> entry() >> accepted()


def test_another_command_is_noticed_and_the_dialogue_is_shown() -> None:
    with pytest.raises(AssertionError, match=r"(?s)expected QueryOrder.*got SubmitOrder.*>> EntryAsked.*E1 -> IDLE"):
        _ = idle_pair() >> entry() << like(QueryOrder)
    with pytest.raises(AssertionError, match="purpose='maker'"):
        _ = idle_pair() >> entry() << like(SubmitOrder, purpose="maker")


def test_a_command_that_does_not_come_is_noticed() -> None:
    with pytest.raises(AssertionError, match="nothing more was said"):
        _ = pair_at("IDLE.taker_in_flight") >> accepted() << like(QueryOrder)


def test_another_row_and_another_place_are_noticed() -> None:
    with pytest.raises(AssertionError, match="expected row E2, got E1"):
        (idle_pair() >> entry() << ...).took("E2")
    with pytest.raises(AssertionError, match=r"expected IDLE\.ready, got IDLE\.taker_in_flight"):
        (idle_pair() >> entry() << ...).at("IDLE.ready")


def test_a_matcher_for_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError, match="SubmitOrder has no field 'colour'"):
        like(SubmitOrder, colour="red")


def test_a_timer_that_does_not_run_cannot_fire() -> None:
    with pytest.raises(AssertionError, match=r"timer maker_timeout does not run in IDLE\.ready"):
        _ = idle_pair() >> fires("maker_timeout")


def test_a_timer_fires_when_it_is_due_and_never_in_the_past() -> None:
    play = pair_at("IDLE.taker_in_flight")
    due_ns = play.due_ns("order_timeout")
    assert play.play(fires("order_timeout")).at_ns == due_ns
    late = pair_at("IDLE.taker_in_flight").passes(60)
    before = late.at_ns
    assert late.play(fires("order_timeout")).at_ns > before


def test_stories_can_go_on_from_any_place() -> None:
    pair_at("IDLE.taker_in_flight").play(unresolved(), rejected()).at("IDLE.backoff")
