"""`perp2perp scan`: let the scanner observe a market without opening anything, then show what it thinks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from actors.funding_scanner import FundingScanner, candidates
from actors.gates import Candidate
from engine import preparation
from engine.config import Config


def observe(config: Config, say: Callable[[str], None]) -> tuple[Candidate, ...]:
    """Run the engine with room for no pair, and judge every pairing at its end; `say` hears what is left out."""
    scanner = msgspec.structs.replace(config.policy.scanner, pairs_most=0)
    quiet = msgspec.structs.replace(config, policy=msgspec.structs.replace(config.policy, scanner=scanner))
    with tempfile.TemporaryDirectory() as scratch:
        engine = preparation.prepare(preparation.RunRequest(config=quiet, runs=Path(scratch)))
        for note in engine.notes:
            say(note)
        engine.run()
        engine.finish()
    state = engine.core.states["funding_scanner"]
    assert isinstance(state, FundingScanner)
    return candidates(state.trends.values(), engine.core.board, config.policy, engine.tally.at_ns)


def as_data(found: tuple[Candidate, ...]) -> list[dict[str, Any]]:
    """The ranking as plain data; rates per hour, money in USD."""
    return [
        {
            "asset": candidate.asset,
            "short": _short(candidate),
            "long": _long(candidate),
            "rate_per_hour": candidate.rate_per_hour,
            "apr": candidate.rate_per_hour * 8760,
            "notional_usd": candidate.notional_usd,
            "round_trip_bps": candidate.round_trip_bps,
            "break_even_h": candidate.break_even_h,
            "expected_net_usd": candidate.expected_net_usd,
            "passed": candidate.passed,
            "gates": [msgspec.structs.asdict(gate) for gate in candidate.gates],
        }
        for candidate in found
    ]


def table(found: tuple[Candidate, ...]) -> Table:
    """The ranking for people: the best first, and for each refusal what was measured and what was needed."""
    drawn = Table(title="Pairs by expected net over the horizon")
    for title in ("asset", "short", "long", "APR %", "round trip bps", "break even h", "expected USD", "verdict"):
        drawn.add_column(title, justify="left" if title in ("asset", "short", "long", "verdict") else "right")
    for candidate in found:
        drawn.add_row(
            candidate.asset,
            _short(candidate),
            _long(candidate),
            f"{candidate.rate_per_hour * 8760 * 100:.2f}",
            f"{candidate.round_trip_bps:.2f}",
            f"{candidate.break_even_h:.0f}" if candidate.break_even_h else "never",
            f"{candidate.expected_net_usd:.2f}",
            _verdict(candidate),
        )
    return drawn


def _short(candidate: Candidate) -> str:
    short_is_taker = candidate.taker_side.sign < 0
    return (candidate.taker_venue if short_is_taker else candidate.maker_venue).value


def _long(candidate: Candidate) -> str:
    short_is_taker = candidate.taker_side.sign < 0
    return (candidate.maker_venue if short_is_taker else candidate.taker_venue).value


def _verdict(candidate: Candidate) -> str:
    if candidate.passed:
        return "open"
    return "; ".join(f"{gate.name} {gate.measured}, needed {gate.needed}" for gate in candidate.refusals)
