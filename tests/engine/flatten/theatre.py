"""Simulated venues in memory with our account on them, for the flattener to clear: its own reach, with its own keys.

Signatures pass the law that its signing process has, so that whatever would open something fails here as there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import trio

from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, ZERO, Side, TimeInForce, Venue, client_order_id
from actors.messages import OrderRejected
from engine.clock import Clock
from engine.config import Config
from engine.determinism import run_virtual
from engine.flatten.desk import Desk
from engine.flatten.reach import Reached, Tell
from engine.flatten.record import Line
from engine.flatten.report import Outcome, outcome_of
from engine.flatten.run import FlattenRequest, work_through, works_of
from engine.flatten.scope import Scope, everything
from engine.flatten.settings import FlattenSettings
from engine.flatten.venue import VenueWork
from engine.sandbox.keys import second_key
from engine.signing import Caps
from engine.signing.law import Law
from engine.signing.venues import open_signer
from engine.simulators.exchange import Exchange, OrderView
from engine.simulators.face import Lever
from engine.simulators.faults import FaultPlan, FaultRule
from engine.simulators.levers import instrument_of
from engine.simulators.transport import SimulatedVenue
from engine.venues.registry import SIMULATED_SECOND_API_KEY, make_signer, simulated_signer
from engine.venues.signing import Signer, Signing, SigningRefused, SignRequest
from engine.world import build_venue, second_secret_for, secret_for
from tests.scenarios.harness import Scenario, account_of, config_of, market_of

HYPERLIQUID, PACIFICA, LIGHTER, DRIFT = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT
ALL = (HYPERLIQUID, PACIFICA, LIGHTER, DRIFT)
ASSET = "ETH"
Held = dict[tuple[Venue, str], str]


class LawfulHere:
    """Signs in this process what the flattener's signing process would sign."""

    def __init__(self, venue: Venue, signer: Signer[Any, Any]) -> None:
        self.account, self._signer = signer.account, signer
        self.refused: list[str] = []
        self._law = Law(
            Caps(
                venue=venue,
                network="simulated",
                account=signer.account,
                order_most_usd=ZERO,
                hour_most_usd=ZERO,
                leverage_most=0,
            )
        )

    async def sign(self, request: SignRequest, /) -> Any:
        """Raises SigningRefused for whatever opens."""
        try:
            self._law.weigh(self._signer.purpose_of(request), 0)
        except SigningRefused as refused:
            self.refused.append(str(refused))
            raise
        return self._signer.sign(request)


def second_signer(venue: Venue, seed: int) -> Signer[Any, Any]:
    """The flattener's own key, or the account's where it has one alone."""
    key = second_key(venue, secret_for(venue, seed), second_secret_for(venue, seed))
    return simulated_signer(venue, secret_for(venue, seed)) if key is None else open_signer(key)[0]


