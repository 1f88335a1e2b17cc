"""The door for people and tests, on the venue's own port under `/sandbox/`: its clock, its levers, our account.

Faults do not befall it. It exists on loopback alone; no real venue has such a door.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.simulators.exchange import Events, Exchange
from engine.simulators.levers import LeverUnknown, lever_named
from engine.simulators.transport import SimulatedVenue
from engine.venues.transport import HttpRequest, HttpResponse

PREFIX = "/sandbox/"
NETWORK = "simulated"
OK, BAD_REQUEST, NOT_FOUND = 200, 400, 404
JSON = (("content-type", "application/json"),)
OWN_FIELDS = ("lever", "account", "asset")


class Control:
    """The levers and the account of one simulated venue.

    GET /sandbox/clock: `{"venue", "network", "account", "now_ns", "speed"}`.
    GET /sandbox/account: `{"account", "equity_usd", "positions", "orders"}`, as the exchange's own views.
    POST /sandbox/lever: `{"lever", "asset", ...fields}`, `account` when not ours; answers `{"lever", "events"}`.
    """

    def __init__(self, venue: SimulatedVenue, account: str, speed: float = 1.0) -> None:
        self._venue, self._account, self._speed = venue, account, speed
        self._doors = {
            ("GET", "/sandbox/clock"): self._clock,
            ("GET", "/sandbox/account"): self._view,
            ("POST", "/sandbox/lever"): self._pull,
        }

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request at once."""
        door = self._doors.get((request.method, request.path))
        if door is None:
            there_are = ", ".join(" ".join(known) for known in self._doors)
            return _json(NOT_FOUND, {"error": f"there are {there_are}"})
        try:
            return _json(OK, door(request))
        except (LeverUnknown, msgspec.MsgspecError) as error:
            return _json(BAD_REQUEST, {"error": str(error)})

    def _clock(self, _: HttpRequest) -> Any:
        return {
            "venue": self._venue.face.venue,
            "network": NETWORK,
            "account": self._account,
            "now_ns": self._venue.now_ns(),
            "speed": self._speed,
        }

    def _view(self, _: HttpRequest) -> Any:
        self._venue.disturb(_nothing)
        exchange = self._venue.face.exchange
        view = exchange.account_view(self._account)
        return {
            "account": self._account,
            "equity_usd": None if view is None else view.equity_usd,
            "positions": () if view is None else view.positions,
            "orders": exchange.open_orders(self._account),
        }

    def _pull(self, request: HttpRequest) -> Any:
        asked = msgspec.json.decode(request.body, type=dict[str, str | int | float])
        words = {name: str(value) for name, value in asked.items()}
        fields = {name: value for name, value in words.items() if name not in OWN_FIELDS}
        name, account = words.get("lever", ""), words.get("account", self._account)
        lever = lever_named(name, account, words.get("asset", ""), fields)
        caused: list[str] = []

        def watched(exchange: Exchange, now_ns: int) -> Events:
            events = lever(exchange, now_ns)
            caused.extend(type(event).__name__ for event in events)
            return events

        self._venue.disturb(watched)
        return {"lever": name, "events": caused}


def _nothing(_: Exchange, __: int) -> Events:
    """No lever: the world catches up and nothing else happens."""
    return ()


def _json(status: int, answer: Any) -> HttpResponse:
    return HttpResponse(status=status, body=msgspec.json.encode(answer), headers=JSON)
