from __future__ import annotations

from pathlib import Path

import pytest
import trio

from engine.control import place
from engine.control.asking import Answer, Ask
from engine.control.place import Unreachable
from engine.control.teller import new_id, tell
from tests.engine.control.living import living

HOLD = Ask(id="1", wish="hold", by="Ann", reason="news")


def test_an_ask_that_nobody_could_understand_is_not_sent(tmp_path: Path) -> None:
    answer = tell(tmp_path, Ask(id="1", wish="hold", by="", reason="news"), 5.0)
    assert (answer.outcome, answer.text) == ("refused", "by: give 1 to 64 printable characters")


def test_no_engine_no_ask(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no such run directory"):
        tell(tmp_path / "nowhere", HOLD, 5.0)
    with pytest.raises(Unreachable, match="no engine listens there"):
        tell(tmp_path, HOLD, 5.0)


def test_what_a_dead_engine_left_behind_takes_nothing_that_the_next_one_would_do(tmp_path: Path) -> None:
    place.made(tmp_path)
    with place.opened(tmp_path) as directory:
        place.bound(tmp_path, directory).close()
    with pytest.raises(Unreachable, match="nothing was asked, and no later engine will hear of it"):
        tell(tmp_path, HOLD, 5.0)


async def test_an_engine_that_ends_before_it_answers_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    answers: list[Answer] = []
    async with trio.open_nursery() as nursery, living(tmp_path) as heart:
        heart.pause()

        async def ask() -> None:
            answers.append(await heart.told(wish="hold"))

        nursery.start_soon(ask)
        await heart.asked.wait()
    assert [answer.outcome for answer in answers] == ["unknown"]
    assert "--id 1" in answers[0].text


async def test_patience_ends(tmp_path: Path) -> None:
    async with living(tmp_path) as heart:
        heart.pause()
        assert (await heart.told(patience_s=0.1, wish="hold")).outcome == "unknown"


def test_every_ask_has_an_id_of_its_own() -> None:
    assert len({new_id() for _ in range(100)}) == 100
