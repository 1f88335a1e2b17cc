"""A scene: where the pair stands, what it is told, which row decides, what it answers and where that leads.

Five modules beside this one hold at least one scene for every row of the chart; `test_rows` plays them all.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from actors.commands import (
    AdoptPosition,
    CancelAll,
    CancelOrder,
    QueryOrder,
    QueryPosition,
    RaiseAlarm,
    SubmitOrder,
    Tell,
)
from actors.domain import Venue
from actors.messages import EntryRefused, PairClosed, PairHedged, PairReopened
from actors.pair_position import PairPosition
from tests.factories import MAKER, TAKER, PairPlay, pair_at
from tests.playbook import Cue, Like, like

Cues = tuple[Cue[PairPosition], ...]
Answers = tuple[Like, ...]


class Scene(NamedTuple):
    """The last cue is answered with exactly `answers`, by `row`, and leads to `place`; earlier cues set the scene."""

    row: str
    start: str
    cues: Cues
    answers: Answers
    place: str


def act(scene: Scene) -> PairPlay:
    """Play a scene and hold it to its word."""
    *before, last = scene.cues
    play = pair_at(scene.start).play(*before) >> last
    for answer in scene.answers:
        _ = play << answer
    return play.took(scene.row, scene.place)


def order(purpose: str, size: str, venue: Venue) -> Like:
    """An order of that purpose; all but the entry's own are reduce-only."""
    opening = purpose in ("taker", "maker", "sweep")
    return like(SubmitOrder, purpose=purpose, size=Decimal(size), venue=venue, reduce_only=not opening)


def alarm(code: str) -> Like:
    """People are told."""
    return like(RaiseAlarm, code=code)


def cancels(*venues: Venue) -> Answers:
    """One order cancelled on each."""
    return tuple(like(CancelOrder, venue=venue) for venue in venues)


def asks(*venues: Venue) -> Answers:
    """One order asked for on each."""
    return tuple(like(QueryOrder, venue=venue) for venue in venues)


def panic(*orders: Like) -> Answers:
    """Everything cancelled on both venues, then these orders."""
    return (like(CancelAll, venue=TAKER), like(CancelAll, venue=MAKER), *orders)


def emergency(maker: str, taker: str) -> Answers:
    """Everything cancelled, then both legs closed, the maker leg first."""
    return panic(order("emergency", maker, MAKER), order("emergency", taker, TAKER))


def adopts(taker: str, maker: str) -> Answers:
    """The books follow the venues."""
    return (
        like(AdoptPosition, venue=TAKER, size=Decimal(taker)),
        like(AdoptPosition, venue=MAKER, size=Decimal(maker)),
    )


POSITIONS: Answers = (like(QueryPosition, venue=TAKER), like(QueryPosition, venue=MAKER))
REFUSED = like(Tell, to="funding_scanner", message=like(EntryRefused))
TOLD_HEDGED: Answers = (
    like(Tell, to="funding_scanner", message=like(PairHedged)),
    like(Tell, to="engine_lifecycle", message=like(PairHedged)),
)
EVERYBODY = ("board", "funding_scanner", "engine_lifecycle", "reconciler/hyperliquid:BTC", "reconciler/pacifica:BTC")
TOLD_CLOSED: Answers = tuple(like(Tell, to=to, message=like(PairClosed)) for to in EVERYBODY)
TOLD_REOPENED: Answers = tuple(like(Tell, to=to, message=like(PairReopened)) for to in EVERYBODY)
