"""The input and output of the engine.

Currents are amperes per site phase, L1 first: a tuple as long as the site has phases (a split-phase site has
two, its legs). Grid power is positive on import, battery power is positive on discharge. Times are
timezone-aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .reason_key import ReasonKey
from .tuning import BatteryRules, Characteristic, Derating, Policy, Tuning

type PerPhase = tuple[float, ...]


class Mode(StrEnum):
    """What the user allows a connector to take."""

    OFF = "off"
    SOLAR = "solar"
    SOLAR_MIN = "solar_min"
    ECO = "eco"  # ready on time, otherwise solar power and cheap hours only
    FAST = "fast"


class ConnectorStatus(StrEnum):
    """The state of a connector, in the terms of OCPP 1.6, to which those of 2.x are mapped."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    FINISHING = "finishing"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"


class CircuitState(StrEnum):
    """How far a circuit can be trusted."""

    OK = "ok"
    LIMITED = "limited"
    METER_LOST = "meter_lost"
    OVERLOADED = "overloaded"


class MeterQuality(StrEnum):
    """What is wrong with a circuit's meter, if anything."""

    NONE = "none"  # the circuit has no meter
    GOOD = "good"
    AWAITED = "awaited"  # its first report is awaited, since a moment ago
    MISSING = "missing"
    STALE = "stale"
    INTERMITTENT = "intermittent"  # it comes and goes
    FROZEN = "frozen"
    OUT_OF_RANGE = "out_of_range"
    JUMPED = "jumped"
    CONTRADICTED = "contradicted"  # it shows less than the cars' own meters


class LimitKind(StrEnum):
    """The source of an external limit."""

    DEMAND_RESPONSE = "demand_response"
    DIMMING = "dimming"  # section 14a of the German Energy Industry Act
    PEAK = "peak"


