"""Keys that may sign: agent and API keys alone, in files of their owner's. Read by the signing process, not the engine.

`key_file` (what a file says) · `secret` (a text that does not show) · `permissions` (who may read a file) ·
`sealing` (encryption) · `store` (reading and writing) · `passwords` (where they come from) · `commands` (the terminal).
Apart from them `access_file`: keys that a venue is shown, and that sign nothing; the engine itself reads those.
"""

from engine.keys.key_file import KeyFile, KeyRefused, Network, SealedKey
from engine.keys.passwords import ask, password_from
from engine.keys.sealing import seal, unseal
from engine.keys.secret import Secret
from engine.keys.store import open_key_file, read_key_file, write_key_file

__all__ = [
    "KeyFile",
    "KeyRefused",
    "Network",
    "SealedKey",
    "Secret",
    "ask",
    "open_key_file",
    "password_from",
    "read_key_file",
    "seal",
    "unseal",
    "write_key_file",
]
