"""The alarms of a run as people see them: which stand, and which are over because their cause is.

Fed by `engine.view.Tally` with what the deciders and the engine's own parts raise; read by progress and report.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from actors.commands import RaiseAlarm
from engine.limits import EngineLimits

LINK_UP = ("UP",)
FLAT = ("CLOSED.flat",)
VERIFIED = ("HEDGED.earning", *FLAT)
OVER_IN = {
    "link_lost": LINK_UP,
    "link_outage": LINK_UP,
    "link_sick": LINK_UP,
    "venue_failed": LINK_UP,
    "venue_away": LINK_UP,
    "venue_down": LINK_UP,
    "positions_unverified": VERIFIED,
    "order_in_doubt": VERIFIED,
    "position_surprise": FLAT,
    "attempts_failed": FLAT,
    "leg_stranded": FLAT,
    "drain_late": ("SETTLING",),
    "market_disputed": ("MATCHED", "HELD"),
    "openings_held": ("WATCHING.idle", "WATCHING.holding", "RESTRICTED", "KILLED"),
    "market_unread": ("MATCHED", "HELD", "DISPUTED.standing"),
}
"""The places in which the actor an alarm is about has left its cause behind, by the alarm's code.

A code that is not here stands until the end of the run: nothing shows that its cause is over.
"""
ENDED_BY = {"rearmed": "repeated_executions"}
"""Codes that say of some markets, `VENUE:ASSET`, that what stands of them under another code is over.

Both begin with them and a colon (`actors.risk.person`): many markets are alarmed about by one actor in one place.
"""
LAST_WORD_COUNTS = ("market_disputed",)
"""Codes of which an actor's latest alarm takes the place of the one before: it says how things are now."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm, with the record that raised it and how often it came since (repeats are counted, not kept).

    `about` names the actor, or the position `venue:asset`, it is about; `resolved_ns` is when its cause was over, 0
    while it stands. An alarm raised anew after that stands again, since then; `times` counts how often it came to.
    """

    seq: int
    at_ns: int
    severity: str
    code: str
    text: str
    about: str = ""
    resolved_ns: int = 0
    times: int = 1

    @property
    def news(self) -> bool:
        """Worth telling as it happens: mere information is, once."""
        return self.times == 1 or self.severity != "info"


Told = Callable[[Alarm], None]


class AlarmBook:
    """Keeps the alarms of a run. `told`, where given, hears of each that is news as it comes, and when it is over."""

    def __init__(self, told: Told | None = None, kept_most: int = EngineLimits().alarms_kept) -> None:
        self.kept_most = kept_most
        self.kept: list[Alarm] = []
        self.total = 0
        self._told = told or (lambda _: None)

    def tell(self, told: Told) -> None:
        """From now on `told` hears; what is kept already is not told again."""
        self._told = told

    def hear(self, raised: RaiseAlarm, *, about: str, seq: int, at_ns: int) -> None:
        """Keep an alarm; the same code and text is kept once and counted.

        When there are too many, the oldest of a code that has others goes: the last word, and every kind, stays.
        """
        self.total += 1
        known = next((kept for kept in self.kept if (kept.code, kept.text) == (raised.code, raised.text)), None)
        if raised.code in ENDED_BY:
            self._end(ENDED_BY[raised.code], _markets(raised.text), about, at_ns)
        if known is not None and not known.resolved_ns:
            return
        if raised.code in LAST_WORD_COUNTS:
            self.resolve(raised.code, about, at_ns)
        if known is not None:
            self.kept.remove(known)
        self._make_room()
        alarm = Alarm(
            seq=seq,
            at_ns=at_ns,
            severity=raised.severity,
            code=raised.code,
            text=raised.text,
            about=about,
            times=1 if known is None else known.times + 1,
        )
        self.kept.append(alarm)
        self._tell(alarm)

    def arrived(self, actor: str, place: str, at_ns: int) -> None:
        """An actor is in this place: what it has left behind is over."""
        for alarm in self.kept:
            if alarm.about == actor and place in OVER_IN.get(alarm.code, ()):
                self.resolve(alarm.code, actor, at_ns)

    def resolve(self, code: str, about: str, at_ns: int) -> None:
        """The cause of what stands under this code about this actor or position is over."""
        for number, alarm in enumerate(self.kept):
            if (alarm.code, alarm.about) == (code, about) and not alarm.resolved_ns:
                self._over(number, at_ns)

    def _end(self, code: str, markets: tuple[str, ...], about: str, at_ns: int) -> None:
        """The same, of these markets alone."""
        for number, alarm in enumerate(self.kept):
            named = (alarm.code, alarm.about) == (code, about) and _markets(alarm.text)[0] in markets
            if named and not alarm.resolved_ns:
                self._over(number, at_ns)

    def _over(self, number: int, at_ns: int) -> None:
        self.kept[number] = msgspec.structs.replace(self.kept[number], resolved_ns=at_ns)
        self._tell(self.kept[number])

    def _tell(self, alarm: Alarm) -> None:
        if alarm.news:
            self._told(alarm)

    def _make_room(self) -> None:
        if len(self.kept) >= self.kept_most:
            codes = [kept.code for kept in self.kept]
            del self.kept[next((n for n, code in enumerate(codes) if codes.count(code) > 1), 0)]


def _markets(text: str) -> tuple[str, ...]:
    """The markets with which an alarm's text begins."""
    return tuple(text.partition(": ")[0].split(", "))
