"""The risk actor: screens every order before it leaves, watches ADL and liquidation, and holds the kill switch.

The screen itself is a pure function the core calls between a step and its record; this chart says when openings
are allowed at all, and when positions are looked at. What closes a pair without anybody asking is a table of its own,
`actors.risk.auto_close`.
"""

from statecharts.chart import Chart, Ignored, Row, State

WATCHED = ("WATCHING.holding", "RESTRICTED")

CHART = Chart(
    name="risk",
    doc="Limits on every order, the watch over what is held, and the kill switch; outside the strategy's reach.",
    initial="WATCHING.idle",
    states=(
        State(name="WATCHING.idle", doc="Nothing is held; openings are allowed within the limits."),
        State(
            name="WATCHING.holding",
            doc="Positions are held; their ADL level and what else may end them is watched.",
            timers=("watch",),
            may_hold_leg=True,
        ),
        State(
            name="RESTRICTED",
            doc="The run is ending: only reducing orders pass.",
            timers=("watch",),
            may_hold_leg=True,
        ),
        State(
            name="KILLED",
            doc="The kill switch was pulled: only reducing orders pass, everything is being flattened.",
            timers=("watch",),
            may_hold_leg=True,
        ),
    ),
    triggers=(
        "OrderNoted",
        "OwnFill",
        "PositionReported",
        "PositionNoted",
        "MarketSampled",
        "FundingPaid",
        "DrainAsked",
        "KillSwitchPulled",
        "ActorFaulted",
        "timer:watch",
    ),
    rows=(
        Row(
            id="K1",
            source=("WATCHING.idle",),
            on="OwnFill",
            do=("tell_adl", "ask_closes"),
            to="WATCHING.holding",
        ),
        Row(id="K2", source=WATCHED, on="OwnFill", do=("tell_adl", "ask_closes"), why="on every own fill"),
        Row(
            id="K3",
            source=("WATCHING.idle",),
            on="PositionReported",
            do=("tell_adl", "ask_closes"),
            to="WATCHING.holding",
        ),
        Row(
            id="K4",
            source=WATCHED,
            on="PositionReported",
            do=("tell_adl", "ask_closes"),
            why="on every position push",
        ),
        Row(
            id="K11",
            source=WATCHED,
            on="MarketSampled",
            do=("ask_closes",),
            why="on every mark of a market we hold: seconds count near a liquidation",
        ),
        Row(
            id="K5",
            source=("WATCHING.holding",),
            on="timer:watch",
            when=("nothing_held",),
            to="WATCHING.idle",
        ),
        Row(
            id="K12",
            source=("WATCHING.holding",),
            on="timer:watch",
            when=("daily_loss_reached",),
            do=("alarm_daily_loss", "ask_drain", "ask_closes"),
            to="RESTRICTED",
            why="too much was lost today: nothing more is opened, the run ends in order",
        ),
        Row(
            id="K6",
            source=WATCHED,
            on="timer:watch",
            when=("adl_due",),
            do=("tell_adl_of_all", "ask_closes"),
            to="=",
        ),
        Row(
            id="K13",
            source=WATCHED,
            on="timer:watch",
            do=("ask_closes",),
            to="=",
            why="marks may fail to come; what was asked and could not be done is asked again",
        ),
        Row(
            id="K14",
            source=("KILLED",),
            on="OwnFill",
            do=("tell_adl",),
            why="everything is being flattened: no further close is asked for",
        ),
        Row(id="K15", source=("KILLED",), on="PositionReported", do=("tell_adl",)),
        Row(id="K16", source=("KILLED",), on="timer:watch", when=("adl_due",), do=("tell_adl_of_all",), to="="),
        Row(id="K17", source=("KILLED",), on="timer:watch", to="="),
        Row(id="K7", source=("WATCHING.*",), on="DrainAsked", to="RESTRICTED"),
        Row(
            id="K8",
            source=("WATCHING.*", "RESTRICTED"),
            on="KillSwitchPulled",
            do=("alarm_killed", "ask_emergency"),
            to="KILLED",
        ),
        Row(
            id="K9",
            source=("KILLED",),
            on="KillSwitchPulled",
            do=("ask_emergency",),
            why="asked again: pairs that are stranded try again",
        ),
        Row(
            id="K10",
            source=("*",),
            on="ActorFaulted",
            do=("alarm_fault",),
            to="RESTRICTED",
            why="risk that fails opens nothing more",
        ),
    ),
    ignored=(
        Ignored(source=("*",), on=("OrderNoted", "PositionNoted", "FundingPaid"), why="counted in the books"),
        Ignored(source=("WATCHING.idle", "KILLED"), on=("MarketSampled",), why="nothing is held, or it is flattened"),
        Ignored(source=("RESTRICTED", "KILLED"), on=("DrainAsked",), why="openings are stopped already"),
        Ignored(source=("WATCHING.idle",), on=("timer:watch",), why="this timer does not run here"),
    ),
)
