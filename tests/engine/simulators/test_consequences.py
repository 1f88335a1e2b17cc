from __future__ import annotations

import pytest

from engine.simulators.consequences import Manner, garbled, manner_of, status_answer, unexecuted
from engine.simulators.faults import (
    CapFill,
    Delay,
    Disconnect,
    DropRequest,
    DropResponse,
    Duplicate,
    Fault,
    Garble,
    Reject,
    ResetBefore,
    Restart,
    Slow,
    Status,
    Truncate,
)
from tests.engine.simulators.exchange_builders import D


def test_faults_of_one_message_add_up_and_the_shortest_part_remains() -> None:
    faults = (Delay(delay_s=1), Delay(delay_s=2), Duplicate(copies=3), Slow(over_s=4), Truncate(keep=0.7), Truncate())
    assert manner_of(faults) == Manner(delay_s=3, copies=3, slow_s=4, keep=0.5)
    assert manner_of(()) == Manner()


@pytest.mark.parametrize(
    ("fault", "kept_away"),
    [
        (DropRequest(), True),
        (Reject(reason="margin"), True),
        (ResetBefore(), True),
        (Restart(), True),
        (Status(status=500), True),
        (Status(status=500, executed=True), False),
        (DropResponse(), False),
        (Disconnect(), False),
        (CapFill(fraction=D("0.5")), False),
        (Truncate(), False),
    ],
    ids=repr,
)
def test_what_keeps_the_venue_from_doing_a_request(fault: Fault, kept_away: bool) -> None:
    assert unexecuted((Delay(delay_s=1), fault)) is kept_away


def test_words_are_replaced_one_fault_after_the_other() -> None:
    assert garbled(b"a b", (Garble(find="a", put="b"), Delay(delay_s=1), Garble(find="b", put="c"))) == b"c c"


def test_a_status_carries_its_headers_in_lower_case() -> None:
    answer = status_answer(Status(status=503, body="<p>", headers={"CF-Ray": "1"}, retry_after_s=2))
    assert (answer.status, answer.body) == (503, b"<p>")
    assert answer.headers == (("content-type", "text/html"), ("cf-ray", "1"), ("retry-after", "2"))
