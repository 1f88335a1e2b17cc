"""The numbers 1..255 by which the program knows an order of ours while it is open. Pure.

The program refuses a number that an open order has; ours are given out in turn, so that a number comes back as late
as possible, and never while the order that had it may live. The mapping is in memory: after a restart the User
account says which numbers are taken, and the history whose orders they are (`recalling`).
"""

from __future__ import annotations

from collections.abc import Iterable

LAST = 255


class Slots:
    """Which order holds which number."""

    def __init__(self) -> None:
        self._held: dict[int, str] = {}
        self._foreign: tuple[int, ...] = ()
        self._last = 0

    def take(self, order_id: str) -> int | None:
        """A free number for an order; None when all are held."""
        for step in range(1, LAST + 1):
            number = (self._last + step - 1) % LAST + 1
            if number not in self._held and number not in self._foreign:
                self._held[number] = order_id
                self._last = number
                return number
        return None

    def hold(self, number: int, order_id: str) -> None:
        """An order of an earlier process has this number. Others of its may be on their way with the next ones, so
        those given out from now on are as far away as can be."""
        self._held[number] = order_id
        self._last = (number + LAST // 2 - 1) % LAST + 1

    def free(self, number: int, order_id: str) -> None:
        """The order that held a number is over, provably."""
        if self._held.get(number) == order_id:
            del self._held[number]

    def seen_open(self, numbers: Iterable[int]) -> None:
        """The numbers of the account's open orders: whoever placed them, they are taken."""
        self._foreign = tuple(numbers)
