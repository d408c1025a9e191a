"""What a user may tune: delays, thresholds and steps, with the defaults that suit most sites."""

from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """Who gets more of what is left above the minimum. Priorities count in all of them."""

    EQUAL = "equal"
    NEED = "need"  # by the missing energy over the time left
    FIRST_COME = "first_come"
    DEADLINE = "deadline"  # by departure
    LAXITY = "laxity"  # by how long each can still wait, smoothed


class Characteristic(StrEnum):
    """How long the fuse or breaker of a circuit carries an overload (see `fuse_curve`)."""

    GG = "gg"  # a fuse
    B = "b"  # a circuit breaker
    C = "c"
    STRICT = "strict"  # no overload: a car that does not fit is paused at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Times are seconds. Nothing here ever delays a reduction that safety needs. None is *automatic*.

    Automatic values follow solar power as fast as meter, charger and car can; when to start, to
    stop and to switch phases depends on the recent sky (see `switch_regret`).
    """

    # Solar power
    start_delay_s: float | None = None
    stop_delay_s: float | None = None
    # A car starts when this much would be exported; None: as much as its minimum takes.
    start_export_w: float | None = None
    # A car continues for as long as it imports no more than this for its minimum.
    stop_import_w: float | None = None
    # The time constants of the running average, upwards and downwards. Automatic is no average.
    average_s: float | None = None
    average_down_s: float | None = None
    # A car's electronics take 150 to 350 W whatever the current: start only at a current that is worth it, so that cars
    # charge for fewer hours at a higher power. Solar power is used a little later, and with less loss.
    prefer_power: bool = False
    worthwhile_a: float = 10.0

    # On and off
    min_on_s: float | None = None
    min_off_s: float | None = None
    turn_s: float = 900.0  # a running car is not asked to make room before
    # Nobody waits longer than this while others run, whatever the policy.
    longest_wait_s: float = 3600.0
    lockout_s: float = 60.0  # after a stop for lack of capacity; doubles if it repeats
    lockout_most_s: float = 900.0

    # Steps. Automatic: a step of the charger on solar power, otherwise 5 % and 1 A.
    dead_band: float | None = None
    dead_band_a: float | None = None
    # After a minute at the same offer a smaller increase is also worth it, otherwise it is lost all day.
    dead_band_s: float = 60.0
    late_dead_band_a: float = 0.5
    # Automatic: at once on solar power, otherwise 1 A/s.
    ramp_a_per_s: float | None = None
    step_s: float = 5.0
    smoothing_s: float = 10.0  # of a circuit's load, for increases only

    # Phase switching
    to_one_phase_s: float | None = None
    to_three_phases_s: float | None = None
    switches_per_hour: int = 4
    switch_pause_s: float = 20.0  # some cars give up when phases return too soon

    # The car's real maximum
    probe_s: float = 900.0
    probe_for_s: float = 60.0
    idle_s: float = 120.0  # an offer that is not used for this long is not needed
    idle_retry_s: float = 3600.0  # by then the car may want to charge again

    # Commanded against measured
    settling_s: float = 10.0
    ask_again_s: float = 5.0
    reserve_s: float = 15.0
    stop_s: float = 45.0
    report_s: float = 90.0

    # Deadline and laxity
    laxity_window_s: float = 1800.0

    # Boosts: energy per person in seven days; None: no limit.
    boost_quota_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryRules:
    """Who goes first, the home battery or the cars. States of charge are percent."""

    # Below this the battery goes first; 0: the cars always do, 100: the battery does until it is full.
    battery_first_below_soc: float = 0.0
    # The part of solar power that cars get while the battery goes first.
    car_share: float = 0.0
    # The highest charging power of the battery; None: as observed.
    charge_max_w: float | None = None
    # Above this the battery may support cars; None: never.
    support_above_soc: float | None = None
    # With how much; None: as much as it supplies by itself.
    support_w: float | None = None
    # Whether it is held while cars take from the grid what it would otherwise supply.
    hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Derating:
    """Full current up to `from_c`, linearly down to `least` at `to_c`, none above `stop_c`."""

    from_c: float
    to_c: float
    stop_c: float
    least: float = 0.5

    def factor(self, temperature_c: float | None) -> float:
        """Return the part of the limit that remains; a lost sensor may hide `to_c`."""
        if temperature_c is None:
            return self.least
        if temperature_c > self.stop_c:
            return 0.0
        if temperature_c <= self.from_c:
            return 1.0
        if temperature_c >= self.to_c:
            return self.least
        warm = (temperature_c - self.from_c) / (self.to_c - self.from_c)
        return 1.0 - warm * (1.0 - self.least)
