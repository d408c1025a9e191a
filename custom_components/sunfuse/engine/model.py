"""What flows into and out of the engine.

Currents are amperes per site phase, L1 first: a tuple as long as the site has phases (a split-phase site has
two, its legs). Grid power is positive on import, battery power is positive on discharge. Times are
timezone-aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

type PerPhase = tuple[float, ...]


class Mode(StrEnum):
    """What the user lets a connector take."""

    OFF = "off"
    SOLAR = "solar"
    SOLAR_MIN = "solar_min"
    FAST = "fast"


class ConnectorStatus(StrEnum):
    """The state of a connector, in the words of OCPP 1.6, into which those of 2.x are translated."""

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


class ReasonKey(StrEnum):
    """Why a connector gets what it gets. Each has a translated sentence with the values of the reason."""

    NO_CAR = "no_car"
    FULL_POWER = "full_power"
    LIMITED_BY_CIRCUIT = "limited_by_circuit"
    LIMITED_BY_CHARGER = "limited_by_charger"
    LIMITED_BY_SUN = "limited_by_sun"
    WAITING_FOR_SUN = "waiting_for_sun"
    STARTING_ON_SUN = "starting_on_sun"
    WAITING_FOR_CAPACITY = "waiting_for_capacity"
    PAUSING = "pausing"
    MODE_OFF = "mode_off"
    NOT_ALLOWED = "not_allowed"
    CAR_FINISHED = "car_finished"
    CHARGER_OFFLINE = "charger_offline"
    CHARGER_FAULTED = "charger_faulted"
    OUT_OF_SERVICE = "out_of_service"
    METER_LOST = "meter_lost"
    RAMPING = "ramping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A key, and the values that its sentence names (`circuit`, `phase`, `until`, amperes, watts)."""

    key: ReasonKey
    values: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One grid connection."""

    phases: int
    voltage_v: float  # phase to neutral; 120 on a split-phase site


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A node of the tree of limits. The root, the main fuse, has no parent."""

    id: str
    name: str
    parent: str | None
    limit_a: PerPhase
    margin_a: float = 0.0
    # What is reckoned with, besides the cars, where no meter tells; None means that the circuit has a meter.
    assumed_load_a: PerPhase | None = None
    # A reading older than this says nothing about now.
    meter_max_age_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What a circuit's meter says: signed amperes per phase, or the total in watts where that is all it knows."""

    at: datetime
    current_a: PerPhase | None = None
    power_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReading:
    """A power with the time at which it was measured."""

    at: datetime
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """The home battery: power positive on discharge, state of charge in percent where known."""

    at: datetime
    power_w: float
    soc: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A connector as it is configured and as it was last heard of."""

    id: str
    circuit: str
    phases: tuple[
        int, ...
    ]  # the site phases (0 is L1) that its own L1, L2, L3 are wired to
    min_a: float = 6.0  # IEC 61851-1: below 6 A there is no charging
    max_a: float = 16.0
    fail_safe_a: float = 6.0
    step_a: float = 0.1
    mode: Mode = Mode.SOLAR
    allowed: bool = True
    status: ConnectorStatus = ConnectorStatus.AVAILABLE
    reachable: bool = True
    unreachable_since: datetime | None = None
    offer_a: float | None = None  # what the charger last confirmed; None: not known
    offer_until: datetime | None = (
        None  # when that offer lapses by itself to fail_safe_a
    )
    offered_at: datetime | None = None
    draw_a: PerPhase | None = None  # per site phase
    draw_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that is known at one instant."""

    now: datetime
    site: Site
    circuits: tuple[Circuit, ...]
    meters: tuple[tuple[str, MeterReading], ...] = ()  # by circuit id
    solar: PowerReading | None = None
    battery: BatteryReading | None = None
    connectors: tuple[Connector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorDecision:
    """The offer to a connector (0 A: wait) and why it is not more."""

    id: str
    offer_a: float
    phases: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitDecision:
    """A circuit's balance: what is not ours to control, and what is still free after the offers."""

    id: str
    state: CircuitState
    limit_a: PerPhase
    uncontrolled_a: PerPhase
    headroom_a: PerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of one control tick."""

    now: datetime
    connectors: tuple[ConnectorDecision, ...]
    circuits: tuple[CircuitDecision, ...]
    surplus_w: float  # solar power that would be exported if no car charged; 0 where there is none
    given_a: PerPhase  # the sum of the offers
