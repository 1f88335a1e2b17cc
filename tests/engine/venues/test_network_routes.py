"""Base URLs however they are written: what is checked is what is connected to, and what is shown holds no key."""

from __future__ import annotations

import pytest

from engine.venues.network import RouteRefused, Routes
from engine.venues.network.routes import shown


@pytest.mark.parametrize(
    "base",
    [
        "https://@api.example",
        "https://:secret@api.example",
        "https://api.example:0x50",
        "https://api.example:99999",
        "https://api.example\\@elsewhere.example",
        "https://api.example%2f.elsewhere.example",
        "https://api example",
        "https://",
        "https://[::1",
    ],
)
def test_a_base_that_two_readers_might_read_differently_is_refused_without_repeating_it(base: str) -> None:
    with pytest.raises(RouteRefused) as refused:
        Routes(requests={"": base}, streams={})
    assert "secret" not in str(refused.value)
    assert "elsewhere" not in str(refused.value)


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("https://node.example/v1?api-key=hush", "https://node.example"),
        ("wss://node.example:8443/hush", "wss://node.example:8443"),
        ("HTTP://127.0.0.1:8701", "http://127.0.0.1:8701"),
        ("http://[::1]:80/hush", "http://[::1]:80"),
    ],
)
def test_an_address_is_shown_without_what_may_be_an_access_key(base: str, told: str) -> None:
    assert shown(base) == told
