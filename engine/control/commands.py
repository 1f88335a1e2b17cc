"""`perp2perp tell`: a person's hand on a running engine. Imports happen inside the command, as in `engine.cli`."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from engine.errors import UserError

if TYPE_CHECKING:
    from engine.control.asking import Ask

EXIT_CODES = {"accepted": 0, "refused": 1, "unknown": 3}
RunArgument = Annotated[Path, Parameter(help="The directory of a run that is under way.")]
WishArgument = Annotated[
    Literal["hold", "resume-openings", "rearm", "limits", "drain", "kill", "close"], Parameter(help="What to do.")
]


def tell(
    run: RunArgument,
    wish: WishArgument,
    pair: Annotated[str, Parameter(help="The pair to close, as in DOGE-1.")] = "",
    *,
    by: Annotated[str, Parameter(help="Who asks (needed); it stands in the record.")] = "",
    reason: Annotated[str, Parameter(help="Why (needed); it stands in the record.")] = "",
    market: Annotated[str, Parameter(help="rearm: the market, as in hyperliquid:BTC.")] = "",
    everything: Annotated[bool, Parameter(name="--all", negative=(), help="rearm: every market.")] = False,
    setting: Annotated[
        str, Parameter(name="--set", help="limits: a limit and its value, as in total_gross_most_usd=50000.")
    ] = "",
    ask_id: Annotated[
        str, Parameter(name="--id", help="The ask's own id: under one id it is done once. A new one when left out.")
    ] = "",
    wait_s: Annotated[float, Parameter(name="--wait", help="Seconds to wait for the answer.")] = 15.0,
    json: Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")] = False,
) -> int:
    """Tell a running engine something; every word is journaled with who said it, and answered.

    hold: open nothing more, keep and hedge what is held. resume-openings: go on. rearm: open again in a market that was
    opened in too often. limits --set NAME=VALUE: lower one limit of [policy.risk], or raise it again, never above the
    profile. drain: close every pair in order and end the run. kill: the kill switch. close PAIR: close one pair.

    The engine has to run in real time (a sandbox, or --speed N). Exit 0 when it was done (or nothing was left to do), 1
    when it was refused, 2 when nothing was asked, 3 when it is not known whether it was done.
    """
    from engine.control.teller import new_id, tell as ask_engine

    if not wait_s > 0:
        raise UserError(f"--wait {wait_s:g}: seconds above zero")
    answer = ask_engine(run, _ask(ask_id or new_id(), wish, by, reason, market, everything, setting, pair), wait_s)
    if json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    else:
        at = f" (seq {answer.seq})" if answer.seq else ""
        print(f"{answer.outcome}{at}: {answer.text}")
    return EXIT_CODES[answer.outcome]


def _ask(
    ask_id: str, wish: WishArgument, by: str, reason: str, market: str, everything: bool, setting: str, pair: str
) -> Ask:
    """The ask, or UserError naming the option."""
    from engine.control.asking import Ask

    if not (by.strip() and reason.strip()):
        missing = "who asks, as in --by Ann" if not by.strip() else "why, as in --reason news"
        raise UserError(f"tell {wish}: say {missing}; it stands in the record")
    if wish == "rearm" and bool(market) is everything:
        raise UserError("rearm: give --market VENUE:ASSET, or --all")
    if everything and wish != "rearm":
        raise UserError(f"--all belongs to rearm, not to {wish}")
    if wish == "limits" and not setting:
        raise UserError("limits: give --set NAME=VALUE, as in --set total_gross_most_usd=50000")
    limit, value = _setting(setting)
    return Ask(id=ask_id, wish=wish, by=by, reason=reason, market=market, limit=limit, value=value, pair=pair)


def _setting(text: str) -> tuple[str, Decimal | None]:
    if not text:
        return "", None
    name, found, value = text.partition("=")
    try:
        return name.strip().removeprefix("policy.risk."), Decimal(value)
    except InvalidOperation:
        found = "value" if found else "="
        raise UserError(f"--set {text!r}: the {found} is missing; as in total_gross_most_usd=50000") from None
