"""What a profile says of its markets against what the venues list, asked before a run over sockets begins.

The adapters take numbers, lots and ticks from the venue; the signing process takes them from the profile. Where the two
differ, a leg would not be signed for, or not within its cap: better said before the first one is open. Minima are not
compared: no profile says them. Drift is left out: its list is accounts on the chain, which its adapter reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from actors.domain import Venue
from engine.config import Config, ConfigError, VenueSection
from engine.doors.network import transport_of
from engine.venues.link import FrameError
from engine.venues.transport import HttpRequest, Transport, TransportError

TIMEOUT_S = 5.0
"""Of the one question a venue is asked: nothing waits for it but a person."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One market as its venue lists it, in single tokens; None for what the venue does not say of its markets."""

    market: int | None = None
    size_decimals: int | None = None
    lot: Decimal | None = None
    tick: Decimal | None = None


Listed = dict[str, Terms]
"""By asset."""


async def refuse_other_terms(config: Config, speed: float) -> None:
    """Ask every venue that is traded, but Drift. Raises ConfigError naming each field that differs, and both values.

    `speed` is that of trio's clock. A venue that does not answer is left to its adapter, which asks again.
    """
    found: list[str] = []
    for venue in config.policy.scanner.venues:
        found += [*differences(config, venue, await listed_at(config, venue, speed))]
    if found:
        raise ConfigError("; ".join(found) + "; correct the profile, or the addresses in it")


async def listed_at(config: Config, venue: Venue, speed: float = 1.0) -> Listed | None:
    """What a venue lists; None when it did not answer, or is not asked."""
    network = config.venues[venue].network
    if network is None or venue is Venue.DRIFT:
        return None
    try:
        async with transport_of(network, speed, limits=config.network) as transport:
            return await ask(venue, transport, TIMEOUT_S * speed)
    except (TransportError, FrameError):
        return None


async def ask(venue: Venue, transport: Transport, timeout_s: float) -> Listed:
    """The venue's public list of markets. Raises TransportError, FrameError."""
    if venue is Venue.HYPERLIQUID:
        return await _hyperliquid(transport, timeout_s)
    if venue is Venue.PACIFICA:
        return await _pacifica(transport, timeout_s)
    assert venue is Venue.LIGHTER, "Drift is not asked"
    return await _lighter(transport, timeout_s)


def differences(config: Config, venue: Venue, listed: Listed | None) -> Iterator[str]:
    """A sentence for each traded market's field that differs, and for each market the venue does not list."""
    if listed is None:
        return
    section = config.venues[venue]
    for asset in config.policy.scanner.assets:
        if asset not in listed:
            yield f"{venue.value} does not list {asset}, which policy.scanner.assets names"
            continue
        for field, ours, theirs in _fields(section, asset, listed[asset]):
            if ours is not None and theirs is not None and ours != theirs:
                yield f"venues.{venue.value}.{field} is {ours}, the venue lists {theirs}"


def _fields(section: VenueSection, asset: str, terms: Terms) -> Iterator[tuple[str, object, object]]:
    instrument = section.instruments.get(asset)
    if instrument is not None:
        for name in ("size_decimals", "lot", "tick"):
            yield f"instruments.{asset}.{name}", getattr(instrument, name), getattr(terms, name)
    signed = None if section.network is None else section.network.sign_markets.get(asset)
    if signed is not None:
        for name in ("market", "size_decimals"):
            yield f"network.sign_markets.{asset}.{name}", getattr(signed, name), getattr(terms, name)


# --- each venue's list -------------------------------------------------------------------------------------


async def _hyperliquid(transport: Transport, timeout_s: float) -> Listed:
    from engine.venues.hyperliquid.codec import decode
    from engine.venues.hyperliquid.markets import markets_of

    headers = (("content-type", "application/json"),)
    body = b'{"type":"meta"}'
    request = HttpRequest(method="POST", path="/info", headers=headers, body=body, timeout_s=timeout_s)
    meta = decode("info/meta", await _answer(transport, request))
    found = {asset: each for asset, each in markets_of(meta).items() if not each.delisted}
    return {asset: Terms(market=each.asset_id, size_decimals=each.size_decimals) for asset, each in found.items()}


async def _pacifica(transport: Transport, timeout_s: float) -> Listed:
    from engine.venues.pacifica.codec_rest import decode_info
    from engine.venues.pacifica.markets import market_of_symbol
    from engine.venues.pacifica.wire import REST_PREFIX

    request = HttpRequest(method="GET", path=f"{REST_PREFIX}/info", timeout_s=timeout_s)
    listed: Listed = {}
    for row in decode_info(await _answer(transport, request)):
        market = market_of_symbol(row.symbol)
        listed[market.asset] = Terms(lot=market.size(Decimal(row.lot_size)), tick=market.price(Decimal(row.tick_size)))
    return listed


async def _lighter(transport: Transport, timeout_s: float) -> Listed:
    from engine.venues.lighter import wire
    from engine.venues.lighter.codec_rest import decode_markets
    from engine.venues.lighter.markets import Markets

    path, query = wire.ORDER_BOOK_DETAILS, (("filter", "perp"),)
    request = HttpRequest(method="GET", path=path, query=query, timeout_s=timeout_s)
    rows = decode_markets(await _answer(transport, request))
    markets, listed = Markets(rows), Listed()
    for row in rows:
        market = markets.of(row.market_id)
        listed[market.asset] = Terms(
            market=row.market_id,
            size_decimals=row.size_decimals,
            lot=market.listed.size(Decimal(1).scaleb(-row.size_decimals)),
            tick=market.listed.price(Decimal(1).scaleb(-row.price_decimals)),
        )
    return listed


async def _answer(transport: Transport, request: HttpRequest) -> bytes:
    response = await transport.request(request)
    if response.status != 200:
        raise TransportError(f"{request.path}: HTTP {response.status}", sent=True)
    return response.body
