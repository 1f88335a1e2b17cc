"""Which hosts are this machine."""

import pytest

from engine.venues.loopback import is_loopback


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", False),
        ("10.0.0.1", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_only_a_literal_loopback_address_is_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here
