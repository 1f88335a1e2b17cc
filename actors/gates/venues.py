"""Gates about the venues: their links, clocks and status, what is found in their markets, who bears whose losses.

Counterpart: `table`, which says of each its formula, its limit and why.
"""

from __future__ import annotations

from actors import identity
from actors.board import Board, market_key
from actors.domain import BPS, NS_PER_S, MarketStatus, Venue
from actors.gates.case import Case, Gate, skew_s, unmeasured, verdict

OPENING_IN = ("WATCHING", "")
"""Where risk lets something be opened; before its first step it has said nothing against it."""


def links(case: Case) -> Gate:
    """Both links are up."""
    down = [venue.value for venue in case.venues if not case.board.link_up(venue)]
    return Gate(name="links", passed=not down, measured=f"down: {', '.join(down) or 'none'}", needed="both up")


def link_age(case: Case) -> Gate:
    """Both links have been up for a while: one that flaps is not entered over."""
    least_s = case.policy.gates.link_up_least_s
    ages = [(venue, (case.known.at_ns - case.board.linked_ns.get(venue.value, 0)) / NS_PER_S) for venue in case.venues]
    young = [f"{venue.value} up for {age:.0f} s" for venue, age in ages if age < least_s]
    return verdict("link_age", young, "both long enough", f"up for {least_s:g} s")


def link_health(case: Case) -> Gate:
    """Of both links few frames were refused lately: what cannot be read may be the word on our order."""
    gates = case.policy.gates
    since_ns = case.known.at_ns - round(gates.refused_frames_window_s * NS_PER_S)
    counts = [(venue, case.board.refused_since(venue, since_ns)) for venue in case.venues]
    return Gate(
        name="link_health",
        passed=all(count <= gates.refused_frames_most for _, count in counts),
        measured=", ".join(f"{venue.value} {count} refused" for venue, count in counts),
        needed=f"<= {gates.refused_frames_most} in {gates.refused_frames_window_s:g} s",
    )


def rate_budget(case: Case) -> Gate:
    """Both venues' rate limits have room for an entry and its emergency close; one that was not told has none."""
    least = case.policy.gates.rate_budget_least_fraction
    told = [(venue, case.board.budgets.get(venue.value)) for venue in case.venues]
    return Gate(
        name="rate_budget",
        passed=not least or all(left is not None and left >= least for _, left in told),
        measured=", ".join(f"{venue.value} {'not told' if left is None else f'{left:f}'}" for venue, left in told),
        needed=f">= {least:f} left" if least else "not asked for",
    )


def openings_allowed(case: Case) -> Gate:
    """Risk lets something be opened, and in both markets: no person holds openings, the run is not ending."""
    board, against = case.board, []
    if board.risk_place == "PAUSED":
        against.append(f"held by {board.held_by}" if board.held_by else "held by a person")
    elif board.risk_place.partition(".")[0] not in OPENING_IN:
        against.append(f"risk is in {board.risk_place}")
    keys = [market_key(venue, case.asset) for venue in case.venues]
    against += [f"{key} is disarmed" for key in keys if key in board.disarmed]
    return verdict("openings_allowed", against, "allowed", "no person holds them, both markets armed")


def reconciled(case: Case) -> Gate:
    """Neither venue holds anything there that no pair of ours does; one of whom that is not known may."""
    against = [words for venue in case.venues if (words := _found(case.board, venue, case.asset))]
    return verdict("reconciled", against, "both as needed", "both asked, and nothing held that no pair of ours holds")


def _found(board: Board, venue: Venue, asset: str) -> str:
    """What speaks against opening in a market; nothing where a pair holds it, or where it is known to be empty."""
    if board.holders(venue, asset):
        return ""
    found = board.verdict(venue, asset)
    if found is None:
        return f"{venue.value}: not asked yet, or not answered"
    return f"{venue.value}: {found.size:f} {asset} is held ({found.cause})" if found.size else ""


