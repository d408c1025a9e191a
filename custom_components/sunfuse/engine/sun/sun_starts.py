"""Who may have a minimum on solar power: when it is enough to start, and when it is too little to continue.

A user's delays and thresholds apply as they are. If they are automatic, `switch_regret` decides.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from ..cars.asking import Ask, idle
from ..cars.phases import recent, start_phases, wired
from ..cars.ramp import next_command_at
from ..memory import ConnectorMemory
from ..model import Snapshot
from ..sharing.ranking import rank
from ..switch_regret import (
    HOUR,
    OFF,
    Choice,
    Powers,
    RecentSwitches,
    choose,
    next_start,
    watch_sky,
)

# With a user's own threshold there is no regret to compare: these are the delays then.
START_DELAY_S = 60.0
STOP_DELAY_S = 180.0
MIN_ON_S = 180.0
# A start or stop that is further ahead than this may as well never happen.
FAR_S = 3600.0
# A car that waits for a circuit for less than this takes the sun that it had before.
LACKS_S = 60.0
# A car goes on for so long without a meter that shows the sun.
UNKNOWN_S = 15.0


def watch_sun(
    asks: list[Ask],
    sun_w: float,
    snapshot: Snapshot,
    elapsed_s: float,
    *,
    unknown_s: float | None = None,
) -> set[str]:
    """Note for each car on solar power whether that is enough, and return who may have a minimum now.

    Solar power is assigned minimum by minimum, so that a second car starts as soon as there is enough for both at
    their minimum, not only when the first has its maximum. `unknown_s` is for how long the sun has not been measured; None: it is measured.
    """
    now = snapshot.now
    left_w = _left_by_others(asks, sun_w, snapshot, elapsed_s)
    ranked = sorted((a for a in asks if a.solar), key=lambda a: rank(a, snapshot))
    all_w = _running_w(ranked, snapshot)
    for asking in ranked:
        if unknown_s is not None:
            asking.choice = _unknown(asking, unknown_s)
        else:
            others_w = _others_w(asking, all_w, snapshot)
            _weigh_switch(asking, left_w, others_w, snapshot, elapsed_s)
    leaves = _who_leaves(ranked)
    # What those that run need stays theirs, also if one of them is about to stop.
    free_w = left_w - sum(minimum_w(a, snapshot) for a in ranked if _runs(a))
    may: set[str] = set()
    for asking in ranked:
        runs = _runs(asking)
        own_w = minimum_w(asking, snapshot) if runs else 0.0
        asking.sun_left_w = left_w
        asking.sun_free_w = max(min(left_w, free_w + own_w), 0.0)
        _choose_phases(asking, left_w, snapshot, beside_others=all_w[0] > 0)
        needed_w = minimum_w(asking, snapshot)
        threshold_w = _threshold_w(asking, snapshot)
        enough = left_w >= threshold_w
        _watch(asking.past, enough=enough, now=now)
        takes_w = needed_w
        if _lacks_capacity(asking, snapshot, elapsed_s):
            takes_w = 0.0
        if enough:
            left_w -= takes_w
        at = _changes_at(asking, snapshot, leaves=asking.id == leaves)
        asking.sun_changes_at = at
        if runs and (at is None or now < at):
            may.add(asking.id)
        elif not runs and free_w >= threshold_w and at is not None and now >= at:
            may.add(asking.id)
            free_w -= takes_w
    return may


def _lacks_capacity(asking: Ask, snapshot: Snapshot, elapsed_s: float) -> bool:
    """Whether a car waits for a circuit, and has for a while: the sun is for those that can use it meanwhile."""
    past, now = asking.past, snapshot.now
    if past.off_since is None or past.lacked_at is None:
        return False
    lacks = (now - past.lacked_at).total_seconds() <= elapsed_s
    return lacks and (now - past.off_since).total_seconds() >= LACKS_S


def _left_by_others(
    asks: list[Ask], sun_w: float, snapshot: Snapshot, elapsed_s: float
) -> float:
    """Return the solar power that is left by cars that also have the grid for their minimum."""
    left_w = sun_w
    for asking in asks:
        if asking.sunny and not asking.solar:
            if asking.promised_a < asking.connector.min_a:
                # Else the grid supplies what was promised, and the sun does not choose the phases.
                asking.sun_left_w = left_w
                _weigh_switch(asking, left_w, (0.0, 0.0), snapshot, elapsed_s)
            if idle(asking, snapshot) or _lacks_capacity(asking, snapshot, elapsed_s):
                continue  # it leaves the sun to others
            left_w -= minimum_w(asking, snapshot) * max(
                asking.grid_a / asking.connector.min_a, 1.0
            )
    return left_w


def _who_leaves(ranked: list[Ask]) -> str | None:
    """Return who stops: one at a time, the last in line first. Then there may be enough for the others."""
    for asking in reversed(ranked):
        if _runs(asking) and asking.choice and asking.choice.state == OFF:
            return asking.id
    return None


def _choose_phases(
    asking: Ask, left_w: float, snapshot: Snapshot, *, beside_others: bool
) -> None:
    """Choose on how many phases a car would start.

    Running cars take the sun anyway: to share it is not worth a switch, unless the car is new.
    """
    starts = recent(asking.past.starts, snapshot.now)
    asking.keeps_phases = not _runs(asking) and beside_others and bool(starts)
    if not _runs(asking) and not asking.keeps_phases:
        start_phases(asking, left_w, snapshot)


def _threshold_w(asking: Ask, snapshot: Snapshot) -> float:
    """Return the solar power with which a car starts, or below which a running one may stop."""
    if not _runs(asking):
        return start_w(asking, snapshot)
    return minimum_w(asking, snapshot) - (snapshot.tuning.stop_import_w or 0.0)


def _changes_at(asking: Ask, snapshot: Snapshot, *, leaves: bool) -> datetime | None:
    """Return when a car starts or stops if solar power stays as it is; None if it does not."""
    choice = asking.choice
    assert choice is not None
    if not _runs(asking):
        return starts_at(asking.past, choice, snapshot)
    if choice.state == OFF and not leaves:
        choice = replace(choice, state=_state(asking))
    return stops_at(asking, choice, snapshot)


def _runs(asking: Ask) -> bool:
    return asking.past.on_since is not None


def _weigh_switch(
    asking: Ask,
    sun_w: float,
    others_w: tuple[float, float],
    snapshot: Snapshot,
    elapsed_s: float,
) -> None:
    """Add the present solar power to the recent sky, and note what is due."""
    past = asking.past
    every, volts = len(asking.connector.phases), snapshot.site.voltage_v
    one = wired(asking.connector, past) == 1
    # A car may use fewer phases than its charger has.
    counts = {1 if one else every: len(asking.likely_phases)}
    if asking.connector.switches_phases and every > 1:
        counts = {1: 1, every: every} | counts
    powers = Powers(
        of={
            phases: (
                asking.connector.min_a * volts * count,
                max(asking.most_a, asking.connector.min_a) * volts * count,
            )
            for phases, count in counts.items()
        },
        others=others_w,
    )
    past.recent_sky = watch_sky(past.recent_sky, sun_w, powers, elapsed_s)
    switches = recent(past.switches, snapshot.now)
    asking.choice = choose(
        past.recent_sky,
        sun_w,
        _state(asking),
        powers,
        RecentSwitches(
            starts=len(recent(past.starts, snapshot.now)),
            switches=len(switches),
            switches_per_hour=snapshot.tuning.switches_per_hour,
            switches_back=sum((snapshot.now - at) / HOUR for at in switches),
        ),
        ahead_w=_ahead_w(sun_w, snapshot),
        charged_on=past.charged_on,
    )


def _unknown(asking: Ask, unknown_s: float) -> Choice:
    """Return what to do while the sun is not measured: a value that is late stops nobody, and nobody starts."""
    state = _state(asking)
    if state == OFF:
        return Choice(state=OFF)
    left_s = UNKNOWN_S - unknown_s
    return Choice(state=state if left_s > 0 else OFF, due=((OFF, max(left_s, 0.0)),))


def _state(asking: Ask) -> int:
    """Return the number of phases that a car is charging on; 0 if it is off."""
    if not _runs(asking):
        return OFF
    return wired(asking.connector, asking.past)


def _ahead_w(sun_w: float, snapshot: Snapshot) -> float | None:
    """Return the sun that is expected in the next half hour: the present one, plus the expected change of the panels' power."""
    if snapshot.solar_ahead_w is None or snapshot.solar is None:
        return None
    return max(sun_w + snapshot.solar_ahead_w - snapshot.solar.power_w, 0.0)


