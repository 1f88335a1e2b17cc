"""Questions that several ask at once are asked as few times as may be, and no answer is older than its asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
import trio.testing

from engine.venues.questions import Questions


def slow_question(begun_s: list[float], for_s: float = 2.0) -> Callable[[], Awaitable[None]]:
    """Notes when it begins."""

    async def question() -> None:
        begun_s.append(trio.current_time())
        await trio.sleep(for_s)

    return question


async def test_whoever_asks_while_one_waits_is_answered_by_that_one(autojump_clock: trio.testing.MockClock) -> None:
    questions, begun_s = Questions(), list[float]()
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(questions.ask, "order", slow_question(begun_s))
            await trio.sleep(0.1)
    assert begun_s == [0.0, 2.0]


async def test_a_question_under_way_is_no_answer_to_who_asks_after_it_began(
    autojump_clock: trio.testing.MockClock,
) -> None:
    questions, begun_s = Questions(), list[float]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(questions.ask, "order", slow_question(begun_s))
        await trio.sleep(1)
        await questions.ask("order", slow_question(begun_s))
        assert trio.current_time() == 4.0


async def test_two_subjects_do_not_wait_for_each_other(autojump_clock: trio.testing.MockClock) -> None:
    questions, begun_s = Questions(pause_s=10), list[float]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(questions.ask, "one", slow_question(begun_s))
        nursery.start_soon(questions.ask, "other", slow_question(begun_s))
    assert begun_s == [0.0, 0.0]


async def test_the_next_question_begins_a_pause_after_the_last_one_began(
    autojump_clock: trio.testing.MockClock,
) -> None:
    questions, begun_s = Questions(pause_s=4), list[float]()
    for _ in range(3):
        await questions.ask("order", slow_question(begun_s))
    await trio.sleep(20)
    await questions.ask("order", slow_question(begun_s))
    assert begun_s == [0.0, 4.0, 8.0, 30.0]


async def test_one_that_is_cancelled_leaves_its_place_to_the_next(autojump_clock: trio.testing.MockClock) -> None:
    questions, begun_s = Questions(pause_s=4), list[float]()
    await questions.ask("order", slow_question(begun_s))
    with trio.move_on_after(1):
        await questions.ask("order", slow_question(begun_s))
    await questions.ask("order", slow_question(begun_s))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(questions.ask, "order", slow_question(begun_s, for_s=20))
        await trio.sleep(5)
        with trio.move_on_after(1):
            await questions.ask("order", slow_question(begun_s))
        nursery.cancel_scope.cancel()
    await questions.ask("order", slow_question(begun_s))
    assert begun_s == [0.0, 4.0, 8.0, 12.0]
