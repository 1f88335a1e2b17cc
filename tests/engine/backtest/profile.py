"""config/backtest.toml is paper.toml but for these passages; `python -m tests.engine.backtest.profile` writes it.

So what is decided, and by which limits, is the same in both; what differs is how often something is looked at.
"""

from __future__ import annotations

from engine.config import DEFAULT_CONFIG

BACKTEST = DEFAULT_CONFIG.with_name("backtest.toml")
PASSAGES = (
    (
        "# Offline: all four venues simulated, a seeded market, a virtual clock. No secrets, no network.\n"
        "# Complete as it stands: nothing is inherited, every limit carries its unit in its name.\n",
        "# Offline, for `perp2perp backtest`: recorded hours on simulated venues, a virtual clock. No secrets.\n"
        "# Complete as it stands: nothing is inherited, every limit carries its unit in its name.\n"
        "# As paper.toml, but nothing is looked at more often than the recording moves: once an hour.\n",
    ),
    ("watch_s = 30.0\nreduce_level", "watch_s = 3600.0    # hourly\nreduce_level"),
    ("watch_s = 30.0    # simulated markets move every five minutes", "watch_s = 3600.0    # hourly"),
    ("\nspeed_window_s = 300.0", "\nspeed_window_s = 3600.0    # hourly"),
    ('\npath_collar_bps = "200"  ', '\npath_collar_bps = "600"  '),
    (
        "\npath_window_s = 900.0\npath_samples_least = 2 ",
        "\npath_window_s = 3600.0    # hourly\npath_samples_least = 1 ",
    ),
    ("\nscan_s = 300.0", "\nscan_s = 3600.0    # hourly"),
    ('\nquote_age_most_s = "900"', '\nquote_age_most_s = "2700"    # this hour\'s, told by its middle; none in a gap'),
    (
        "\nreverify_s = 1800.0    # a simulated venue is left alone; live: a minute",
        "\nreverify_s = 86400.0    # a simulated venue forgets nothing",
    ),
    ("\nevery_s = 21600.0  ", "\nevery_s = 604800.0  "),
    ("\nsteps_after_s = 1.0", "\nsteps_after_s = 1797.0    # the hour's price and rate are told by its middle"),
    ("\nquiet_step_s = 300.0", "\nquiet_step_s = 3600.0    # hourly"),
    (
        "\nquiet_step_s = 900.0    # the polls move the world already",
        "\nquiet_step_s = 3600.0    # hourly",
    ),
    (
        "poll_quiet_s = 300.0    # a simulated week is read every five minutes; the default is five seconds\n"
        "polls_on_the_clock = true\npolls_after_s = 1.0\npoll_lost_s = 900.0\n"
        "link = { ping_every_s = 300.0, silence_most_s = 1000.0 }",
        "poll_quiet_s = 3600.0\npolls_on_the_clock = true\npolls_after_s = 1797.0\npoll_lost_s = 9000.0\n"
        "account_told_every_s = 1700.0\n"
        "link = { ping_every_s = 3600.0, silence_most_s = 10000.0 }",
    ),
)
PING = "\nlink = { ping_every_s = 55.0 }    # the venue drops who is silent for a minute"
REPOLLED = (
    "\nmarkets_refresh_s = 300.0    # the list of markets is read again: one may be closed or delisted while the link "
    "stays up"
)
ASKED = "\nfunding_poll_delay_s = 1797.0    # asking moves the venue's world, which tells: with the others, not before"
YOUNG = (
    ("\naccount_age_most_s = 120.0", "\naccount_age_most_s = 7500.0"),
    ('\nsample_age_most_s = "900"', '\nsample_age_most_s = "2700"'),
    (f"[venues.hyperliquid.adapter]{REPOLLED}", f"[venues.hyperliquid.adapter]{PING}{REPOLLED}"),
    (REPOLLED, f"\nmarkets_refresh_s = 604800.0{ASKED}"),
    ("\n[venues.lighter.adapter]", f"\n[venues.lighter.adapter]{ASKED}"),
)
"""Passages of fields that are just being made: they may be missing."""


def derived() -> str:
    """What config/backtest.toml must be; AssertionError names a passage that paper.toml has no more."""
    text = DEFAULT_CONFIG.read_text(encoding="utf-8")
    for old, new in PASSAGES:
        assert old in text, f"config/paper.toml has no {old!r} any more: change PASSAGES"
        text = text.replace(old, new)
    for old, new in YOUNG:
        text = text.replace(old, new)
    return text


if __name__ == "__main__":
    BACKTEST.write_text(derived(), encoding="utf-8", newline="\n")
    print(BACKTEST)
