from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.risk.state import RiskState
from engine.control import asking, listener, place
from engine.control.asking import Answer
from tests.engine.control.living import Living, living


def risk_of(heart: Living) -> RiskState:
    state = heart.core.states["risk"]
    assert isinstance(state, RiskState)
    return state


async def test_what_is_asked_is_decided_journaled_and_answered_with_its_seq(tmp_path: Path) -> None:
    async with living(tmp_path) as heart:
        answer = await heart.told(wish="hold")
        assert (answer.outcome, answer.seq) == ("accepted", 1)
        assert answer.text == "openings are held; hedging and reducing go on; asked by Ann: news"
        assert risk_of(heart).place == "PAUSED"
        assert (await heart.told(wish="resume-openings", id="2")).outcome == "accepted"
        assert risk_of(heart).place == "WATCHING.holding"


async def test_what_changes_nothing_says_so_and_what_is_refused_says_why(tmp_path: Path) -> None:
    async with living(tmp_path) as heart:
        unheld = await heart.told(wish="resume-openings")
        assert (unheld.outcome, unheld.text) == ("accepted", "risk: nothing changed — openings are not held")
        refused = await heart.told(wish="rearm", id="2", market="hyperliquid:BTC")
        assert refused.outcome == "refused"
        assert "market hyperliquid:BTC: not disarmed" in refused.text
        above = await heart.told(wish="limits", id="3", limit="leverage_most", value="4")
        assert (above.outcome, above.seq) == ("refused", 0)
        assert "above the profile's 3" in above.text
        assert len(heart.decisions) == 2


async def test_asked_twice_under_one_id_it_is_done_once_and_answered_alike(tmp_path: Path) -> None:
    async with living(tmp_path) as heart:
        first = await heart.told(wish="hold")
        assert await heart.told(wish="hold") == first
        assert len(heart.decisions) == 1
        other = await heart.told(wish="drain")
        assert (other.outcome, other.text) == ("refused", "id: 1 was used for another ask")


async def test_an_ask_that_is_not_decided_in_time_is_unknown_and_not_put_twice(tmp_path: Path) -> None:
    async with living(tmp_path, speed=0.02) as heart:
        heart.pause()
        answer = await heart.told(wish="hold")
        assert (answer.outcome, answer.seq) == ("unknown", 0)
        assert (await heart.told(wish="hold")).outcome == "unknown"
        heart.awake.set()
        await trio.testing.wait_all_tasks_blocked()
        assert len(heart.decisions) == 1


async def test_a_lifecycle_that_cannot_hear_is_spoken_for(tmp_path: Path) -> None:
    async with living(tmp_path) as heart:
        heart.core.faults["engine_lifecycle"] = 2
        answer = await heart.told(wish="kill")
        assert (answer.outcome, answer.text[:24]) == ("accepted", "engine_lifecycle is deaf")
        heart.core.faults["risk"] = 2
        assert (await heart.told(wish="hold", id="2")).outcome == "refused"


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b"x" * (2 * place.LINE_MOST)])
async def test_a_caller_who_talks_nonsense_or_hangs_up_harms_nobody(line: bytes, tmp_path: Path) -> None:
    async with living(tmp_path) as heart:
        with place.opened(tmp_path) as directory, socket.socket(socket.AF_UNIX) as caller:
            caller.connect(place.address(tmp_path, directory))
            caller.sendall(line)
        assert (await heart.told(wish="hold")).outcome == "accepted"


async def test_nonsense_is_answered(tmp_path: Path) -> None:
    async with living(tmp_path):
        with place.opened(tmp_path) as directory:
            stream = await trio.open_unix_socket(place.address(tmp_path, directory))
        await stream.send_all(b"{}\n")
        answer = msgspec.json.decode(await stream.receive_some(), type=Answer)
        assert answer.outcome == "refused"
        await stream.aclose()


async def test_an_engine_that_cannot_hear_anybody_says_so_and_runs(tmp_path: Path) -> None:
    (tmp_path / place.CONTROL).mkdir(mode=0o755)
    async with living(tmp_path) as heart:
        assert [alarm.code for alarm in heart.alarms] == ["control_closed"]


async def test_answers_that_are_remembered_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "ANSWERS_REMEMBERED", 2)
    async with living(tmp_path) as heart:
        for number in range(4):
            await heart.told(wish="limits", id=str(number), limit="leverage_most", value="2")
        assert list(heart.listener._answers) == ["2", "3"]


async def test_an_ask_that_breaks_the_listener_harms_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken = asking.messages_of, iter((True,))

    def messages_of(*known: Any) -> Any:
        if next(broken, False):
            raise ZeroDivisionError("a defect")
        return real(*known)

    monkeypatch.setattr(listener, "messages_of", messages_of)
    async with living(tmp_path) as heart:
        assert (await heart.told(wish="hold")).outcome == "unknown"
        assert [alarm.code for alarm in heart.alarms] == ["control_failed"]
        assert (await heart.told(wish="hold", id="2")).outcome == "accepted"
