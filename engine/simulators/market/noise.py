"""Randomness by address: a draw depends on (seed, name, index) alone, never on which draws came before.

SplitMix64 (Steele, Lea, Flood 2014) over a key hashed from the name: one draw costs well under a microsecond.
"""

import math
from hashlib import blake2b

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def key_of(seed: int, *names: str) -> int:
    """A 64-bit key for one stream of draws."""
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def uniform(key: int, index: int) -> float:
    """A number in (0, 1)."""
    x = (key + index * _GOLDEN) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) + 0.5) * 2.0**-64


def exponential(key: int, index: int) -> float:
    """A waiting-time-like number with mean 1."""
    return -math.log(uniform(key, index))
