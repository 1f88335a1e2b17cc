"""A back-test: the whole engine against the replay of what it decided, and what each further pair costs.

The history is made up here, so that nothing recorded is needed: high rates on one venue, low ones on the other, so
that every asset is held from the sixth hour on.
"""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import msgspec

from bench.ratios import OWN, Line, Scale, Timed, compare
from engine import config as configuration
from engine.backtest.grid import DEFAULT
from engine.backtest.one_run import Job, Watch, engine_of
from engine.backtest.request import PROFILE
from engine.replay import replay
from engine.simulators.market import History, Played, Player, Span, play
from engine.simulators.market.history import Lane, Rate
from engine.simulators.market.table import HOUR_NS

BEGIN_NS = 1_759_276_800 * 1_000_000_000
PLAYERS = (Player("hyperliquid", "hyperliquid"), Player("pacifica", "pacifica"))
ASSETS = ("BTC", "ETH", "SOL", "HYPE")
PRICES = (100_000.0, 3_500.0, 180.0, 40.0)
HIGH, LOW = Decimal("0.0001"), Decimal("-0.0001")
ROUNDS_MOST = 3
"""A run takes seconds."""


def lines(scale: Scale, directory: Path) -> list[Line]:
    """What the engine costs beyond deciding, what three more pairs cost, and how fast market time passes."""
    rounds = min(scale.rounds, ROUNDS_MOST)
    one = Ran(directory / "one", 1, scale.market_hours)
    many = Ran(directory / "many", len(ASSETS), scale.market_hours)

    engine = compare("back-test: engine / replay of its journal", one.messages, replayed(one), rounds, clock=OWN)
    pairs = compare(f"back-test: hour of {len(ASSETS)} pairs / 1", many.hours, one.hours, rounds, clock=OWN)
    name = f"replay: message of {len(ASSETS)} pairs / 1"
    decided = compare(name, replayed(many), replayed(one), scale.rounds, clock=OWN)
    begun_s = time.perf_counter()
    rate = one.hours() / (time.perf_counter() - begun_s)
    return [
        engine,
        pairs,
        decided,
        Line(name="back-test, two venues, market time", unit="h/s", measured=rate, least=rate, most=rate),
    ]


def replayed(ran: Ran) -> Timed:
    """The replay of its latest run."""

    def once() -> int:
        report = replay(ran.last)
        assert report.identical, "the run does not replay"
        return report.messages

    return once


class Ran:
    """The back-test of some assets, run anew each time; `last` is its latest run directory."""

    def __init__(self, directory: Path, assets: int, hours: int) -> None:
        self.last = directory
        self._directory, self._hours, self._times = directory, hours, 0
        self._span = Span(BEGIN_NS, BEGIN_NS + hours * HOUR_NS)
        self._assets = ASSETS[:assets]

    def messages(self) -> int:
        """Run it; how many messages were decided."""
        self._times += 1
        self.last = self._directory / str(self._times)
        config = configuration.load(PROFILE)
        scanner = msgspec.structs.replace(config.policy.scanner, pairs_most=len(ASSETS))
        config = msgspec.structs.replace(config, policy=msgspec.structs.replace(config.policy, scanner=scanner))
        job = Job(
            name="bench",
            chosen=DEFAULT,
            config=config,
            data=(),
            players=PLAYERS,
            assets=self._assets,
            span=self._span,
            directory=self.last,
            keep_journal=True,
        )
        engine, _ = engine_of(job, self.played(), Watch(lambda _: None))
        engine.run()
        return engine.finish().final.messages

    def hours(self) -> int:
        """Run it; how many hours of market passed."""
        self.messages()
        return self._hours

    def played(self) -> Played:
        """Prices that move a little every hour, so that quotes are told, and rates that never change."""
        history = History()
        for asset, price in zip(self._assets, PRICES, strict=False):
            for player, rate in zip(PLAYERS, (HIGH, LOW), strict=True):
                history.lanes[player.source, asset] = self._lane(price, rate)
        return play(history, PLAYERS, self._assets, self._span)

    def _lane(self, price: float, rate: Decimal) -> Lane:
        hours = range(self._span.from_ns, self._span.to_ns, HOUR_NS)
        opens = {at_ns: price * (1 + number % 7 / 1e4) for number, at_ns in enumerate(hours)}
        return Lane(rates={at_ns: Rate(rate, 1, at_ns) for at_ns in hours}, opens=opens)
