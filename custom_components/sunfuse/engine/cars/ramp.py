"""Gradual increases: a dead band, a ramp, a minimum time between steps, a lockout. Never for reductions."""

from dataclasses import replace
from datetime import datetime, timedelta
import math
from math import inf

from ..memory import ConnectorMemory
from ..model import Connector, ReasonKey, Snapshot
from ..tuning import Tuning

# A car that was stopped and has since run for this long starts with a clean record.
FORGIVEN = timedelta(minutes=30)
# An overload that lasts longer is no moment any more.
MOMENT = timedelta(seconds=60)
# The automatic values.
DEAD_BAND = 0.05
DEAD_BAND_A = 1.0
RAMP_A_PER_S = 1.0
# A charger that takes longer to confirm gets the next limit all the same.
SLOWEST_S = 30.0
MIN_OFF_S = 60.0
# `switch_regret` decides when another start on solar power is worth it; some cars give up when restarted at once.
SUN_OFF_S = 20.0
_FOR_SUN = frozenset(
    (ReasonKey.WAITING_FOR_SUN, ReasonKey.STARTING_ON_SUN, ReasonKey.SUN_TAKEN)
)


def round_down(current_a: float, step_a: float) -> float:
    """Return the current in steps of the charger, never more than requested."""
    # Sums of tenths are a hair below their value.
    return round(math.floor(current_a / step_a + 1e-6) * step_a, 3)


def round_up(current_a: float, step_a: float) -> float:
    """Return the current in steps of the charger, never less than requested."""
    return round(math.ceil(current_a / step_a - 1e-6) * step_a, 3)