def venue_status(case: Case) -> Gate:
    """Both venues let us open positions in their market."""
    closed = [each for _, _, each, _ in case.sides() if each.status is not MarketStatus.OPEN]
    told = [f"{each.venue.value}: {each.status_reason or each.status.value}" for each in closed]
    return verdict("venue_status", told, "both open", "both open")


def same_instrument(case: Case) -> Gate:
    """Both markets are one instrument, settled in what the policy allows."""
    taker, maker = case.markets
    scanner = case.policy.scanner
    needed = f"prices within {scanner.identity_price_most_bps} bps, settled in {' or '.join(scanner.settle_tokens)}"
    if not case.compared:
        return unmeasured("identity", case, needed)
    against = list(identity.objections(taker, maker, scanner))
    return verdict("identity", against, identity.told(taker, maker), needed)


def settle_token(case: Case) -> Gate:
    """What both legs are settled in is worth its dollar, within the haircut; a token nobody judged is refused."""
    gates = case.policy.gates
    tokens = {each.settle_token: gates.settle_haircuts_bps.get(each.settle_token) for _, _, each, _ in case.sides()}
    told = ", ".join(
        f"{token} {'not judged' if haircut is None else f'{haircut} bps'}" for token, haircut in tokens.items()
    )
    passed = all(each is not None and each <= gates.settle_haircut_most_bps for each in tokens.values())
    return Gate(name="settle_token", passed=passed, measured=told, needed=f"<= {gates.settle_haircut_most_bps} bps")


def funding_calibrated(case: Case) -> Gate:
    """The rates that are ranked have been checked against settled payments, where the policy asks for it."""
    asked = case.policy.scanner.calibrated_only
    bare = [each.venue.value for _, _, each, _ in case.sides() if not each.funding_calibrated]
    return Gate(
        name="funding_calibrated",
        passed=not (bare and asked),
        measured=f"not checked: {', '.join(bare)}" if bare else "both checked",
        needed="both checked against settled payments" if asked else "not asked for",
    )


def clock_skew(case: Case) -> Gate:
    """Both venues' clocks agree with ours: expiries, nonces and the age of quotes mean what they say."""
    limit = case.policy.scanner.clock_skew_most_s
    told = [(venue, skew_s(case.board, venue)) for venue in case.venues]
    passed = all(skew is not None and abs(skew) <= limit for _, skew in told)
    measured = ", ".join(f"{venue.value} {'not known' if skew is None else f'{skew:+.3g} s'}" for venue, skew in told)
    return Gate(name="clock_skew", passed=passed, measured=measured, needed=f"within {limit} s")


def insurance(case: Case) -> Gate:
    """How a venue's bankruptcies are borne; a venue nobody judged is refused."""
    gates = case.policy.gates
    tiers = [(venue, gates.insurance_tiers.get(venue)) for venue in case.venues]
    passed = all(tier is not None and tier <= gates.insurance_tier_most for _, tier in tiers)
    told = ", ".join(f"{venue.value} {'not judged' if tier is None else f'tier {tier}'}" for venue, tier in tiers)
    return Gate(name="insurance_tier", passed=passed, measured=told, needed=f"<= tier {gates.insurance_tier_most}")


def oracle(case: Case) -> Gate:
    """Each venue's mark is near its own oracle, and both were told lately."""
    limits, against = case.policy.gates, []
    for venue, market, _, _ in case.sides():
        age_s = (case.known.at_ns - market.sampled_ns) / NS_PER_S
        if age_s > limits.sample_age_most_s:
            against.append(f"{venue.value}: told {age_s:.0f} s ago")
        if market.mark is None or not market.oracle:
            against.append(f"{venue.value}: no oracle")
        elif (away := abs(market.mark / market.oracle - 1) / BPS) > limits.oracle_divergence_most_bps:
            against.append(f"{venue.value}: mark {away:.4g} bps from the oracle")
    needed = f"within {limits.oracle_divergence_most_bps} bps, told within {limits.sample_age_most_s} s"
    return verdict("oracle", against, "both near and fresh", needed)
