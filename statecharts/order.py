"""One order, from the moment it is sent until its outcome is known.

An order is open until proven otherwise, and doubt is a state of its own, in two kinds: UNRESOLVED, when nobody has
said that the venue took it, and MISSING, when the venue took it and shows it nowhere. There are four ways out of doubt,
each a row: by its client id (O17, O20, O21), by its fills (O18, O19), by proof that it was never executed (O22), and by
its time: its lifetime has passed and the venue does not show it (O10, O25), which the pair position believes only when
the positions agree. Fills are counted in every state, also after the end, since they can arrive late. The pair position
steps this chart for each of its orders and reacts to what it says.
"""

from statecharts.chart import Chart, Ignored, Row, State

OVER = ("FILLED", "CANCELED", "REJECTED", "DENIED", "LAPSED", "VANISHED")
BY_TIME = ("LAPSED", "VANISHED")
"""Over because its time has passed: believed when the positions agree, and not for ever."""
DOUBTED = ("UNRESOLVED", "MISSING")

CHART = Chart(
    name="order",
    doc="The life of one order: sent, open, in doubt in two ways, and six ways to be over.",
    initial="SENT",
    states=(
        State(name="SENT", doc="The request has left (or is about to); the venue has not answered."),
        State(name="OPEN", doc="The venue knows the order and it is not over."),
        State(
            name="UNRESOLVED",
            doc="The outcome is unknown: the order may exist. Never sent again, always asked for.",
        ),
        State(
            name="MISSING",
            doc="The venue took it, and its lists do not show it; they may lag: asked for until its time is over.",
        ),
        State(name="FILLED", doc="Filled to the asked size."),
        State(
            name="CANCELED",
            doc="Over with a remainder: canceled, IOC remainder, expired, or closed by the venue.",
        ),
        State(name="REJECTED", doc="The venue proved that it did not take the order."),
        State(name="DENIED", doc="Our own risk screen kept it from leaving."),
        State(name="LAPSED", doc="Its lifetime has passed and the venue does not know it: it was never placed."),
        State(
            name="VANISHED",
            doc="Taken by the venue, and after its lifetime in none of its lists: over. The position says what it did.",
        ),
    ),
    triggers=(
        "OrderAccepted",
        "OrderFilled",
        "OrderDone",
        "OrderRejected",
        "OrderDenied",
        "OrderUnresolved",
        "OrderUnknown",
        "CancelRejected",
        "EngineResumed",
    ),
    rows=(
        Row(id="O1", source=("SENT",), on="OrderAccepted", to="OPEN"),
        Row(
            id="O17",
            source=DOUBTED,
            on="OrderAccepted",
            to="OPEN",
            why="resolved by its client id: the venue has it, and it is open",
        ),
        Row(id="O2", source=("SENT", "OPEN"), on="OrderFilled", when=("complete",), to="FILLED"),
        Row(
            id="O18",
            source=DOUBTED,
            on="OrderFilled",
            when=("complete",),
            to="FILLED",
            why="resolved by its fills: they come to all of it",
        ),
        Row(id="O3", source=("SENT",), on="OrderFilled", to="OPEN", why="a fill proves it exists"),
        Row(
            id="O19",
            source=DOUBTED,
            on="OrderFilled",
            to="OPEN",
            why="resolved by a fill: it exists, and may fill on",
        ),
        Row(id="O4", source=("OPEN",), on="OrderFilled", why="partly filled: still open"),
        Row(id="O5", source=("SENT", "OPEN"), on="OrderDone", when=("complete",), to="FILLED"),
        Row(
            id="O20",
            source=DOUBTED,
            on="OrderDone",
            when=("complete",),
            to="FILLED",
            why="resolved by its client id: the venue says that all of it has filled",
        ),
        Row(id="O6", source=("SENT", "OPEN"), on="OrderDone", to="CANCELED"),
        Row(
            id="O21",
            source=DOUBTED,
            on="OrderDone",
            to="CANCELED",
            why="resolved by its client id: over, and the venue says how much of it has filled",
        ),
        Row(id="O7", source=("SENT", "OPEN"), on="OrderRejected", to="REJECTED"),
        Row(
            id="O22",
            source=DOUBTED,
            on="OrderRejected",
            to="REJECTED",
            why="resolved by proof: refused, its nonce used by another, or its blockhash dead; it never executes",
        ),
        Row(id="O8", source=("SENT",), on="OrderDenied", to="DENIED"),
        Row(id="O9", source=("SENT",), on="OrderUnresolved", to="UNRESOLVED"),
        Row(
            id="O10",
            source=("SENT", "UNRESOLVED"),
            on="OrderUnknown",
            when=("lapsed",),
            to="LAPSED",
            why="resolved by its time: the venue must not take it any more; the pair holds that to the positions",
        ),
        Row(
            id="O11",
            source=("SENT",),
            on="OrderUnknown",
            to="UNRESOLVED",
            why="a venue may not know an order for a moment",
        ),
        Row(
            id="O24",
            source=("OPEN",),
            on="OrderUnknown",
            to="MISSING",
            why="the venue took it and now shows it nowhere: its lists may lag",
        ),
        Row(
            id="O25",
            source=("MISSING",),
            on="OrderUnknown",
            when=("lapsed",),
            to="VANISHED",
            why="resolved by its time: shown nowhere after its lifetime; the pair holds that to the positions",
        ),
        Row(
            id="O12",
            source=DOUBTED,
            on="OrderUnknown",
            why="asked again until its lifetime has passed",
        ),
        Row(id="O13", source=OVER, on="OrderFilled", why="a late fill is counted, never ignored"),
        Row(
            id="O14",
            source=OVER,
            on="OrderDone",
            why="the venue's cumulative size may be larger than what was seen",
        ),
        Row(
            id="O16",
            source=("SENT", "OPEN"),
            on="EngineResumed",
            to="UNRESOLVED",
            why="it may have been sent or not, filled or not: nobody was listening",
        ),
        Row(id="O15", source=BY_TIME, on="OrderAccepted", to="OPEN", why="it is alive after all"),
    ),
    ignored=(
        Ignored(source=("OPEN",), on=("OrderAccepted",), why="told twice"),
        Ignored(
            source=("OPEN", *DOUBTED),
            on=("OrderUnresolved",),
            why="what is unknown is a cancel of it, or known already; the order stays as it is",
        ),
        Ignored(
            source=("OPEN", *DOUBTED, *OVER),
            on=("OrderDenied",),
            why="only an order not yet sent is denied",
        ),
        Ignored(
            source=(*DOUBTED, *OVER),
            on=("EngineResumed",),
            why="unknown already, or over; what filled meanwhile is told by the venue",
        ),
        Ignored(source=("*",), on=("CancelRejected",), why="says nothing of fills; the pair asks for the order"),
        Ignored(
            source=OVER,
            on=("OrderAccepted", "OrderRejected", "OrderUnresolved", "OrderUnknown"),
            why="over is over; a repeated or late word changes nothing",
        ),
    ),
    final=("FILLED", "CANCELED", "REJECTED", "DENIED"),
)
