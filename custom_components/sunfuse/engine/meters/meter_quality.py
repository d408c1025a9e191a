"""How far a meter can be believed. A value that is not believed leaves the circuit on its safe budget.

Nothing has to be reset: a meter that is plausible again is used again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite

from ..cars.cars_below import CarsBelow
from ..memory import CircuitMemory, StandingPhase
from ..model import Circuit, MeterQuality, MeterReading, PerPhase, Snapshot
from .contradiction import doubt
from .doubt import Doubt
from .living_sensors import living_since
from .meter_following import has_sun
from .standstill import is_frozen, remember_value
from .stuck_phases import may_be_added_up, watch_phases, without_stuck

# No fuse carries five times its current for as long as a meter takes to report; a wrong unit causes such a value.
_RANGE = 5.0
# So long a silence is no longer than that of a meter that reports this often.
BRIDGED = timedelta(seconds=5)
# The next value of a meter comes within this many intervals.
NEXT = 1.5
# A house has a power factor of 0.8 at least: this part of its current is no power. What is beyond that is of another time.
_REACTIVE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A meter's reading with its quality, and what to remember of it.

    `reading` is None if nothing of it can be used. One that is used although it is not good has a part of it from
    before: that of the phases that are `unmeasured`. While it is `doubted` the load that it shows does not fall.
    """

    quality: MeterQuality
    past: CircuitMemory
    reading: MeterReading | None = None
    unmeasured: tuple[bool, ...] = ()  # empty: all phases, or none if it is good
    kept: tuple[bool, ...] = ()  # those of them of which nothing shows more load
    doubted: bool = False
    # The next value has to confirm a fall: until then the reading is the last one.
    unconfirmed: bool = False
    sensors: tuple[str, ...] = ()  # that cause it


def judge(
    circuit: Circuit,
    reading: MeterReading | None,
    cars: CarsBelow,
    past: CircuitMemory,
) -> Judged:
    """Return whether a reading describes the present, and the cars below the circuit agree."""
    snapshot = cars.snapshot
    cars_a = _sum_drawn(cars, len(circuit.limit_a))
    missing = MeterQuality.MISSING
    if circuit.id in snapshot.awaited:
        missing = MeterQuality.AWAITED
    elif reading is None or reading.silent:
        reading = _bridged(reading, past, snapshot) or reading
    valid_since = snapshot.now - timedelta(seconds=circuit.meter_max_age_s)
    if reading is not None and reading.silent:
        living = living_since(reading, valid_since) or reading
        if living.at < valid_since:
            return Judged(quality=missing, past=past, sensors=living.silent)
        return _partly(missing, living, cars_a, past, snapshot)
    if reading is None or (reading.current_a is None and reading.power_w is None):
        return Judged(quality=missing, past=past)
    if _out_of_range(circuit, reading, snapshot):
        return Judged(quality=MeterQuality.OUT_OF_RANGE, past=past)
    if reading.at < valid_since:
        return _stale(reading, valid_since, cars_a, past, snapshot)
    past = _suspected(circuit, reading, cars_a, past)
    if past.suspect_a is not None:
        return _unconfirmed(reading, past, snapshot)
    return _compared_with_the_past(circuit, reading, cars, cars_a, past)


def _stale(
    reading: MeterReading,
    valid_since: datetime,
    cars_a: PerPhase,
    past: CircuitMemory,
    snapshot: Snapshot,
) -> Judged:
    """Return what counts of a reading that is too old: the phases that were reported since."""
    if (living := living_since(reading, valid_since)) is not None:
        return _partly(MeterQuality.STALE, living, cars_a, past, snapshot)
    blamed = _names(reading, valid_since)
    return Judged(quality=MeterQuality.STALE, past=past, sensors=blamed)


def _names(reading: MeterReading, since: datetime | None = None) -> tuple[str, ...]:
    """Return the sensors of the phases, or those of them that have not reported since some time; else that of the oldest value."""
    reports = [one for one in reading.reports if one]
    old = [one.sensor for one in reports if since is None or one.at < since]
    return tuple(dict.fromkeys(old)) or ((reading.oldest,) if reading.oldest else ())