class Theatre:
    """Built inside trio. `said` is what people were told, `lines` what was recorded."""

    def __init__(
        self,
        venues: tuple[Venue, ...] = ALL,
        *,
        assets: tuple[str, ...] = (ASSET,),
        faults: tuple[FaultRule, ...] = (),
        scenario: Scenario | None = None,
        settings: FlattenSettings | None = None,
    ) -> None:
        scenario = scenario or Scenario()
        policy = msgspec.structs.replace(
            scenario.policy, scanner=msgspec.structs.replace(scenario.policy.scanner, assets=assets)
        )
        scenario = msgspec.structs.replace(scenario, venues=venues, policy=policy, faults=faults)
        self.seed = scenario.seed
        self.config: Config = msgspec.structs.replace(config_of(scenario), flatten=settings or FlattenSettings())
        self.clock = Clock(scenario.start_ns)
        self.said: list[str] = []
        self.lines: list[Line] = []
        self.signings: dict[Venue, LawfulHere] = {}
        market, plan = market_of(scenario), FaultPlan(rules=faults)
        self.simulated: dict[Venue, SimulatedVenue] = {
            venue: build_venue(venue, account_of(venue, self.seed), self.config, market, plan, self.clock.now_ns)
            for venue in venues
        }

    # what the flattener is given

    @asynccontextmanager
    async def open(self, venue: Venue, tell: Tell) -> AsyncIterator[Reached]:
        """A `Reach`."""
        tell(venue, "reached in memory")
        await trio.lowlevel.checkpoint()
        self.signings[venue] = signing = LawfulHere(venue, second_signer(venue, self.seed))
        chosen = {"api_key_index": SIMULATED_SECOND_API_KEY} if venue is LIGHTER else {}
        yield Reached(
            transport=self.simulated[venue],
            signing=signing,
            account=signing.account,
            now_ns=self.clock.now_ns,
            chosen={**self.config.venues[venue].adapter, **chosen},
        )

    def note(self, line: Line) -> None:
        """As the record's."""
        self.lines.append(line)

    def tell(self, venue: Venue, words: str) -> None:
        """As the screen's."""
        self.said.append(f"{venue.value}: {words}")

    # the world

    def pull(self, venue: Venue, lever: Lever) -> None:
        self.simulated[venue].disturb(lever)

    def hold(self, held: Held) -> None:
        """Give our accounts positions, signed base units."""
        for (venue, asset), size in held.items():
            self.pull(venue, setting(venue, asset, Decimal(size), self.seed))

    def exchange(self, venue: Venue) -> Exchange:
        return self.simulated[venue].face.exchange

    def truth(self, venue: Venue, asset: str = ASSET) -> Decimal:
        """What is really held."""
        exchange = self.exchange(venue)
        account = account_of(venue, self.seed)
        view = exchange.account_view(account) or exchange.account_view(account.lower())
        assert view is not None
        name = instrument_of(exchange, asset)
        return next((each.size for each in view.positions if each.asset == name), ZERO)

    def orders(self, venue: Venue) -> tuple[OrderView, ...]:
        exchange, account = self.exchange(venue), account_of(venue, self.seed)
        return exchange.open_orders(account) or exchange.open_orders(account.lower())

    async def rest_an_order(self, venue: Venue, asset: str = ASSET, signing: Signing[Any, Any] | None = None) -> None:
        """Let the engine's key leave an order in the book, which is no reduce-only one; or try it with another's."""
        chosen = {"api_key_index": SIMULATED_SECOND_API_KEY} if signing is not None and venue is LIGHTER else {}
        signing = signing or make_signer(venue, secret_for(venue, self.seed))[0]
        reached = Reached(
            transport=self.simulated[venue],
            signing=signing,
            account=signing.account,
            now_ns=self.clock.now_ns,
            chosen={**self.config.venues[venue].adapter, **chosen},
        )
        async with trio.open_nursery() as nursery:
            desk = Desk(venue, (asset,), reached, self.config.flatten)
            desk.begin(nursery)
            assert await desk.up(60)
            price = Decimal(2900)
            order = SubmitOrder(
                order_id=client_order_id("engine", venue.value, self.clock.now_ns()),
                venue=venue,
                asset=asset,
                side=Side.BUY,
                size=Decimal("0.5"),
                limit_price=price,
                time_in_force=TimeInForce.POST_ONLY,
                reduce_only=False,
                purpose="entry",
                expires_at_ns=self.clock.now_ns() + 3600 * NS_PER_S,
                decision_mid=price,
            )
            desk.submit(order)
            words = await desk.ear.until(lambda: desk.ear.words_of(order.order_id) or None, 30)
            assert words is not None, "no word"
            await trio.sleep(5)
            nursery.cancel_scope.cancel()
        refused = [word.detail for word in words if isinstance(word, OrderRejected)]
        assert not refused, f"refused: {refused}"

    # flattening

    async def flatten(
        self, scope: Scope | None = None, *, looks: bool = False
    ) -> tuple[Outcome, tuple[VenueWork, ...]]:
        """As the command does, over this theatre's reach."""
        request = FlattenRequest(config=self.config, scope=scope or everything(self.config), looks=looks)
        works = works_of(request, self, self, 1.0)
        async with self.world():
            await work_through(works)
        return outcome_of(works, looks=looks), works

    @asynccontextmanager
    async def world(self) -> AsyncIterator[None]:
        """The venues' worlds move."""
        async with trio.open_nursery() as nursery:
            for simulated in self.simulated.values():
                await nursery.start(simulated.run)
            yield
            nursery.cancel_scope.cancel()

    def recorded(self, *kinds: str) -> list[Line]:
        return [line for line in self.lines if line.what in kinds]


def setting(venue: Venue, asset: str, size: Decimal, seed: int = 7) -> Lever:
    """A lever that gives our account a position."""

    def lever(exchange: Exchange, now_ns: int) -> Any:
        account = account_of(venue, seed)
        if exchange.account_view(account) is None:
            account = account.lower()
        return exchange.set_position(now_ns, account, instrument_of(exchange, asset), size)

    return lever


def play(main: Any, seed: int = 7) -> Any:
    """Inside trio under a virtual clock."""
    return run_virtual(main, seed, None)


def intents(lines: Iterable[Line]) -> list[SubmitOrder]:
    """The orders that were to leave."""
    return [line.order for line in lines if line.order is not None]
