"""A car: what it takes of its offer, and when it arrives and leaves."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .noise import chance

MIN_CURRENT_A = 6.0  # IEC 61851-1: below this a charger offers nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSpec:
    """A car and the habits of its driver."""

    name: str = "Car"
    battery_wh: float = 60_000.0
    phases: int = 3  # of its onboard charger
    max_a: float = 16.0
    takes: float = 0.98  # the share of the offered current that it takes
    efficiency: float = 0.9
    soc: float = 0.4  # at the start
    target_soc: float = 0.9
    taper_from: float = 0.95  # the state of charge from which on it charges slower
    wake_s: float = 2.0  # from an offer to the first current
    rise_a_s: float = 2.5
    fall_a_s: float = 20.0
    iso15118: bool = False  # it reports its energy need and its departure
    departs_in_h: float = 8.0  # as it reports them
    first_arrival_s: float = 0.0  # after the start of the simulation
    stays_h: tuple[float, float] = (3.0, 5.0)
    away_h: tuple[float, float] = (0.5, 1.25)
    uses_soc: tuple[float, float] = (0.2, 0.5)  # of a full battery, on a trip


@dataclass(frozen=True, slots=True, kw_only=True)
class CarState:
    """A car at an instant."""

    stored_wh: float
    plugged: bool = False
    until: datetime  # when it next comes or goes
    trips: int = 0
    awake_s: float = 0.0  # for how long it has been offered a current
    current_a: float = 0.0  # on each of the phases that it uses
    phases: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What a car is offered at the plug."""

    limit_a: float
    phases: int
    voltage_v: float = 230.0


def initial(spec: CarSpec, start: datetime) -> CarState:
    """Return the car on its way to its first arrival."""
    return CarState(
        stored_wh=spec.soc * spec.battery_wh,
        until=start + timedelta(seconds=spec.first_arrival_s),
    )


def travel(
    spec: CarSpec, state: CarState, now: datetime, seed: int, utc_offset_h: float
) -> CarState:
    """Make the car leave or return when it is time."""
    if now < state.until:
        return state

    def between(bounds: tuple[float, float], what: str) -> float:
        share = chance(seed, f"{spec.name}/{what}", state.trips)
        return bounds[0] + share * (bounds[1] - bounds[0])

    if state.plugged:
        return replace(
            state,
            plugged=False,
            awake_s=0.0,
            current_a=0.0,
            phases=0,
            until=now + timedelta(hours=between(spec.away_h, "away")),
        )
    left = state.stored_wh
    if state.trips:
        left -= between(spec.uses_soc, "uses") * spec.battery_wh
    leaves = now + timedelta(hours=between(spec.stays_h, "stays"))
    return replace(
        state,
        plugged=True,
        trips=state.trips + 1,
        stored_wh=max(left, 0.08 * spec.battery_wh),
        until=_not_at_night(leaves, utc_offset_h),
    )


def _not_at_night(leaves: datetime, utc_offset_h: float) -> datetime:
    """Postpone a departure between 22:00 and 6:00 until the morning."""
    local = leaves + timedelta(hours=utc_offset_h)
    if 6 <= local.hour < 22:
        return leaves
    hours = (6 - local.hour) % 24
    return leaves + timedelta(hours=hours)


def is_full(spec: CarSpec, state: CarState) -> bool:
    """Return whether the car has all the energy that its driver wants, to a watt-hour."""
    return state.stored_wh >= spec.target_soc * spec.battery_wh - 1


def wanted_a(spec: CarSpec, state: CarState, supply: Supply) -> float:
    """Return the current that the car approaches."""
    if not state.plugged or supply.limit_a < MIN_CURRENT_A or is_full(spec, state):
        return 0.0
    soc = state.stored_wh / spec.battery_wh
    left = (1 - soc) / (1 - spec.taper_from)
    tapered_a = MIN_CURRENT_A + max(spec.max_a - MIN_CURRENT_A, 0.0) * min(left, 1.0)
    return min(supply.limit_a * spec.takes, spec.max_a, tapered_a)


def step(
    spec: CarSpec, state: CarState, supply: Supply, dt_s: float, control_dt_s: float
) -> CarState:
    """Return the car after `dt_s`, in which it took the current of the new state.

    Its electronics advance by `control_dt_s` only: a ramp stays visible however fast the simulation runs.
    """
    wanted = wanted_a(spec, state, supply)
    if not wanted:
        awake_s = 0.0
        current_a = max(state.current_a - spec.fall_a_s * control_dt_s, 0.0)
    else:
        awake_s = state.awake_s + control_dt_s
        rise_a = spec.rise_a_s * control_dt_s if awake_s >= spec.wake_s else 0.0
        lowest_a = state.current_a - spec.fall_a_s * control_dt_s
        current_a = max(min(wanted, state.current_a + rise_a), lowest_a)
    if not state.plugged:
        current_a = 0.0
    phases = min(spec.phases, supply.phases) if current_a else 0
    if phases:
        # No more than fits into the battery, so that the energy adds up exactly.
        room_wh = max(spec.battery_wh - state.stored_wh, 0.0)
        per_a_w = supply.voltage_v * phases * spec.efficiency
        current_a = min(current_a, room_wh * 3600 / dt_s / per_a_w)
    power_w = current_a * phases * supply.voltage_v
    return replace(
        state,
        awake_s=awake_s,
        current_a=current_a,
        phases=phases,
        stored_wh=state.stored_wh + power_w * spec.efficiency * dt_s / 3600,
    )
