"""Questions that several ask at once are asked as few times as may be, and no answer is older than its asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
import trio.testing

from engine.venues.questions import Leaving, Questions, Shared


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


class Desk:
    """A venue that answers `number` of the asking after `room_s` of waiting and `answer_s` of the venue's."""

    def __init__(self, room_s: float = 0.0, answer_s: float = 2.0, fails: bool = False) -> None:
        self.room_s, self.answer_s, self.fails = room_s, answer_s, fails
        self.asked = 0
        self.told: list[int | str] = []
        self.shared: Shared[int] = Shared(self._question)

    async def _question(self, leaving: Leaving) -> int:
        await trio.sleep(self.room_s)
        leaving()
        self.asked += 1
        number = self.asked
        await trio.sleep(self.answer_s)
        if self.fails:
            raise ValueError(f"no answer to {number}")
        return number

    async def ask(self) -> None:
        try:
            self.told.append(await self.shared.ask())
        except ValueError as error:
            self.told.append(str(error))


async def test_all_who_ask_in_the_same_instant_share_one_answer(autojump_clock: trio.testing.MockClock) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(desk.ask)
    assert (desk.asked, desk.told) == (1, [1] * 5)


async def test_all_who_ask_while_a_question_waits_for_room_share_its_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    desk = Desk(room_s=3)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(desk.ask)
            await trio.sleep(0.9)
    assert (desk.asked, desk.told) == (1, [1] * 3)


async def test_who_asks_after_it_left_asks_anew_and_does_not_wait_for_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    desk = Desk(answer_s=10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.ask)
        await trio.sleep(1)
        await desk.ask()
        assert (desk.told, trio.current_time()) == ([1, 2], 11.0)


async def test_an_error_is_told_to_all_who_share_it_and_the_next_asks_anew(
    autojump_clock: trio.testing.MockClock,
) -> None:
    desk = Desk(fails=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.ask)
        nursery.start_soon(desk.ask)
    assert desk.told == ["no answer to 1"] * 2
    desk.fails = False
    assert await desk.shared.ask() == 2


async def test_when_the_asker_is_given_up_the_others_ask_anew(autojump_clock: trio.testing.MockClock) -> None:
    desk = Desk(room_s=3)

    async def impatient() -> None:
        with trio.move_on_after(1):
            await desk.ask()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(impatient)
        await trio.sleep(0.5)
        nursery.start_soon(desk.ask)
        nursery.start_soon(desk.ask)
    assert (desk.asked, desk.told, trio.current_time()) == (1, [1, 1], 6.0)
