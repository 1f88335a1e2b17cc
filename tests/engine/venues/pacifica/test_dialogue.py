"""What a first snapshot asks for, and in which order: an engine that comes back again and again has credits to keep.

What the answers become is in `test_adapter`.
"""

from __future__ import annotations

import pytest
import trio

from engine.venues.transport import HttpRequest, HttpResponse
from tests.engine.venues.pacifica.world import World

NS_PER_S = 10**9
FUNDING = "/api/v1/funding/history"


async def asked(at_s: float, silent_s: float) -> list[str]:
    """What is asked by an adapter that comes up so long after a whole hour, after an engine that fell silent before."""
    world, paths = World(step_s=60), list[str]()
    real = world.transport.request

    async def request(wanted: HttpRequest) -> HttpResponse:
        paths.append(wanted.path)
        return await real(wanted)

    await trio.sleep(at_s)
    world.adapter = world.make_adapter()
    world.adapter.recall((), world.now_ns() - round(silent_s * NS_PER_S))
    world.transport.request = request  # type: ignore[method-assign, assignment]
    async with world.running():
        await world.after(1)
    return paths


async def test_what_is_held_is_asked_before_anything_else(autojump_clock: object) -> None:
    paths = await asked(1800.0, 5.0)
    assert paths[0] == "/api/v1/positions"
    assert paths.count("/api/v1/positions") == 1


@pytest.mark.parametrize(
    ("at_s", "silent_s", "may_be_paid"),
    [
        (1800.0, 5.0, False),
        (1800.0, 1900.0, True),
        (100.0, 5.0, True),
        (100.0, 110.0, True),
        (250.0, 5.0, False),
        (7300.0, 4000.0, True),
    ],
)
async def test_payments_are_asked_for_only_where_an_hour_may_have_been_settled(
    at_s: float, silent_s: float, may_be_paid: bool, autojump_clock: object
) -> None:
    """For some time after an hour its payments are still being polled for: an engine that died then may lack them."""
    assert (FUNDING in await asked(at_s, silent_s)) is may_be_paid
