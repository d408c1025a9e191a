"""A connector of a charging station: what is plugged into it, and the transaction that runs on it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .profile_stack import Charging, ProfileLimit


class OcppStatus(StrEnum):
    """The status of a connector, in the terms of OCPP 1.6."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorReading:
    """What the station measures at a connector. Phases are its own L1, L2, L3."""

    plugged: bool = False
    current_a: tuple[float, ...] = (0.0,)
    voltage_v: float = 230.0
    energy_wh: float = 0.0  # the lifetime register
    soc: float = 0.0  # percent
    full: bool = False
    wanted_wh: float = 0.0  # what the car still wants to store

    @property
    def power_w(self) -> float:
        """The power over all phases."""
        return sum(self.current_a) * self.voltage_v


@dataclass(slots=True, kw_only=True)
class SimulatedTransaction:
    """A transaction. Its id comes from the central system in OCPP 1.6, from the station in 2.x."""

    id: str | None = None
    id_tag: str
    started_at: datetime  # by the station's clock
    meter_start_wh: float
    energised: bool = False  # the contactor is closed
    sequence: int = 0  # of the next event, in OCPP 2.x


@dataclass(slots=True, kw_only=True)
class Reservation:
    """A connector that is reserved for someone."""

    id: int
    id_tag: str
    expires_at: datetime


@dataclass(slots=True, kw_only=True)
class SimulatedConnector:
    """A connector, numbered from 1."""

    id: int
    reading: ConnectorReading = field(default_factory=ConnectorReading)
    offered_a: float = 0.0
    plugged_at: datetime | None = None
    transaction: SimulatedTransaction | None = None
    finished: bool = False  # a transaction ended and the car is still there
    operative: bool = True
    wanted_operative: bool = True  # applies when the transaction ends
    fault: str | None = None
    reservation: Reservation | None = None
    authorised: str | None = None  # who may start, while a car is awaited
    authorised_at: datetime | None = None
    remote_start_id: int | None = None
    reported: OcppStatus | None = None  # the status that was last reported
    reported_2x: str | None = None  # the same in the terms of OCPP 2.x
    limit: ProfileLimit | None = None  # the limit from its profiles
    phases: int = 0  # that the contactor closes, for a station that switches
    switching_until: datetime | None = None  # it is open until then
    limit_changed_at: datetime | None = None  # when it changed
    sampled_at: datetime | None = None
    sampled_a: tuple[float, ...] = ()

    @property
    def charging(self) -> Charging:
        """The input for looking up limits."""
        started_at = self.transaction.started_at if self.transaction else None
        return Charging(connector=self.id, started_at=started_at)

    @property
    def status(self) -> OcppStatus:
        """The present status of the connector."""
        if self.fault:
            return OcppStatus.FAULTED
        if self.transaction:
            if self.reading.full:
                return OcppStatus.SUSPENDED_EV
            if self.transaction.energised and not self.offered_a:
                return OcppStatus.SUSPENDED_EVSE
            if not self.transaction.energised:
                return OcppStatus.PREPARING
            return OcppStatus.CHARGING
        if not self.operative:
            return OcppStatus.UNAVAILABLE
        if self.reading.plugged:
            return OcppStatus.FINISHING if self.finished else OcppStatus.PREPARING
        if self.authorised:
            return OcppStatus.PREPARING
        return OcppStatus.RESERVED if self.reservation else OcppStatus.AVAILABLE

    def set_operative(self, operative: bool) -> bool:
        """Put the connector into or out of service; returns whether that waits for the end of a transaction."""
        self.wanted_operative = operative
        if self.transaction and not operative:
            return True
        self.operative = operative
        return False

    def reserve(self, reservation: Reservation) -> str:
        """Reserve the connector for someone; returns the ReservationStatus of every version of OCPP."""
        if self.fault:
            return "Faulted"
        if not self.operative:
            return "Unavailable"
        held = self.reservation
        taken = held is not None and held.id != reservation.id
        if self.transaction or self.reading.plugged or taken:
            return "Occupied"
        self.reservation = reservation
        return "Accepted"
