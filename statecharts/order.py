"""One order, from the moment it is sent until its outcome is known.

An order is open until proven otherwise, and unresolved is a state of its own: it may exist. Fills are counted in
every state, also after the end, since they can arrive late. The pair position steps this chart for each of its
orders and reacts to what it says.
"""

from statecharts.chart import Chart, Ignored, Row, State

OVER = ("FILLED", "CANCELED", "REJECTED", "DENIED", "LAPSED")

CHART = Chart(
    name="order",
    doc="The life of one order: sent, open, unresolved, and five ways to be over.",
    initial="SENT",
    states=(
        State(name="SENT", doc="The request has left (or is about to); the venue has not answered."),
        State(name="OPEN", doc="The venue knows the order and it is not over."),
        State(
            name="UNRESOLVED",
            doc="The outcome is unknown: the order may exist. Never sent again, always asked for.",
        ),
        State(name="FILLED", doc="Filled to the asked size."),
        State(
            name="CANCELED",
            doc="Over with a remainder: canceled, IOC remainder, expired, or closed by the venue.",
        ),
        State(name="REJECTED", doc="The venue proved that it did not take the order."),
        State(name="DENIED", doc="Our own risk screen kept it from leaving."),
        State(name="LAPSED", doc="Its lifetime has passed and the venue does not know it: it was never placed."),
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
        Row(id="O1", source=("SENT", "UNRESOLVED"), on="OrderAccepted", to="OPEN"),
        Row(id="O2", source=("SENT", "OPEN", "UNRESOLVED"), on="OrderFilled", when=("complete",), to="FILLED"),
        Row(id="O3", source=("SENT", "UNRESOLVED"), on="OrderFilled", to="OPEN", why="a fill proves it exists"),
        Row(id="O4", source=("OPEN",), on="OrderFilled", why="partly filled: still open"),
        Row(id="O5", source=("SENT", "OPEN", "UNRESOLVED"), on="OrderDone", when=("complete",), to="FILLED"),
        Row(id="O6", source=("SENT", "OPEN", "UNRESOLVED"), on="OrderDone", to="CANCELED"),
        Row(id="O7", source=("SENT", "OPEN", "UNRESOLVED"), on="OrderRejected", to="REJECTED"),
        Row(id="O8", source=("SENT",), on="OrderDenied", to="DENIED"),
        Row(id="O9", source=("SENT",), on="OrderUnresolved", to="UNRESOLVED"),
        Row(id="O10", source=("SENT", "UNRESOLVED"), on="OrderUnknown", when=("lapsed",), to="LAPSED"),
        Row(
            id="O11",
            source=("SENT", "OPEN"),
            on="OrderUnknown",
            to="UNRESOLVED",
            why="a venue may not know an order for a moment",
        ),
        Row(
            id="O12",
            source=("UNRESOLVED",),
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
        Row(id="O15", source=("LAPSED",), on="OrderAccepted", to="OPEN", why="it was placed after all"),
    ),
    ignored=(
        Ignored(source=("OPEN",), on=("OrderAccepted",), why="told twice"),
        Ignored(
            source=("OPEN", "UNRESOLVED"),
            on=("OrderUnresolved",),
            why="what is unknown is a cancel of it, or known already; the order stays as it is",
        ),
        Ignored(
            source=("OPEN", "UNRESOLVED", *OVER),
            on=("OrderDenied",),
            why="only an order not yet sent is denied",
        ),
        Ignored(
            source=("UNRESOLVED", *OVER),
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
