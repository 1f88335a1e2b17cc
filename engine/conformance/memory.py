"""The kit against a venue's simulator in memory, under the virtual clock: seconds for hours of dialogue."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal

import trio

from actors.domain import Venue
from engine.clock import Clock
from engine.config import Config
from engine.conformance.dialogues import DIALOGUES, Dialogue
from engine.conformance.kit import Verdict, conform
from engine.conformance.meddler import Meddler
from engine.conformance.stand import Stand, StandTerms
from engine.conformance.venues import HAS_ADL, ORDER_MARKS
from engine.determinism import run_virtual
from engine.simulators.faults import FaultPlan
from engine.simulators.levers import lever_named
from engine.simulators.transport import SimulatedVenue
from engine.venues.adapter import Adapter
from engine.venues.registry import AccountTerms, Ends, make_adapter, make_signer
from engine.world import build_market, build_venue, secret_for

SIZE_CAP_USD = Decimal(5_000)
LINK_UP_S = 60.0
FIRST_QUOTE_S = 600.0


class MemoryLevers:
    """Levers of a simulated venue in this process."""

    def __init__(self, simulated: SimulatedVenue, account: str, asset: str) -> None:
        self._simulated, self._account, self._asset = simulated, account, asset

    async def pull(self, lever: str, **fields: str) -> None:
        """Pull it at once; raises LeverUnknown."""
        await trio.lowlevel.checkpoint()
        self._simulated.disturb(lever_named(lever, self._account, self._asset, fields))


def conform_in_memory(
    config: Config,
    venue: Venue,
    asset: str,
    tell: Callable[[Verdict], None] = lambda _: None,
    disguise: Callable[[Adapter], Adapter] = lambda adapter: adapter,
    dialogues: Sequence[Dialogue] = DIALOGUES,
) -> tuple[Verdict, ...]:
    """Every dialogue against the simulated venue of a profile; raises UserError for what cannot be simulated.

    `disguise` may put something around the adapter under test.
    """

    async def main() -> tuple[Verdict, ...]:
        market = build_market(config)
        clock = Clock(market.start_ns)
        signer, account = make_signer(venue, secret_for(venue, config.run.seed))
        simulated = build_venue(venue, account, config, market, FaultPlan(), clock.now_ns)
        wire = Meddler(simulated, ORDER_MARKS[venue])
        terms = StandTerms(venue=venue, asset=asset, size_cap_usd=SIZE_CAP_USD, run="memory", has_adl=HAS_ADL[venue])
        stand = Stand(terms, wire, clock.now_ns, MemoryLevers(simulated, account, asset))
        ends = Ends(transport=wire, report=stand.report, now_ns=clock.now_ns, rng=random.Random(config.run.seed))
        account_terms = AccountTerms(account=account, assets=(asset,), leverage=config.venues[venue].leverage)
        adapter = make_adapter(venue, signer, account_terms, ends)
        stand.put_under_test(disguise(adapter))
        async with trio.open_nursery() as nursery:
            await nursery.start(simulated.run)
            nursery.start_soon(adapter.listen)
            await stand.begin(LINK_UP_S, FIRST_QUOTE_S)
            verdicts = await conform(stand, dialogues, tell)
            nursery.cancel_scope.cancel()
        return verdicts

    return run_virtual(main, config.run.seed, None)
