"""No nonce is left out, none is used twice, and whatever leaves, leaves in the order of the tickets."""

import trio
from hypothesis import given, settings, strategies as st

from engine.venues.lighter.nonces import Gate, Nonces


class Key:
    """The venue's side of one key: what it accepted, by nonce."""

    def __init__(self, first):
        self.next = first
        self.accepted = []

    def take(self, nonce, transaction):
        if nonce != self.next:
            return False
        self.accepted.append((nonce, transaction))
        self.next += 1
        return True


# accepted, refused by the API, never left, cut after or before arrival, arrives after everything else
FATES = ("accepted", "refused", "not_sent", "cut_after", "cut_before", "late", "doubted")


@settings(max_examples=150, deadline=None)
@given(fates=st.lists(st.sampled_from(FATES), max_size=40), first=st.integers(0, 2**40), foreign=st.integers(0, 2))
def test_whatever_becomes_of_transactions_the_venue_sees_no_gap_and_no_nonce_twice(fates, first, foreign):
    """The venue accepts a nonce only when it is the next: a gap would show as a transaction refused for its nonce."""
    venue, nonces, late, refused_for_nonce, came_late = Key(first), Nonces(), [], 0, 0
    for number, fate in enumerate(fates):
        if nonces.next is None:
            nonces.learn(venue.next)
        nonce, name = nonces.take(), f"tx{number}"
        assert nonces.next is None, "two transactions under way"
        match fate:
            case "accepted" | "doubted":
                if fate == "doubted":
                    nonces.doubt()
                if venue.take(nonce, name):
                    nonces.accepted(name)
                    nonces.executed(nonce, name)
                else:
                    refused_for_nonce += 1
                    nonces.unused()
                    nonces.doubt()
            case "refused" | "not_sent":
                nonces.unused()
            case "cut_after":
                venue.take(nonce, name)
                nonces.unclear("lost")
            case "cut_before":
                nonces.unclear("lost")
            case "late":
                late.append((nonce, name))
                nonces.unclear("lost")
        if late and number % 3 == foreign:
            came_late += venue.take(*late.pop(0))
    assert [nonce for nonce, _ in venue.accepted] == list(range(first, venue.next))
    assert refused_for_nonce <= came_late, "refused for its nonce though nothing came in between"
    assert all(not nonces.void(nonce, name) for nonce, name in venue.accepted), "called void what was accepted"


def test_a_transaction_whose_nonce_another_one_took_can_never_run():
    nonces = Nonces()
    nonces.learn(7)
    assert nonces.take() == 7
    nonces.unclear("lost")
    nonces.learn(7)
    assert nonces.take() == 7
    assert not nonces.void(7, "lost")
    nonces.accepted("second")
    assert nonces.rivals(7, "lost") == ("second",)
    assert not nonces.void(7, "lost"), "queued is not executed: it may lapse in the queue and use no nonce"
    nonces.executed(7, "second")
    assert nonces.void(7, "lost")
    assert not nonces.void(7, "second")
    assert nonces.next == 8


def test_what_an_earlier_process_left_can_come_until_one_was_executed_since_our_first():
    nonces = Nonces()
    nonces.executed(6, "theirs")
    nonces.learn(7)
    assert not nonces.began
    nonces.take()
    nonces.accepted("ours")
    assert not nonces.began
    nonces.executed(7, "theirs, which came after all")
    assert nonces.began


def test_a_doubt_while_a_transaction_is_under_way_outlives_its_answer():
    nonces = Nonces()
    nonces.learn(1)
    nonces.take()
    nonces.doubt()
    nonces.accepted("x")
    assert nonces.next is None


async def test_the_gate_lets_through_in_ticket_order_whoever_comes_first(autojump_clock):
    gate, passed = Gate(), []
    tickets = [gate.ticket() for _ in range(5)]

    async def pass_through(ticket, after_s):
        await trio.sleep(after_s)
        assert await gate.reach(ticket, 60)
        passed.append(ticket)
        await trio.sleep(1)
        gate.leave(ticket)

    async with trio.open_nursery() as nursery:
        for place, ticket in enumerate(tickets):
            nursery.start_soon(pass_through, ticket, (5 - place) / 10)
    assert passed == tickets
    assert trio.current_time() >= 5


async def test_who_gives_up_does_not_hold_up_the_others(autojump_clock):
    gate = Gate()
    first, second, third = (gate.ticket() for _ in range(3))
    assert await gate.reach(first, 1)
    assert not await gate.reach(second, 2)
    gate.leave(second)
    gate.leave(first)
    assert await gate.reach(third, 1)
    gate.leave(third)


async def test_a_ticket_that_nobody_comes_with_loses_its_place_and_a_late_one_stands_at_the_end(autojump_clock):
    gate = Gate()
    lost, late, third, fourth = (gate.ticket() for _ in range(4))
    assert await gate.reach(third, 15)
    assert trio.current_time() <= 3
    async with trio.open_nursery() as nursery:
        passed = []

        async def pass_through(ticket):
            assert await gate.reach(ticket, 15)
            passed.append(ticket)
            gate.leave(ticket)

        nursery.start_soon(pass_through, fourth)
        await trio.sleep(0.1)
        nursery.start_soon(pass_through, late)
        await trio.sleep(0.1)
        gate.leave(third)
    assert passed == [fourth, late]
    gate.leave(lost)


async def test_a_cancelled_holder_frees_its_place(autojump_clock):
    gate = Gate()
    first, second = gate.ticket(), gate.ticket()
    with trio.move_on_after(1):
        try:
            await gate.reach(first, 60)
            await trio.sleep_forever()
        finally:
            gate.leave(first)
    assert await gate.reach(second, 1)
