"""One venue from its first word to its last: reached, looked at, cleared in rounds, and looked at again.

Each venue lives in a task of its own with patience of its own, so that a slow or a dead one holds up nobody. Whatever
ends it, what was learnt until then is told.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager

import msgspec
import trio

from actors.domain import Venue
from actors.messages import AccountReported
from engine.errors import UserError
from engine.flatten.closing import Market, Notes
from engine.flatten.desk import Desk
from engine.flatten.ear import Ear
from engine.flatten.reach import Reach, Reached
from engine.flatten.record import Line
from engine.flatten.settings import FlattenSettings
from engine.sizes import plain, side_of

NAME_OF_OTHERS = ":"
"""In the name of a market whose symbol stands in no table: it is told, never traded (`engine.venues.assets`)."""


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of one venue. `namespace` makes its client order ids its own; `speed` is that of trio's clock.

    `everything`: also the markets the venue shows besides; `looks`: nothing is sent.
    """

    venue: Venue
    assets: tuple[str, ...]
    settings: FlattenSettings
    namespace: str
    everything: bool = False
    looks: bool = False
    speed: float = 1.0

    @property
    def patience_s(self) -> float:
        """Real time for all of it."""
        return self.settings.look_s if self.looks else self.settings.patience_s


class VenueWork:
    """One venue's work; `trouble` says why it is not done, empty when every market was seen to."""

    def __init__(self, errand: Errand, reach: Reach, notes: Notes) -> None:
        self.venue = errand.venue
        self.markets: dict[str, Market] = {}
        self.trouble = "not begun"
        self.account: AccountReported | None = None
        self._errand, self._reach, self._notes = errand, reach, notes
        self._ear: Ear | None = None
        self._add(errand.assets)

    @property
    def flat(self) -> bool:
        """Every market is, and the venue said so."""
        return not self.trouble and all(market.flat for market in self.markets.values())

    @property
    def strangers(self) -> tuple[str, ...]:
        """Markets that were found at the venue and were not asked for."""
        return tuple(asset for asset in self.markets if asset not in self._errand.assets)

    async def run(self) -> None:
        """To the end, or to the end of the patience. Raises nothing but a cancellation."""
        self.trouble = "interrupted"
        patience_s = self._errand.patience_s
        with trio.move_on_after(patience_s * self._errand.speed) as patience:
            try:
                await self._run()
                self.trouble = ""
            except* UserError as refused:
                self.trouble = "; ".join(str(each) for each in _leaves(refused))
            except* Exception as failed:  # noqa: BLE001 - one venue must not cost the others
                self.trouble = "; ".join(f"{type(each).__name__}: {each}" for each in _leaves(failed))
        if patience.cancelled_caught:
            down = self._ear is None or not self._ear.up
            heard = self._ear.complaint if self._ear is not None else ""
            self.trouble = f"not done within {patience_s:g} s{f'; it cannot be reached ({heard})' if down else ''}"
        if self.trouble:
            self._lost(self.trouble)

    async def _run(self) -> None:
        errand = self._errand
        async with self._reach.open(self.venue, self._notes.tell) as reached:
            async with self._up(self._desk(errand.assets, reached)) as desk:
                self._look(desk)
                if errand.looks:
                    return
                if not self.strangers:
                    await self._clear(desk)
                    return
            async with self._up(self._wider(reached)) as desk:
                await self._clear(desk)

    @asynccontextmanager
    async def _up(self, desk: Desk) -> AsyncIterator[Desk]:
        """The venue's adapter at work, its snapshot read."""
        self._ear = desk.ear
        async with trio.open_nursery() as nursery:
            desk.begin(nursery)
            await desk.up(math.inf)
            self._notes.note(Line(what="reached", venue=self.venue))
            yield desk
            nursery.cancel_scope.cancel()

    def _desk(self, assets: tuple[str, ...], reached: Reached) -> Desk:
        def lost(why: str) -> None:
            self._notes.tell(self.venue, f"its link is down ({why}); connecting again")

        return Desk(self.venue, assets, reached, self._errand.settings, lost)

    def _wider(self, reached: Reached) -> Desk:
        """An adapter that also trades what else the venue showed, where there can be one."""
        errand = self._errand
        more = tuple(asset for asset in self.strangers if NAME_OF_OTHERS not in asset)
        try:
            return self._desk((*errand.assets, *more), reached)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with them, the others can be closed
            self._notes.tell(self.venue, f"{', '.join(more)} cannot be traded here ({error})")
            return self._desk(errand.assets, reached)

    # looking

    def _look(self, desk: Desk) -> None:
        """Take what the snapshot shows; what nobody asked for is named, and is ours to close with `everything`."""
        self.account = desk.ear.account
        held = [report for report in desk.ear.positions.values() if report.size]
        if self._errand.everything:
            self._add(report.asset for report in held if report.asset not in self.markets)
        for market in self.markets.values():
            market.shown(desk)
        for report in held:
            theirs = "" if report.asset in self.markets else ", which was not asked for and stays"
            size = f"{side_of(report.size)} {plain(abs(report.size))} {report.asset}"
            self._notes.tell(self.venue, f"holds {size}{theirs}")
        if not held:
            self._notes.tell(self.venue, "holds nothing")

    def _add(self, assets: Iterable[str]) -> None:
        errand = self._errand
        for asset in tuple(assets):
            self.markets[asset] = Market(errand.venue, asset, errand.settings, self._notes, errand.namespace)

    # clearing

    async def _clear(self, desk: Desk) -> None:
        """What is held first; then what is flat, for orders may rest there. Then all are asked again.

        A round at whose end the venue's link was down is not counted: the patience bounds those.
        """
        mine = [market for asset, market in self.markets.items() if asset in desk.assets and not market.absent]
        left, rounds, settings = mine, 0, self._errand.settings
        while rounds < settings.rounds_most:
            await desk.up(settings.answer_s)
            held = [market for market in left if market.after]
            await _each(market.clear for market in held)(desk)
            await _each(market.clear for market in left if market not in held)(desk)
            await _each(market.look for market in mine)(desk)
            left = [market for market in mine if not market.flat]
            if not left:
                return
            rounds += desk.ear.up

    def _lost(self, words: str) -> None:
        self._notes.note(Line(what="lost", venue=self.venue, words=words))
        self._notes.tell(self.venue, words)


Work = Callable[[Desk], Awaitable[None]]


def _each(works: Iterable[Work]) -> Work:
    """All of them together."""
    all_of = tuple(works)

    async def together(desk: Desk) -> None:
        async with trio.open_nursery() as nursery:
            for work in all_of:
                nursery.start_soon(work, desk)

    return together


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """The errors in a group, however deep."""
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
