"""Where the engine keeps what all runs of a user share, and what must outlive a run's own disk and a restart.

Counterparts: `engine.config`, whose `run.state_directory` names it, `engine.doors.accounts`, which keeps its locks
there, and `engine.journal`, which keeps the marks of broken journals and their spares there.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import UserError


def state_directory(named: str) -> Path:
    """The directory; "" is the system's place for state (XDG Base Directory: absolute, or ignored).

    Raises UserError for a user without a home directory.
    """
    try:
        if named:
            return Path(named).expanduser()
        given = Path(os.environ.get("XDG_STATE_HOME", ""))
        return (given if given.is_absolute() else Path.home() / ".local" / "state") / "perp2perp"
    except RuntimeError as error:
        raise UserError(f"run.state_directory {named!r}: {error}; name a whole path there") from error
