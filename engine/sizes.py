"""Signed sizes in words, the same everywhere a person reads them: report, explanation, alarms."""

from __future__ import annotations

from decimal import Decimal


def plain(size: Decimal) -> str:
    """The figure without an exponent and without zeros at its end."""
    return f"{size.normalize():f}"


def side_of(size: Decimal) -> str:
    """Long, short or flat."""
    return "flat" if not size else "long" if size > 0 else "short"


def closed_by(size: Decimal) -> str:
    """The side of the order that closes it; empty when it is flat."""
    return "" if not size else "sell" if size > 0 else "buy"
