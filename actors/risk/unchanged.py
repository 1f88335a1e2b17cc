"""What a look found nothing in is not looked at again until something in it has changed. Pure in its effect.

A look whose finding can only become less urgent while its inputs stand still (marks grow old, a window's worst sample
leaves it) needs no second look. Inputs are frozen, so "unchanged" is "the very same object"; a memory that is lost, or
holds another engine's inputs, costs a look and changes no decision.
Counterparts: `quiet` and `actors.risk`, which look.
"""

from __future__ import annotations

from operator import is_

KEYS_MOST = 4096
"""So many keys are remembered; then the memory begins anew."""


class Unchanged:
    """By key: the inputs of the last look that found nothing, and its time."""

    def __init__(self) -> None:
        self._looks: dict[str, tuple[int, tuple[object, ...]]] = {}

    def holds(self, key: str, at_ns: int, inputs: tuple[object, ...]) -> bool:
        """True when a look at these very inputs, not later than now, found nothing."""
        look = self._looks.get(key)
        if look is None or look[0] > at_ns or len(look[1]) != len(inputs):
            return False
        return all(map(is_, look[1], inputs))

    def note(self, key: str, at_ns: int, inputs: tuple[object, ...]) -> None:
        """A look at these inputs has found nothing."""
        if len(self._looks) >= KEYS_MOST:
            self._looks.clear()
        self._looks[key] = (at_ns, inputs)
