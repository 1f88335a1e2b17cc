"""`python -m engine.signing`: the child's entry. Its socket is standard input; started by `process` alone."""

from __future__ import annotations

import socket
import sys

from engine.signing.hardening import harden


def main() -> None:
    """Serve until the engine is gone. Exit code 2 when it was not started by one."""
    harden()
    from engine.signing.child import serve

    try:
        end = socket.socket(fileno=0)
    except OSError:
        print("this is the engine's signing process; start it with: perp2perp run", file=sys.stderr)
        raise SystemExit(2) from None
    with end:
        serve(end)


if __name__ == "__main__":
    main()
