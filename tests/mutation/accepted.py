"""Reads `EQUIVALENT.md`: the mutants nobody has to catch, each with the reason. Counterpart: `__main__`, which reports
only others, and names entries that no longer survive.
"""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_name("EQUIVALENT.md")


def accepted(text: str) -> dict[str, str]:
    """Reasons by the mutant's name, of the rows of all tables in the text. Raises ValueError for a row without a
    reason, and for a mutant that stands twice."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("| `"):
            continue
        name, _, rest = line.removeprefix("| `").partition("` | ")
        reason = rest.removesuffix(" |").strip()
        if not reason or name in found:
            raise ValueError(f"EQUIVALENT.md: {name!r} needs one row, with a reason")
        found[name] = reason
    return found
