"""The link role: believes what the adapter reports of one venue's link, and tells people."""

from __future__ import annotations

import msgspec

from actors.actor import ActorState, Context, Role, durations, fault_alarm
from actors.commands import AnyCommand, RaiseAlarm
from actors.domain import NS_PER_S, Venue
from actors.messages import ActorFaulted, FrameRefused, LinkLost, LinkUp, TimerFired
from statecharts.venue_link import CHART


class VenueLink(ActorState, frozen=True, kw_only=True):
    """One venue's link. `refused` counts frames refused since the link came up, `losses` all losses."""

    venue: Venue
    refused: int = 0
    losses: int = 0
    last_words: str = ""


def absorb(state: VenueLink, context: Context) -> tuple[VenueLink, str]:
    """Count what is told; name the trigger."""
    message = context.message
    match message:
        case LinkUp():
            return msgspec.structs.replace(state, refused=0), "LinkUp"
        case LinkLost():
            return msgspec.structs.replace(state, losses=state.losses + 1, last_words=message.reason), "LinkLost"
        case FrameRefused():
            words = f"{message.channel}: {message.detail}"
            return msgspec.structs.replace(state, refused=state.refused + 1, last_words=words), "FrameRefused"
        case ActorFaulted():
            return msgspec.structs.replace(state, last_words=message.error), "ActorFaulted"
        case TimerFired():
            return state, f"timer:{message.timer}"
        case _:
            return state, type(message).__name__


def too_many_refused(state: VenueLink, context: Context) -> bool:
    """More frames were refused since the link came up than one link may send."""
    return state.refused > context.policy.link.refused_frames_most


def alarm_lost(state: VenueLink, _: Context) -> tuple[AnyCommand, ...]:
    """The link went down."""
    text = f"{state.venue.value}: link lost ({state.last_words}); nothing new is opened there"
    return (RaiseAlarm(severity="info", code="link_lost", text=text),)


def alarm_sick(state: VenueLink, _: Context) -> tuple[AnyCommand, ...]:
    """Frames cannot be read."""
    text = f"{state.venue.value}: {state.refused} frames refused, last {state.last_words}; is the adapter out of date?"
    return (RaiseAlarm(severity="critical", code="link_sick", text=text),)


def alarm_outage(state: VenueLink, context: Context) -> tuple[AnyCommand, ...]:
    """The link stays down."""
    seconds = (context.at_ns - state.arrived_ns) // NS_PER_S
    text = f"{state.venue.value}: no link for {seconds} s ({state.last_words or 'never up'})"
    return (RaiseAlarm(severity="critical", code="link_outage", text=text),)


def alarm_fault(state: VenueLink, _: Context) -> tuple[AnyCommand, ...]:
    """This actor's own step raised."""
    return fault_alarm(state, state.last_words)


ROLE: Role[VenueLink] = Role(
    chart=CHART,
    absorb=absorb,
    guards={"too_many_refused": too_many_refused},
    actions={
        "alarm_lost": alarm_lost,
        "alarm_sick": alarm_sick,
        "alarm_outage": alarm_outage,
        "alarm_fault": alarm_fault,
    },
    duration_s=durations(CHART, outage=lambda _, policy: policy.link.outage_s),
)
