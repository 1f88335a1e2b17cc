"""How often a venue whose task failed is begun again, and after which pause. Used by `engine.runtime`.

A task that fails again and again has a cause that another try will hardly mend; each try costs requests and
signatures. Beyond the budget it is tried seldom, but not never: a venue that comes back is not to wait for a person.
"""

from __future__ import annotations

import msgspec


class RestartLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of beginning a venue again. The pause doubles with every failure within the window."""

    failures_most: int = 5
    """So many failures within the window are answered by another try soon; after the next one it is tried seldom."""
    failures_within_s: float = 600.0
    pause_first_s: float = 5.0
    pause_most_s: float = 60.0
    pause_spent_s: float = 300.0
    """Between two tries once the budget is spent, until the venue has lived for the whole window."""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """How long a venue is left alone after a failure. `spent`: the budget is used up, it is tried only seldom."""

    seconds: float
    spent: bool = False


class Restarts:
    """One venue's failures of late. Times in seconds of the engine's clock."""

    def __init__(self, limits: RestartLimits) -> None:
        self._limits = limits
        self._failed_s: list[float] = []
        self._spent = False
        self._begun_s = 0.0
        self._away = 0

    def away(self) -> Pause:
        """The pause after a question to a venue that cannot be reached yet: nothing of ours has failed, so no budget is
        spent, and one that is back does not wait for the seldom tries with a leg open."""
        self._away += 1
        limits = self._limits
        return Pause(seconds=min(limits.pause_most_s, limits.pause_first_s * 2.0 ** min(self._away - 1, 16)))

    def failed(self, now_s: float) -> Pause:
        """The pause after this failure."""
        limits = self._limits
        self._failed_s = [*(at_s for at_s in self._failed_s if now_s - at_s < limits.failures_within_s), now_s]
        count = len(self._failed_s)
        lived = now_s - self._begun_s >= limits.failures_within_s
        self._spent = count > limits.failures_most or (self._spent and not lived)
        soon_s = min(limits.pause_most_s, limits.pause_first_s * 2.0 ** (count - 1))
        pause = Pause(seconds=limits.pause_spent_s if self._spent else soon_s, spent=self._spent)
        self._begun_s = now_s + pause.seconds
        return pause