def _compared_with_the_past(
    circuit: Circuit,
    reading: MeterReading,
    cars: CarsBelow,
    cars_a: PerPhase,
    past: CircuitMemory,
) -> Judged:
    """Return whether a present reading lives: whether it moves, on each phase, and with the cars."""
    snapshot = cars.snapshot
    standing = watch_phases(reading, cars.connectors, cars.draws, past, snapshot)
    frozen = is_frozen(reading, past, standing, snapshot)
    before = _last(past)
    past = remember_value(reading, cars_a, past, snapshot)
    past = replace(past, frozen=frozen, standing=standing)
    doubts, doubted = doubt(
        reading,
        before,
        _lives_since(reading, standing),
        cars_a,
        replace(cars, snapshot=_behind(circuit, past, snapshot)),
        past.doubt,
    )
    past = replace(past, doubt=doubts)
    if doubts.wrong_a is not None and not _is_stuck_there(doubts, standing):
        return Judged(quality=MeterQuality.CONTRADICTED, past=past)
    if frozen:
        return Judged(quality=MeterQuality.FROZEN, past=past, sensors=_names(reading))
    voltage_v = snapshot.site.voltage_v
    if (living := without_stuck(reading, standing)) is not None:
        knows = not may_be_added_up(reading, voltage_v)
        return _partly(
            MeterQuality.FROZEN, living, cars_a, past, snapshot, total_knows=knows
        )
    beyond_a = _beyond_total_a(reading, voltage_v)
    return Judged(
        quality=MeterQuality.GOOD,
        past=replace(past, beyond_total_a=beyond_a),
        reading=reading,
        doubted=doubted,
    )


def _behind(circuit: Circuit, past: CircuitMemory, snapshot: Snapshot) -> Snapshot:
    """Return what is known with the generation that may be behind a meter: none below a circuit that has never fed in."""
    fed_in = any(past.history.fed_in) or has_sun(past.doubt, snapshot.now)
    if circuit.parent is None or fed_in:
        return snapshot
    return replace(snapshot, solar=None, battery=None)


def _lives_since(
    reading: MeterReading, standing: tuple[StandingPhase, ...]
) -> tuple[datetime, ...]:
    """Return since when each phase shows what it does, and their sum; or the total alone."""
    phases = tuple(one.since for one in standing)
    return phases if reading.current_a is None else (*phases, max(phases))


def _is_stuck_there(doubts: Doubt, standing: tuple[StandingPhase, ...]) -> bool:
    """Whether a meter was wrong only where its sensors repeat their values: these are named, and the others count."""
    phases = zip(standing, doubts.wrong_where, strict=False)
    wrong = [one for one, was_short in phases if was_short]
    return doubts.short_since is None and bool(wrong) and all(o.stuck for o in wrong)


def _bridged(
    reading: MeterReading | None, past: CircuitMemory, snapshot: Snapshot
) -> MeterReading | None:
    """Return the last value of a meter that was believed and fell silent a moment ago: one that reports as rarely is believed too.

    A sensor that comes and goes within seconds would make the offers swing, and wear charger and car. What the other sensors
    show meanwhile counts where it is more.
    """
    last = _last(past)
    if last is None or past.lost_since is not None:
        return None
    if past.suspect_a is not None or snapshot.now - last.at > BRIDGED:
        return None
    if reading is None or last.current_a is None or reading.known_a is None:
        return last
    pairs = zip(last.current_a, reading.known_a, strict=True)
    return replace(
        last, current_a=tuple(a if now is None else max(now, a) for a, now in pairs)
    )


def _last(past: CircuitMemory) -> MeterReading | None:
    """Return the last value of a meter that was believed."""
    if past.read_at is None:
        return None
    return MeterReading(at=past.read_at, current_a=past.read_a, power_w=past.read_w)


def _sum_drawn(cars: CarsBelow, phases: int) -> PerPhase:
    """Return the last reported draw of the cars, per phase."""
    lately = [cars.draws[connector.id] for connector in cars.connectors]
    reported = [draws[-1].current_a for draws in lately if draws]
    return tuple(
        [sum([current_a[phase] for current_a in reported]) for phase in range(phases)]
    )


def _unconfirmed(
    reading: MeterReading, past: CircuitMemory, snapshot: Snapshot
) -> Judged:
    """Return what counts until the next value confirms a fall, or does not: the last one, which was higher."""
    waits_s = max(BRIDGED.total_seconds(), NEXT * (past.interval_s or 0.0))
    if (snapshot.now - reading.at).total_seconds() > waits_s:
        return Judged(quality=MeterQuality.JUMPED, past=past)
    last = replace(reading, current_a=past.read_a, power_w=past.read_w)
    return Judged(
        quality=MeterQuality.GOOD,
        past=past,
        reading=last,
        doubted=True,
        unconfirmed=True,
    )


