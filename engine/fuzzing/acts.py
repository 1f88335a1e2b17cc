"""What befalls a world besides its wire and its prices: the exchanges' levers, hands on the account, an operator.

Data that becomes cues. Counterparts: `draw`, which draws them; `lives`, which plays cues; `engine.simulators.levers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from actors.domain import ZERO, Venue
from actors.messages import AnyMessage, CloseAsked, DrainAsked, EmergencyAsked, KillSwitchPulled, ReduceAsked
from engine.fuzzing.lives import Cue, Do
from engine.runtime import Stage
from engine.simulators.drift import DriftFace
from engine.simulators.exchange import Events, Exchange
from engine.simulators.levers import instrument_of

Modes = Literal["halt", "reduce_only"]
Said = Literal["close", "reduce", "emergency", "drain", "kill"]
AccountOf = Callable[[Venue], str]


class _Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="act"):
    """Something done at a time (s after the start)."""

    at_s: float


class Deleverage(_Act, frozen=True, kw_only=True, tag="deleverage"):
    """The venue takes a share of our position by ADL."""

    venue: Venue
    asset: str
    share: Decimal


class Liquidate(_Act, frozen=True, kw_only=True, tag="liquidate"):
    """The venue liquidates a share of our position."""

    venue: Venue
    asset: str
    share: Decimal


class Meddle(_Act, frozen=True, kw_only=True, tag="meddle"):
    """Somebody trades by hand on the account: the position becomes `share` of what it is."""

    venue: Venue
    asset: str
    share: Decimal


class Mode(_Act, frozen=True, kw_only=True, tag="mode"):
    """A market takes no orders, or only such as reduce, for a while."""

    venue: Venue
    asset: str
    mode: Modes
    for_s: float


class Socialise(_Act, frozen=True, kw_only=True, tag="socialise"):
    """Drift lets the holders of a market bear a loss of `usd_per_base`."""

    asset: str
    usd_per_base: Decimal


class Settle(_Act, frozen=True, kw_only=True, tag="settle"):
    """The coming hour settles at this signed fraction, whatever the market says."""

    venue: Venue
    asset: str
    rate: Decimal


class Say(_Act, frozen=True, kw_only=True, tag="say"):
    """An operator speaks."""

    said: Said


Act = Deleverage | Liquidate | Meddle | Mode | Socialise | Settle | Say

WORDS: dict[Said, tuple[AnyMessage, str]] = {
    "close": (CloseAsked(reason="an operator asked"), "pairs"),
    "reduce": (ReduceAsked(fraction=Decimal("0.5"), reason="an operator asked"), "pairs"),
    "emergency": (EmergencyAsked(reason="an operator asked"), "pairs"),
    "drain": (DrainAsked(reason="an operator asked"), "engine_lifecycle"),
    "kill": (KillSwitchPulled(by="operator", reason="an operator asked"), "engine_lifecycle"),
}


def over_s(act: Act) -> float:
    """When it is over."""
    return act.at_s + (act.for_s if isinstance(act, Mode) else 0.0)


def cues_of(act: Act, account_of: AccountOf) -> Iterator[Cue]:
    """The act as cues; `account_of` names our account at a venue."""
    if isinstance(act, Say):
        message, to = WORDS[act.said]
        yield Cue(at_s=act.at_s, do=lambda stage: stage.mailbox.put_operator(message, to))
    elif isinstance(act, Socialise):
        yield Cue(at_s=act.at_s, do=lambda stage: _socialise(stage, act), alone=True)
    else:
        yield Cue(at_s=act.at_s, do=_pulling(act, account_of(act.venue)), alone=True)
        if isinstance(act, Mode):
            reopening = _disturbing(act.venue, lambda x, at_ns: x.reopen(at_ns, _named(x, act)))
            yield Cue(at_s=over_s(act), do=reopening, alone=True)


def _pulling(act: Deleverage | Liquidate | Meddle | Mode | Settle, account: str) -> Do:
    def pull(exchange: Exchange, at_ns: int) -> Events:
        symbol = _named(exchange, act)
        match act:
            case Deleverage():
                return exchange.deleverage(at_ns, account, symbol, abs(_part(exchange, account, symbol, act.share)))
            case Liquidate():
                return exchange.liquidate(at_ns, account, symbol, abs(_part(exchange, account, symbol, act.share)))
            case Meddle():
                return exchange.set_position(at_ns, account, symbol, _part(exchange, account, symbol, act.share))
            case Mode():
                modes = {"halt": exchange.halt, "reduce_only": exchange.reduce_only_mode}
                return modes[act.mode](at_ns, symbol)
            case Settle():
                exchange.force_funding_rate(symbol, act.rate)
                return ()

    return _disturbing(act.venue, pull)


def _disturbing(venue: Venue, lever: Callable[[Exchange, int], Events]) -> Do:
    return lambda stage: stage.simulated[venue].disturb(lever)


def _named(exchange: Exchange, act: Deleverage | Liquidate | Meddle | Mode | Settle) -> str:
    return instrument_of(exchange, act.asset)


def _part(exchange: Exchange, account: str, symbol: str, share: Decimal) -> Decimal:
    """A share of the signed position, in whole lots."""
    held, spec = exchange.position(account, symbol), exchange.instrument(symbol)
    if held is None or spec is None:
        return ZERO
    lots = (held.size * share / spec.lot).to_integral_value()
    return lots * spec.lot


def _socialise(stage: Stage, act: Socialise) -> None:
    simulated = stage.simulated[Venue.DRIFT]
    face = simulated.face
    assert isinstance(face, DriftFace)
    face.socialise_loss(simulated.now_ns(), instrument_of(face.exchange, act.asset), act.usd_per_base)
