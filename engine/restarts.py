"""How often a venue whose task failed is begun again, and after which pause. Used by `engine.runtime`.

A task that fails again and again has a cause that another try will not mend; each try costs requests and signatures.
"""

from __future__ import annotations

import msgspec


class RestartLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of beginning a venue again. The pause doubles with every failure within the window."""

    failures_most: int = 5
    """So many failures within the window are answered by another try; the next one is not."""
    failures_within_s: float = 600.0
    pause_first_s: float = 5.0
    pause_most_s: float = 60.0


class Restarts:
    """One venue's failures of late. Times in seconds of the engine's clock."""

    def __init__(self, limits: RestartLimits) -> None:
        self._limits = limits
        self._failed_s: list[float] = []

    def failed(self, now_s: float) -> float | None:
        """The pause after this failure, seconds; None when the venue is not to be begun again."""
        limits = self._limits
        self._failed_s = [*(at_s for at_s in self._failed_s if now_s - at_s < limits.failures_within_s), now_s]
        count = len(self._failed_s)
        if count > limits.failures_most:
            return None
        return min(limits.pause_most_s, limits.pause_first_s * 2.0 ** (count - 1))
