"""One venue's adapter at work for the flattener: its stream kept up, its commands delivered, each within a time.

Counterpart: `engine.executor` and the venue's nursery in `engine.runtime`, which this does without.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Literal

import trio

from actors.commands import CancelAll, QueryOrder, QueryPosition, SubmitOrder
from actors.domain import RejectReason, Venue
from actors.messages import LinkLost, OrderRejected, OrderUnresolved, PositionReported, QueryFailed
from engine.flatten.ear import Ear
from engine.flatten.reach import Reached
from engine.flatten.settings import FlattenSettings
from engine.venues.registry import AccountTerms, Ends, make_adapter

Asked = Literal["order", "position"]
AGAIN_S = 1.0
"""Before a stream whose task failed is listened to again."""
LEVERAGE_UNUSED = 1
"""Adapters want one; the signing lets none be set."""


class Desk:
    """Made for some markets of a venue; works from `begin` until the nursery given there ends."""

    def __init__(
        self,
        venue: Venue,
        assets: tuple[str, ...],
        reached: Reached,
        settings: FlattenSettings,
        lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`lost` is told of each loss of the link. Raises what a venue's adapter raises for markets it cannot have."""
        self.venue, self.assets = venue, assets
        self.ear = Ear(lost)
        self.now_ns = reached.now_ns
        self._settings = settings
        self._nursery: trio.Nursery | None = None
        self._listening = trio.CancelScope()
        terms = AccountTerms(
            account=reached.account,
            assets=assets,
            leverage=LEVERAGE_UNUSED,
            network=reached.network,
            identified=reached.identified,
        )
        rng = random.Random(reached.now_ns())
        ends = Ends(transport=reached.transport, report=self.ear.report, now_ns=reached.now_ns, rng=rng)
        self._adapter = make_adapter(venue, reached.signing, terms, ends, reached.chosen)

    def begin(self, nursery: trio.Nursery) -> None:
        """Connect, and take commands."""
        self._nursery = nursery
        nursery.start_soon(self._listen)

    async def _listen(self) -> None:
        while True:
            self._listening = trio.CancelScope()
            try:
                with self._listening:
                    await self._adapter.listen()
            except* Exception as failed:  # noqa: BLE001 - what is read by questions is still read
                words = "; ".join(f"{type(each).__name__}: {each}" for each in failed.exceptions)
                self.ear.report(LinkLost(venue=self.venue, reason=words))
            await trio.sleep(AGAIN_S)

    async def up(self, within_s: float) -> bool:
        """Wait until the snapshot has been read."""
        return await self.ear.until(lambda: True if self.ear.up else None, within_s) is not None

    async def read_anew(self, within_s: float) -> bool:
        """Connect again, for what the snapshot tells of markets that were flat before."""
        self.ear.up = False
        self._listening.cancel()
        return await self.up(within_s)

    # commands

    def submit(self, order: SubmitOrder) -> None:
        """Send an order; what comes of it is heard."""
        assert self._nursery is not None, "not begun"
        try:
            delivery = self._adapter.prepare(order)
        except Exception as error:  # noqa: BLE001 - not built: provably not sent
            detail = f"never sent: {type(error).__name__}: {error}"
            self.ear.report(
                OrderRejected(venue=self.venue, order_id=order.order_id, reason=RejectReason.OTHER, detail=detail)
            )
            return

        def failed(detail: str) -> None:
            self.ear.report(OrderUnresolved(venue=self.venue, order_id=order.order_id, detail=detail))

        self._nursery.start_soon(self._deliver, delivery, failed)

    async def cancel_all(self, asset: str) -> str:
        """Cancel every order of ours in a market; why it is not known to have been done, empty when it is."""
        since = self.ear.count
        if not await self._ask(CancelAll(venue=self.venue, asset=asset), "order"):
            return f"no answer within {self._settings.answer_s:g} s"
        return self.ear.failure(asset, "order", since)

    async def position(self, asset: str) -> PositionReported | None:
        """The venue's answer to a question asked now; None when there is none after some tries."""
        for _ in range(self._settings.verify_tries_most):
            since = self.ear.count
            await self._ask(QueryPosition(venue=self.venue, asset=asset), "position")
            found = self.ear.answer(asset, since)
            if found is not None:
                return found
            await trio.sleep(self._settings.verify_retry_s)
        return None

    async def ask_order(self, order: SubmitOrder) -> None:
        """Ask what became of an order; the answer is heard."""
        await self._ask(QueryOrder(venue=self.venue, asset=order.asset, order_id=order.order_id), "order")

    async def _ask(self, command: CancelAll | QueryPosition | QueryOrder, query: Asked) -> bool:
        """Deliver a command that may safely be cut off, or come twice; whether it came to its end in time."""

        def failed(detail: str) -> None:
            self.ear.report(QueryFailed(venue=self.venue, asset=command.asset, query=query, detail=detail))

        try:
            delivery = self._adapter.prepare(command)
        except Exception as error:  # noqa: BLE001 - not built, so not answered
            failed(f"{type(error).__name__}: {error}")
            return True
        with trio.move_on_after(self._settings.answer_s) as patience:
            await self._deliver(delivery, failed)
        return not patience.cancelled_caught

    async def _deliver(self, delivery: Callable[[], Awaitable[None]], failed: Callable[[str], None]) -> None:
        try:
            await delivery()
        except Exception as error:  # noqa: BLE001 - whatever failed here, the venue may have it
            failed(f"{type(error).__name__}: {error}")