class ConnectorProblem(StrEnum):
    """A problem that a person should look into."""

    EXCEEDS_OFFER = "exceeds_offer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A key, and the values that its sentence names (`circuit`, `phase`, `until`, amperes, watts).

    If a connector merely waits now, `cause` is why.
    """

    key: ReasonKey
    values: tuple[tuple[str, str | float], ...] = ()
    cause: Reason | None = None


def lost_meter(circuit: str, quality: MeterQuality, sensors: tuple[str, ...]) -> Reason:
    """Return the reason of connectors below a circuit whose meter is lost; it names the sensors that cause it, if known."""
    values = (("circuit", circuit), ("quality", str(quality)))
    named = (("sensor", ", ".join(sensors)),) if sensors else ()
    return Reason(key=ReasonKey.METER_LOST, values=(*values, *named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One grid connection."""

    phases: int
    voltage_v: float  # phase to neutral; 120 on a split-phase site
    # The largest difference between phases that the cars may cause (VDE-AR-N 4100: 20 A; Austria's TOR: 16 A).
    imbalance_a: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A node of the tree of limits. The root, the main fuse, has no parent."""

    id: str
    name: str
    parent: str | None
    limit_a: PerPhase
    margin_a: float = 0.0
    # The load to assume, besides the cars, while no meter measures it; None means that the circuit has a meter.
    assumed_load_a: PerPhase | None = None
    # An older reading says nothing about now.
    meter_max_age_s: float = 30.0
    # Known loads that the meter does not measure, or that come on top of the assumed load.
    fixed_load_a: PerPhase | None = None
    # What the fuse carries if a user set a lower limit; the meter's range is judged by it. None: the limit.
    rated_a: PerPhase | None = None
    derating: Derating | None = None
    characteristic: Characteristic = Characteristic.STRICT


def watts(power_w: float | None, current_a: PerPhase, voltage_v: float) -> float:
    """Return a power: as reported, otherwise from the currents at the nominal voltage."""
    return sum(current_a) * voltage_v if power_w is None else power_w


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseReport:
    """When a phase was reported last, and by which sensor."""

    at: datetime
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What a circuit's meter reports: signed amperes per phase, or only the total in watts.

    If some of its sensors are `silent`, `known_a` is what the others report of their phases.
    """

    at: datetime  # of its oldest part
    current_a: PerPhase | None = None
    power_w: float | None = None
    known_a: tuple[float | None, ...] = ()
    silent: tuple[str, ...] = ()  # the names of the sensors without a value
    unsigned: bool = False  # whether `known_a` may be export
    oldest: str | None = None  # the name of the sensor with the oldest value
    # When the total was reported, if it is not added up from what the phases show.
    total_at: datetime | None = None
    # When and by which sensor each phase was reported; None where one is silent, or does not feed the circuit. Empty: not known.
    reports: tuple[PhaseReport | None, ...] = ()
    # The phases that have not been reported for a while: only the total shows that they carry what they did. Empty: none.
    confirmed: tuple[bool, ...] = ()

    def watts(self, voltage_v: float) -> float | None:
        """Return the power from the grid, None if the meter reports neither that nor currents."""
        if self.current_a is None:
            return self.power_w
        return watts(self.power_w, self.current_a, voltage_v)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReading:
    """A power with the time at which it was measured."""

    at: datetime
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """The home battery: power positive on discharge, state of charge in percent if known."""

    at: datetime
    power_w: float
    soc: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureReading:
    """The temperature at a circuit."""

    at: datetime
    temperature_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalLimit:
    """A limit that is set from outside. The tightest one counts.

    `current_a` and `power_w` are what a circuit (the main fuse by default) may take from the grid, cars and house
    together. With `cars_only` it is what the cars may take together, besides solar power. A `DIMMING` without a power
    uses 4.2 kW for the first device and a simultaneity factor for all others.
    """

    name: str
    kind: LimitKind
    current_a: float | None = None
    power_w: float | None = None
    circuit: str | None = None
    cars_only: bool = False
    until: datetime | None = None
    # For DIMMING: the minimum power of a device, and the factor; None: the table of the rules by their number.
    device_w: float = 4200.0
    simultaneity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost:
    """Full power now, before all wishes, until a time or for an energy."""

    started_at: datetime
    until: datetime | None = None
    energy_wh: float | None = None
    person: str | None = None  # whose quota it counts against


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostQuota:
    """How much one person may boost in seven days, if different from the limit for everyone in `Tuning`."""

    person: str
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSlot:
    """What the planner intends for a connector now.

    `at_least_a` is promised, because a departure is close; `at_most_a` is wished (0: wait). `key` and `values` are the reason.
    In mode `eco` it is what the grid may supply; surplus solar power is used beyond it, up to `sun_a` (None: all).
    `due_a` is what a promise needs from now on: cars that were promised nothing wait for it.
    `pressing_w` cannot be charged later: it comes before a limit that only keeps a peak low.
    """

    at_least_a: float = 0.0
    due_a: float = 0.0
    pressing_w: float = 0.0
    at_most_a: float | None = None
    sun_a: float | None = None
    key: ReasonKey = ReasonKey.WAITING_FOR_PLAN
    values: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A connector as configured and as last reported."""

    id: str
    circuit: str
    # The site phases (0 is L1) that its own L1, L2, L3 are wired to.
    phases: tuple[int, ...]
    min_a: float = 6.0  # IEC 61851-1: below 6 A there is no charging
    max_a: float = 16.0
    fail_safe_a: float = 6.0
    step_a: float = 0.1
    mode: Mode = Mode.SOLAR
    allowed: bool = True
    # Why a driver or owner wants no charging now: a pause, or the limit of a session. A boost is the later word.
    withheld: Reason | None = None
    status: ConnectorStatus = ConnectorStatus.AVAILABLE
    # False: not reported yet; it counts as unavailable meanwhile.
    status_reported: bool = True
    # Its transaction was stopped to pause the car, and another one will be started.
    paused: bool = False
    # How many times its charger was commanded to start a transaction for the waiting car, without effect.
    start_requests: int = 0
    needs_card: bool = False  # a car waits that only its driver's card can start
    refuses_to_stop: bool = False  # neither by a limit of 0 A nor by a stop
    reachable: bool = True
    name: str | None = None  # what its charger is called, for sentences
    used: bool = True  # whether a session ever ran on it
    # The address to configure in a charger that has never connected; None: it has.
    connect_to: str | None = None
    offer_a: float | None = None  # as last confirmed by the charger; None: not known
    # When that offer lapses by itself to fail_safe_a.
    offer_until: datetime | None = None
    offered_at: datetime | None = None
    draw_a: PerPhase | None = None  # per site phase; None: not known by phase
    draw_w: float | None = None  # its power as the charger reports it
    draw_at: datetime | None = None
    # Of a charger with several connectors: which one that is, and what its cable carries for all of them on each phase.
    charger: str | None = None
    charger_max_a: float | None = None
    # The most that it may draw while it is offline and its offer has lapsed; None: the fail-safe current.
    fall_back_a: float | None = None
    charger_limit_a: float | None = None  # a lower limit that the charger reports
    # For a charger that cannot be limited, only stopped and started: what it allows a car. None: it can.
    unlimited_a: float | None = None
    car_max_a: float | None = None
    car_phases: int | None = None  # how many the car uses, if its owner has said so
    switches_phases: bool = False  # between one (its own L1) and all phases
    priority: int = 5  # 1 to 10, of the charger or the vehicle
    connected_at: datetime | None = None
    departure: datetime | None = None
    energy_needed_wh: float | None = None
    boost: Boost | None = None
    plan: PlanSlot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that is known at one instant."""

    now: datetime
    site: Site
    circuits: tuple[Circuit, ...]
    meters: tuple[tuple[str, MeterReading], ...] = ()  # by circuit id
    solar: PowerReading | None = None
    # The mean solar power of the next half hour by the forecast; None: there is no forecast.
    solar_ahead_w: float | None = None
    battery: BatteryReading | None = None
    connectors: tuple[Connector, ...] = ()
    temperatures: tuple[tuple[str, TemperatureReading], ...] = ()  # by circuit id
    limits: tuple[ExternalLimit, ...] = ()
    policy: Policy = Policy.EQUAL
    tuning: Tuning = Tuning()
    battery_rules: BatteryRules = BatteryRules()
    boost_quotas: tuple[BoostQuota, ...] = ()
    # The circuits whose meters have not reported yet.
    awaited: tuple[str, ...] = ()

    def meter(self, circuit: str) -> MeterReading | None:
        """Return what a circuit's meter shows, None if there is no reading."""
        return dict(self.meters).get(circuit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorDecision:
    """The offer to a connector (0 A: wait) and why it is not more."""

    id: str
    offer_a: float
    phases: int
    reason: Reason
    boosting: bool = False
    boost_over: bool = False  # its boost is used up, or its car has left
    resend: bool = False  # send the offer again, although nothing changed
    stop: bool = False  # end the transaction: the car does not comply with its offer
    problem: ConnectorProblem | None = None
    # Its car did not use its offer; after a while it may want to again.
    idle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitDecision:
    """A circuit's balance: the uncontrolled load, and what is still free after the offers."""

    id: str
    state: CircuitState
    limit_a: PerPhase
    uncontrolled_a: PerPhase
    headroom_a: PerPhase
    meter: MeterQuality = MeterQuality.GOOD
    sensors: tuple[str, ...] = ()  # that cause the loss of a meter
    limited_by: str | None = None  # the name of the tightest external limit
    lowered_by: Reason | None = None  # what keeps it below `limit_a` now, if anything

    def meter_lost(self, name: str) -> Reason | None:
        """Return what is wrong with its meter, None if nothing is."""
        if self.state is not CircuitState.METER_LOST:
            return None
        return lost_meter(name, self.meter, self.sensors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of one control tick."""

    now: datetime
    connectors: tuple[ConnectorDecision, ...]
    circuits: tuple[CircuitDecision, ...]
    surplus_w: float  # solar power that would be exported if no car charged; 0 if there is none
    given_a: PerPhase  # the sum of the offers
    # Whether to prevent the home battery from discharging into cars now.
    hold_battery: bool = False
    # What house and cars take beside the sun, from the grid and the battery; None: not measured.
    lacks_w: float | None = None
