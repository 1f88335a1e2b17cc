"""The exchange's levers by name, with fields as text: what a control door and the conformance kit pull."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from actors.domain import Venue
from engine.errors import UserError
from engine.simulators.exchange import Events, Exchange
from engine.simulators.face import Lever
from engine.venues.assets import as_wanted

AMOUNT_MOST = Decimal(10**12)
Pull = Callable[[Exchange, int, str, str, Mapping[str, str]], Events]


class LeverUnknown(UserError):
    """A lever that is not there, or whose fields cannot be read; the text names what there is."""


def lever_named(name: str, account: str, asset: str, fields: Mapping[str, str]) -> Lever:
    """The lever `name` for one account and asset. Raises LeverUnknown."""
    if name not in LEVERS:
        raise LeverUnknown(f"there is no lever {name!r}; there are {', '.join(LEVERS)}")
    pull = LEVERS[name]

    def lever(exchange: Exchange, now_ns: int) -> Events:
        try:
            return pull(exchange, now_ns, account, instrument_of(exchange, asset), fields)
        except (KeyError, InvalidOperation) as error:
            raise LeverUnknown(f"lever {name!r} cannot use {dict(fields)} for {account}, {asset}: {error}") from error

    return lever


def instrument_of(exchange: Exchange, asset: str) -> str:
    """What an exchange calls the instrument of an asset: the asset itself, or the venue's symbol for it."""
    if exchange.instrument(asset) is not None:
        return asset
    return as_wanted(Venue(exchange.venue), asset).symbol


def _decimal(fields: Mapping[str, str], name: str) -> Decimal | None:
    return _amount(fields, name) if name in fields else None


def _amount(fields: Mapping[str, str], name: str) -> Decimal:
    """Raises KeyError, and InvalidOperation for what would leave an account nobody can reckon with."""
    amount = Decimal(fields[name])
    if not amount.is_finite() or abs(amount) > AMOUNT_MOST:
        raise InvalidOperation(f"{name} is not an amount up to {AMOUNT_MOST}")
    return amount


def _deleverage(exchange: Exchange, now_ns: int, account: str, asset: str, fields: Mapping[str, str]) -> Events:
    return exchange.deleverage(now_ns, account, asset, _decimal(fields, "size"))


def _liquidate(exchange: Exchange, now_ns: int, account: str, asset: str, fields: Mapping[str, str]) -> Events:
    return exchange.liquidate(now_ns, account, asset, _decimal(fields, "size"))


def _set_position(exchange: Exchange, now_ns: int, account: str, asset: str, fields: Mapping[str, str]) -> Events:
    return exchange.set_position(now_ns, account, asset, _amount(fields, "size"))


def _halt(exchange: Exchange, now_ns: int, _: str, asset: str, __: Mapping[str, str]) -> Events:
    return exchange.halt(now_ns, asset)


def _reduce_only_mode(exchange: Exchange, now_ns: int, _: str, asset: str, __: Mapping[str, str]) -> Events:
    return exchange.reduce_only_mode(now_ns, asset)


def _reopen(exchange: Exchange, now_ns: int, _: str, asset: str, __: Mapping[str, str]) -> Events:
    return exchange.reopen(now_ns, asset)


def _force_funding_rate(exchange: Exchange, _: int, __: str, asset: str, fields: Mapping[str, str]) -> Events:
    exchange.force_funding_rate(asset, _decimal(fields, "rate"))
    return ()


def _cap_next_ioc(exchange: Exchange, _: int, account: str, asset: str, fields: Mapping[str, str]) -> Events:
    exchange.cap_next_ioc(_amount(fields, "fraction"), account, asset)
    return ()


LEVERS: Mapping[str, Pull] = {
    "deleverage": _deleverage,
    "liquidate": _liquidate,
    "set_position": _set_position,
    "halt": _halt,
    "reduce_only_mode": _reduce_only_mode,
    "reopen": _reopen,
    "force_funding_rate": _force_funding_rate,
    "cap_next_ioc": _cap_next_ioc,
}