def _range_w(asking: Ask, snapshot: Snapshot) -> tuple[float, float]:
    """Return the least and the most that a running car takes, in watts."""
    volts = snapshot.site.voltage_v * len(asking.likely_phases)
    least_a = asking.connector.min_a
    return least_a * volts, max(asking.most_a, least_a) * volts


def _running_w(asks: list[Ask], snapshot: Snapshot) -> tuple[float, float]:
    """Return what all running cars take together."""
    ranges = [_range_w(a, snapshot) for a in asks if _runs(a)]
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def _others_w(
    asking: Ask, all_w: tuple[float, float], snapshot: Snapshot
) -> tuple[float, float]:
    if not _runs(asking):
        return all_w
    low_w, high_w = _range_w(asking, snapshot)
    return max(all_w[0] - low_w, 0.0), max(all_w[1] - high_w, 0.0)


def minimum_w(asking: Ask, snapshot: Snapshot) -> float:
    """Return the power of a minimum."""
    volts = snapshot.site.voltage_v * len(asking.likely_phases)
    return asking.connector.min_a * volts


def start_w(asking: Ask, snapshot: Snapshot) -> float:
    """Return the surplus that a car needs to start."""
    tuning = snapshot.tuning
    if tuning.start_export_w is not None:
        return tuning.start_export_w
    needed_w = minimum_w(asking, snapshot)
    if not tuning.prefer_power:
        return needed_w
    worth_a = min(tuning.worthwhile_a, asking.most_a)
    volts = snapshot.site.voltage_v * len(asking.likely_phases)
    return max(needed_w, worth_a * volts)


