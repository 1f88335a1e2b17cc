"""What stands at the ends of a run, venue by venue: the only thing in which paper, sandbox and live differ.

A door is a transport, a signing, and the account both belong to. In paper both are made here, from the seed; over a
network the transport has sockets and the signing has a process of its own, which holds the key.
"""

from engine.doors.door import Door, Doors, VenueAway
from engine.doors.network import NetworkDoors
from engine.doors.paper import PaperDoors

__all__ = ["Door", "Doors", "NetworkDoors", "PaperDoors", "VenueAway"]
