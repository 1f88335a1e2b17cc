"""The dead-man's switch of the simulated Hyperliquid: cancel everything of an account at a set time.

HL docs, "Exchange endpoint" (scheduleCancel), 2025-11: at least 5 s ahead, at most 10 triggers a day (UTC); gated by
volume, for setting and unsetting alike. The texts for a time too near and for too many triggers are made up.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.simulators.hyperliquid.knobs import FaceKnobs
from engine.simulators.hyperliquid.limits import AddressLimit
from engine.simulators.hyperliquid.words import NO_SCHEDULE, SCHEDULE_SPENT, SCHEDULE_TOO_NEAR
from engine.simulators.hyperliquid.writer import ms, text

AHEAD_MS = 5_000
DAY_MS = 86_400_000


class DeadMan:
    """The set times, by account."""

    def __init__(self, knobs: FaceKnobs, address: AddressLimit) -> None:
        self._knobs, self._address = knobs, address
        self._due_ms: dict[str, int] = {}
        self._triggered: dict[tuple[str, int], int] = {}
        self.ended: dict[int, None] = {}
        """Orders that a trigger has cancelled."""

    def set(self, now_ns: int, account: str, time_ms: int | None) -> str | None:
        """Arm for a time, or take the time back; the text of a refusal, or None."""
        volume = self._address.volume(account)
        if volume < self._knobs.dead_man_volume_usd:
            return NO_SCHEDULE.format(required=self._knobs.dead_man_volume_usd, traded=text(volume))
        if time_ms is None:
            self._due_ms.pop(account, None)
            return None
        if time_ms < ms(now_ns) + AHEAD_MS:
            return SCHEDULE_TOO_NEAR
        if self._triggered.get((account, ms(now_ns) // DAY_MS), 0) >= self._knobs.dead_man_triggers_most:
            return SCHEDULE_SPENT
        self._due_ms[account] = time_ms
        return None

    def due(self, now_ns: int) -> Iterator[str]:
        """Accounts whose time has come; each is triggered once."""
        for account, time_ms in list(self._due_ms.items()):
            if time_ms <= ms(now_ns):
                del self._due_ms[account]
                day = (account, time_ms // DAY_MS)
                self._triggered[day] = self._triggered.get(day, 0) + 1
                yield account
