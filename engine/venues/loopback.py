"""Which hosts are this machine: the only ones that may be spoken to in the clear. Asked by routes and profiles."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host is written as a loopback address; a name is not one, whatever it resolves to."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