def in_steps(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with minimums that chargers support: one with steps of 8 A charges with 8 A or not at all."""
    connectors = tuple(_in_steps(connector) for connector in snapshot.connectors)
    if connectors == snapshot.connectors:
        return snapshot
    return replace(snapshot, connectors=connectors)


def _in_steps(connector: Connector) -> Connector:
    least_a = round_up(connector.min_a, connector.step_a)
    if least_a <= connector.min_a:
        return connector
    return replace(connector, min_a=least_a)


def is_slow(connector: Connector, past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether the last command to a slow charger is still on its way: with a higher one behind it, the offers would swing."""
    if connector.offered_at is None:
        return False
    confirms_s = min(past.confirms_s or 0.0, SLOWEST_S)
    if confirms_s <= snapshot.tuning.step_s:
        return False
    return (snapshot.now - connector.offered_at).total_seconds() < confirms_s


def too_soon(connector: Connector, past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether a charger was commanded too recently for a command that safety does not need."""
    until = next_command_at(connector, past, snapshot.tuning)
    return until is not None and snapshot.now < until


def next_command_at(
    connector: Connector, past: ConnectorMemory, tuning: Tuning
) -> datetime | None:
    """Return when a charger may have another command that safety does not need; None: it never had any."""
    commanded = [
        at for at in (connector.offered_at, past.commanded_at) if at is not None
    ]
    return max(commanded) + timedelta(seconds=tuning.step_s) if commanded else None


def calm_a(
    target_a: float,
    *,
    before_a: float,
    min_a: float,
    most_a: float,
    past: ConnectorMemory,
    snapshot: Snapshot,
    sunny: bool = False,
) -> float:
    """Return what to offer on the way to a higher target: in steps, and not for every small change.

    Cars on solar power follow it at once, unless the user has set something else.
    """
    tuning = snapshot.tuning
    if before_a < min_a:
        return min_a
    if little_more(target_a, before_a, most_a, past, snapshot, sunny=sunny):
        return before_a
    ramp_a_per_s = tuning.ramp_a_per_s
    if ramp_a_per_s is None:
        ramp_a_per_s = inf if sunny else RAMP_A_PER_S
    since_s = tuning.step_s
    if past.raised_at is not None:
        since_s = (snapshot.now - past.raised_at).total_seconds()
        if since_s < tuning.step_s:
            return before_a
    # An increase long after the last one begins with a step like any other.
    next_a = before_a + ramp_a_per_s * min(since_s, 2 * tuning.step_s)
    # The last step takes along what would not be worth another one, even after a minute.
    rest_a = min(tuning.late_dead_band_a, dead_band_a(next_a, tuning, sunny=sunny))
    return next_a if target_a - next_a >= rest_a else target_a


def little_more(
    target_a: float,
    before_a: float,
    most_a: float,
    past: ConnectorMemory,
    snapshot: Snapshot,
    *,
    sunny: bool,
) -> bool:
    """Whether a running connector's increase is within the dead band: it is not made, unless it is the last one."""
    band_a = late_band_a(before_a, past, snapshot, sunny=sunny)
    return target_a < most_a and target_a - before_a < band_a


def little_less(
    target_a: float, before_a: float, past: ConnectorMemory, snapshot: Snapshot
) -> bool:
    """Whether a reduction is within the dead band, and the offer changed less than a minute ago."""
    tuning, since = snapshot.tuning, past.settled_at
    band_a = dead_band_a(before_a, tuning, sunny=True)
    return (
        since is not None
        and (snapshot.now - since).total_seconds() < tuning.dead_band_s
        and 0 < before_a - target_a < band_a
    )


def dead_band_a(before_a: float, tuning: Tuning, *, sunny: bool) -> float:
    """Return which change is not worth a message: none is too small on solar power, if that is automatic."""
    if sunny and tuning.dead_band is None and tuning.dead_band_a is None:
        return 0.0
    part = DEAD_BAND if tuning.dead_band is None else tuning.dead_band
    least_a = DEAD_BAND_A if tuning.dead_band_a is None else tuning.dead_band_a
    return max(least_a, part * before_a)


def late_band_a(
    before_a: float, past: ConnectorMemory, snapshot: Snapshot, *, sunny: bool
) -> float:
    """Return how much an increase must be worth: less, once the offer has been unchanged for long."""
    tuning = snapshot.tuning
    band_a = dead_band_a(before_a, tuning, sunny=sunny)
    since = past.settled_at
    if (
        since is not None
        and (snapshot.now - since).total_seconds() >= tuning.dead_band_s
    ):
        return min(tuning.late_dead_band_a, band_a)
    return band_a


# Beyond any lockout that can be set; 2 to the power of 1,024 is too large for a float.
_MOST_DOUBLINGS = 30


def locked_until(past: ConnectorMemory, tuning: Tuning) -> datetime | None:
    """Return until when a connector that was stopped must wait; None if it was not.

    A car that was stopped for lack of capacity returns when there is capacity again. If it is stopped repeatedly, it waits twice as
    long each time.
    """
    if past.on_since is not None or past.stopped_at is None:
        return None
    lockout_s = tuning.min_off_s
    if lockout_s is None and past.stops:
        lockout_s = 0.0
    elif lockout_s is None:
        for_sun = past.stopped_for is not None and past.stopped_for.key in _FOR_SUN
        lockout_s = SUN_OFF_S if for_sun else MIN_OFF_S
    if past.stops > 1:
        repeated_s = tuning.lockout_s * 2.0 ** min(past.stops - 2, _MOST_DOUBLINGS)
        lockout_s = max(lockout_s, min(repeated_s, tuning.lockout_most_s))
    return past.stopped_at + timedelta(seconds=lockout_s)


def was_paused(past: ConnectorMemory, now: datetime) -> bool:
    """Whether a car was paused for what may have been a moment: it comes back as soon as that is over.

    It had its place beside the load as it was before. If it is paused again, it waits like all others.
    """
    paused_at = past.paused_at
    return paused_at is not None and past.stops <= 1 and now - paused_at <= MOMENT


def locked_out(past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether a connector was stopped too recently to start again."""
    until = locked_until(past, snapshot.tuning)
    return until is not None and snapshot.now < until
