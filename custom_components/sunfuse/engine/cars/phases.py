"""One phase or all: for chargers that can switch between them.

A switch costs a car a pause and wears a contactor, so both directions have their own delay, and an hour has
only so many switches. Without a charging car the switch is free.
"""

from datetime import datetime, timedelta

from ..memory import ConnectorMemory
from ..model import Connector, Snapshot
from ..switch_regret import OFF
from .asking import Ask
from .ramp import too_soon

HOUR = timedelta(hours=1)
# If no solar power decides: for cars that charge on grid power alone.
TO_ONE_PHASE_S = 120.0
TO_THREE_PHASES_S = 300.0


def wired(connector: Connector, past: ConnectorMemory) -> int:
    """Return how many phases a connector is to use now."""
    if connector.switches_phases and past.phases == 1:
        return 1
    return len(connector.phases)


def start_phases(asking: Ask, sun_w: float, snapshot: Snapshot) -> None:
    """Let a car that is to start on solar power use one phase if there is not enough for more, or a switch costs more."""
    connector = asking.connector
    if connector.switches_phases and len(connector.phases) > 1:
        all_w = connector.min_a * snapshot.site.voltage_v * len(connector.phases)
        due = OFF if asking.choice is None else asking.choice.state
        fewer = sun_w < all_w if due == OFF else due == 1
        wish(asking, fewer=fewer, snapshot=snapshot)


def wish(asking: Ask, *, fewer: bool, snapshot: Snapshot) -> None:
    """Note since when another number of phases would be better, and switch when that has lasted.

    The delay is the user's number, or, if that is automatic, follows from the recent sky (see `switch_regret`).
    """
    past, now, tuning = asking.past, snapshot.now, snapshot.tuning
    one = wired(asking.connector, past) == 1
    if one == fewer:
        past.fewer_since = past.more_since = None
        return
    if fewer:
        past.more_since = None
        since = past.fewer_since = past.fewer_since or now
        patience_s, usual_s = tuning.to_one_phase_s, TO_ONE_PHASE_S
    else:
        past.fewer_since = None
        since = past.more_since = past.more_since or now
        patience_s, usual_s = tuning.to_three_phases_s, TO_THREE_PHASES_S
    wanted = 1 if fewer else len(asking.connector.phases)
    if patience_s is None and asking.choice is not None:
        ready = asking.choice.state == wanted
    else:
        delay_s = usual_s if patience_s is None else patience_s
        ready = now - since >= timedelta(seconds=delay_s)
    ready = past.on_since is None or (ready and may_switch(past, snapshot))
    if ready and not too_soon(asking.connector, past, snapshot):
        switch(asking, wanted, snapshot)


def may_switch(past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether this hour has a switch left."""
    used = len(recent(past.switches, snapshot.now))
    return used < snapshot.tuning.switches_per_hour


def switch(asking: Ask, phases: int, snapshot: Snapshot) -> None:
    """Use another number of phases from now on; a charging car pauses first."""
    past, now = asking.past, snapshot.now
    past.switches = recent(past.switches, now)
    if past.on_since is not None:
        past.switches = (*past.switches, now)
        pause = timedelta(seconds=snapshot.tuning.switch_pause_s)
        past.switching_until = now + pause
    past.phases = phases
    past.fewer_since = past.more_since = None
    asking.phases = asking.connector.phases[:phases]


def switching(past: ConnectorMemory, now: datetime) -> bool:
    """Whether a car is in its pause between two numbers of phases."""
    return past.switching_until is not None and now < past.switching_until


def recent(times: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """Return those of the last hour."""
    return tuple(at for at in times if now - at < HOUR)