def _watch(past: ConnectorMemory, *, enough: bool, now: datetime) -> None:
    """Note since when solar power has been enough for a connector's minimum, or too little."""
    if enough:
        past.sunny_since = past.sunny_since or now
        past.dull_since = None
    else:
        past.sunny_since = None
        past.dull_since = past.dull_since or now


def stops_at(asking: Ask, choice: Choice, snapshot: Snapshot) -> datetime | None:
    """Return when it stops if solar power stays as it is; None while that is enough."""
    past = asking.past
    if past.dull_since is None:
        return None
    tuning, now = snapshot.tuning, snapshot.now
    min_on_s = tuning.min_on_s
    if tuning.stop_delay_s is not None or tuning.stop_import_w is not None:
        delay_s = STOP_DELAY_S if tuning.stop_delay_s is None else tuning.stop_delay_s
        min_on_s = MIN_ON_S if min_on_s is None else min_on_s
        at = past.dull_since + timedelta(seconds=delay_s)
    elif choice.state == OFF:
        at = now
    elif (due := _due(OFF, choice, now)) is None:
        return None
    else:
        at = due
    at = max(at, (past.on_since or now) + timedelta(seconds=min_on_s or 0.0))
    return max(at, next_command_at(asking.connector, past, tuning) or at)


def starts_at(
    past: ConnectorMemory, choice: Choice, snapshot: Snapshot
) -> datetime | None:
    """Return when it starts if solar power stays as it is; None while that is too little."""
    if past.sunny_since is None:
        return None
    tuning, now = snapshot.tuning, snapshot.now
    if tuning.start_delay_s is not None or tuning.start_export_w is not None:
        delay_s = (
            START_DELAY_S if tuning.start_delay_s is None else tuning.start_delay_s
        )
        return past.sunny_since + timedelta(seconds=delay_s)
    at = now
    if choice.state == OFF:
        due = [_due(state, choice, now) for state, _ in choice.due]
        known = [at for at in due if at is not None]
        if not known:
            return None
        at = min(known)
    return max(at, next_start(past.starts, now) or at)


def _due(state: int, choice: Choice, now: datetime) -> datetime | None:
    """Return when another state is due if solar power stays as it is, None if it is not in sight."""
    due_s = choice.due_s(state)
    if due_s is None or due_s > FAR_S:
        return None
    return now + timedelta(seconds=max(round(due_s), 1))