def _partly(
    quality: MeterQuality,
    reading: MeterReading,
    cars_a: PerPhase,
    past: CircuitMemory,
    snapshot: Snapshot,
    *,
    total_knows: bool = True,
) -> Judged:
    """Return what counts of a meter of which some sensors do not: what the others show."""
    judged = Judged(quality=quality, past=past, sensors=reading.silent)
    return _completed(judged, reading, cars_a, snapshot, total_knows=total_knows)


def _completed(
    judged: Judged,
    reading: MeterReading,
    cars_a: PerPhase,
    snapshot: Snapshot,
    *,
    total_knows: bool,
) -> Judged:
    """Return what counts with a reading of which some phases are silent: these as they were before, as far as they are not measured.

    If the total is reported, a single silent phase carries the rest of it, and several share at least that. So does a single one
    beside currents without a sign where something has fed in: export among them is missing in the rest twice.
    """
    past, known = judged.past, reading.known_a or (None,) * len(cars_a)
    silent = known.count(None)
    if len(known) != len(cars_a) or not all(isfinite(a or 0.0) for a in known):
        return judged
    if reading.power_w is None and silent == len(known):
        return judged
    load_a = past.uncontrolled_a or (0.0,) * len(cars_a)
    rest_a = float("-inf")
    if reading.power_w is not None:
        measured_a = sum(a or 0.0 for a in known)
        total_a = reading.power_w / snapshot.site.voltage_v
        rest_a = total_a + past.beyond_total_a - measured_a
    by_total = total_knows and reading.power_w is not None and silent == 1
    if reading.unsigned and (
        any(past.history.fed_in) or has_sun(past.doubt, snapshot.now)
    ):
        by_total = False
    least_a = rest_a / max(silent, 1)
    current_a, kept = [], []
    for reported, load, cars in zip(known, load_a, cars_a, strict=True):
        before_a = least_a if by_total else load + cars
        current_a.append(max(before_a, least_a) if reported is None else reported)
        kept.append(reported is None and before_a > least_a)
    return replace(
        judged,
        reading=replace(reading, current_a=tuple(current_a)),
        unmeasured=tuple(a is None and not by_total for a in known),
        kept=tuple(kept),
    )


def _beyond_total_a(reading: MeterReading, voltage_v: float) -> float:
    """Return what the phases carry beyond their total: motors draw current that is no power."""
    if not reading.current_a or reading.power_w is None:
        return 0.0
    beyond_a = sum(reading.current_a) - reading.power_w / voltage_v
    return max(min(beyond_a, _REACTIVE * sum(map(abs, reading.current_a))), 0.0)


def _out_of_range(circuit: Circuit, reading: MeterReading, snapshot: Snapshot) -> bool:
    values = reading.current_a or ()
    rated_a = circuit.rated_a or circuit.limit_a
    if len(values) not in (0, len(rated_a)):
        return True
    if any(
        not is_possible(a, limit) for a, limit in zip(values, rated_a, strict=False)
    ):
        return True
    if reading.power_w is None:
        return False
    return not is_possible(reading.power_w, sum(rated_a) * snapshot.site.voltage_v)


def is_possible(value: float, rated: float) -> bool:
    """Whether this much can flow through a fuse of this rating, both in amperes or both in watts."""
    return isfinite(value) and abs(value) <= _RANGE * rated


def _suspected(
    circuit: Circuit, reading: MeterReading, cars_a: PerPhase, past: CircuitMemory
) -> CircuitMemory:
    """Note a new value that fell too far at once, or that the one after it did not."""
    if reading.at == past.read_at:
        return past
    if _jumped(circuit, reading, cars_a, past):
        return replace(past, suspect_a=reading.current_a, read_at=reading.at)
    return replace(past, suspect_a=None)


def _jumped(
    circuit: Circuit, reading: MeterReading, cars_a: PerPhase, past: CircuitMemory
) -> bool:
    """Whether a phase fell by more than the fuse within one reading, beyond what the cars released.

    Increases are believed at once, which is safe. Decreases have to be confirmed by the next value.
    """
    if reading.current_a is None or past.read_a is None:
        return False
    known = past.read_a if past.suspect_a is None else past.suspect_a
    cars_then_a = past.cars_at_change_a or cars_a
    return any(
        before - now - max(then - drawn, 0.0) > limit
        for before, now, then, drawn, limit in zip(
            known,
            reading.current_a,
            cars_then_a,
            cars_a,
            circuit.rated_a or circuit.limit_a,
            strict=True,
        )
    )
