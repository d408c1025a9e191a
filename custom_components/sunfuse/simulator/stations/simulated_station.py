"""What every simulated charging station does for its cars, whatever version of OCPP it speaks.

It follows the car at each connector, starts and stops transactions, and allows what the charging profiles allow.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
import random

from ..car import MIN_CURRENT_A, Supply
from ..simulated_site import ChargerSpec
from .behaviour import AtZero, Character
from .message_schemas import Payload
from .profile_stack import ProfileLimit, ProfileStack
from .simulated_connector import (
    ConnectorReading,
    SimulatedConnector,
    SimulatedTransaction,
)
from .uplink import Uplink, utcnow

PREPARING_S = 1.0  # from plugging in to the start of a transaction
NOTICEABLE_A = 0.3  # a change of current that is reported at once; three cars stay within a usual margin
REPORT_AGAIN_S = 1.0  # but not more often
SWITCHING_S = 5.0  # without current before another number of phases
_NO_SUPPLY = Supply(limit_a=0.0, phases=0)


class SimulatedStation(ABC):
    """A charging station. A version of OCPP adds its messages."""

    def __init__(
        self,
        spec: ChargerSpec,
        *,
        voltage_v: float = 230.0,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Build the station, which is still switched off."""
        self.spec = spec
        self.character = Character(spec.behaviour, random=random.Random(spec.identity))
        self.uplink = Uplink(spec, self.character, clock, self)
        self._clock = clock
        self.connectors = tuple(
            SimulatedConnector(
                id=number + 1,
                reading=ConnectorReading(
                    current_a=(0.0,) * spec.phases,
                    voltage_v=voltage_v,
                ),
            )
            for number in range(len(spec.cars))
        )
        self.profiles = ProfileStack(voltage_v, spec.phases)
        self.restart_when_idle = False

    def now(self) -> datetime:
        """Return the time by the station's own clock."""
        return self._clock() + self.character.behaviour.clock_skew

    # --- The same requests in every version of OCPP -------------------------------------------------------------

    def connector(self, number: int) -> SimulatedConnector | None:
        """Return a connector by its number, which is that of its EVSE in OCPP 2.x."""
        if 1 <= number <= len(self.connectors):
            return self.connectors[number - 1]
        return None

    def set_operative(
        self, connectors: Iterable[SimulatedConnector], *, operative: bool
    ) -> str:
        """Put connectors into or out of service; returns the status of the answer."""
        waits = [connector.set_operative(operative) for connector in connectors]
        return "Scheduled" if any(waits) else "Accepted"

    def cancel_reservation(self, reservation_id: int) -> str:
        """Cancel a reservation; returns the status of the answer."""
        for connector in self.connectors:
            held = connector.reservation
            if held and held.id == reservation_id:
                connector.reservation = None
                return "Accepted"
        return "Rejected"

    def schedule_periods(
        self, connector: SimulatedConnector, now: datetime, duration_s: int, unit: str
    ) -> list[Payload]:
        """Return the limits from now on as the periods of a charging schedule."""
        watts_per_a = connector.reading.voltage_v * self.spec.phases
        scale = watts_per_a if unit == "W" else 1.0
        return [
            {
                "startPeriod": round(period.start_s),
                "limit": round(period.limit * scale, 1),
                "numberPhases": period.phases or self.spec.phases,
            }
            for period in self.profiles.composite(
                now, duration_s, connector.charging, self.spec.max_a
            )
        ]

    def trigger(
        self, message: str, connectors: Iterable[SimulatedConnector], boot: Payload
    ) -> bool:
        """Send a message that every version has; returns False for one that is not among these."""
        match message:
            case "BootNotification":
                self.uplink.say(
                    message, lambda: boot, done=self.uplink.booted, triggered=True
                )
            case "Heartbeat":
                self.uplink.say(message, dict, triggered=True)
            case "StatusNotification":
                for connector in connectors:
                    self.report_status(connector, triggered=True)
            case "MeterValues":
                for connector in connectors:
                    self.report_meter(connector, "Trigger", triggered=True)
            case _:
                return False
        return True

    # --- The connection -------------------------------------------------------------------------------------

    def went_online(self) -> None:
        """Send what is due after registration."""
        self.profiles.came_online(self.now())
        for connector in self.connectors:
            connector.reported = connector.status
            self.report_status(connector)

    def went_offline(self, *, was_registered: bool) -> None:
        """Continue without a central system."""
        if was_registered:
            self.profiles.went_offline(self.now())
        for connector in self.connectors:
            if connector.transaction:
                connector.transaction.energised = True

    def restarts(self, kind: str) -> None:
        """End what a restart ends."""
        for connector in self.connectors:
            self.stop(connector, f"{kind}Reset")
            connector.plugged_at = None
            connector.finished = False
            connector.authorised = None
        if self.character.behaviour.forgets_profiles:
            self.profiles.clear()

    # --- The cars ---------------------------------------------------------------------------------------------

    def supply(self, connector: SimulatedConnector) -> Supply:
        """Return the present offer to the car at a connector."""
        transaction = connector.transaction
        if not transaction or not transaction.energised or connector.fault:
            return _NO_SUPPLY
        limit = self.limit(connector)
        phases = self.spec.phases
        if self.character.behaviour.switches_phases and self.switches_phases:
            phases = min(limit.phases or phases, phases)
        current_a = limit.current_a
        if self._switching(connector, phases):
            current_a = 0.0
        if current_a < MIN_CURRENT_A:
            current_a = self._at_zero(connector)
        return Supply(
            limit_a=current_a, phases=phases, voltage_v=connector.reading.voltage_v
        )

    def _switching(self, connector: SimulatedConnector, phases: int) -> bool:
        """Return whether the contactor is open because the number of phases changes."""
        now = self.now()
        if connector.phases not in (0, phases):
            connector.switching_until = now + timedelta(seconds=SWITCHING_S)
        connector.phases = phases
        return connector.switching_until is not None and now < connector.switching_until

    def _at_zero(self, connector: SimulatedConnector) -> float:
        match self.character.behaviour.at_zero:
            case AtZero.MINIMUM:
                return MIN_CURRENT_A
            case AtZero.STOPS:
                self.stop(connector, "Other")
        return 0.0

    def limit(self, connector: SimulatedConnector) -> ProfileLimit:
        """Return the present limit from the station's charging profiles."""
        behaviour = self.character.behaviour
        now = self.now()
        if not behaviour.obeys:
            return ProfileLimit(current_a=self.spec.max_a)
        self.profiles.honours_expiry = behaviour.honours_expiry
        limit = self.profiles.limit_at(now, connector.charging, self.spec.max_a)
        if limit != connector.limit:
            if connector.limit_changed_at is None:
                connector.limit_changed_at = now
            late = now - connector.limit_changed_at
            if late >= timedelta(seconds=behaviour.applies_after_s):
                connector.limit, connector.limit_changed_at = limit, None
        return connector.limit or ProfileLimit(current_a=self.spec.max_a)

    def supplies(self) -> tuple[Supply, ...]:
        """Return the offers to the cars, by connector."""
        supplies = tuple(self.supply(connector) for connector in self.connectors)
        for connector, supply in zip(self.connectors, supplies, strict=True):
            connector.offered_a = supply.limit_a
        return supplies

    def notice(self, readings: tuple[ConnectorReading, ...]) -> None:
        """Follow the connectors, start and stop transactions, and report."""
        for connector, reading in zip(self.connectors, readings, strict=True):
            self._notice_plug(connector, reading)
            self._notice_reservation(connector)
            if not connector.transaction:
                self._start_if_due(connector)
            if connector.status is not connector.reported:
                connector.reported = connector.status
                self.report_status(connector)
            if connector.transaction and self._sample_due(connector):
                self.sample(connector)
        if self.restart_when_idle and not any(c.transaction for c in self.connectors):
            self.restart_when_idle = False
            self.uplink.restart("Soft")

    def _notice_plug(
        self, connector: SimulatedConnector, reading: ConnectorReading
    ) -> None:
        plugged_before = connector.reading.plugged
        connector.reading = reading
        if reading.plugged:
            if connector.plugged_at is None:
                connector.plugged_at = self.now()
            return
        connector.plugged_at = None
        connector.finished = False
        if plugged_before:
            connector.authorised = None
            if connector.transaction:
                self.stop(connector, "EVDisconnected")
        elif connector.authorised and connector.authorised_at:
            waited = self.now() - connector.authorised_at
            if waited > timedelta(seconds=self.connection_timeout_s):
                connector.authorised = None

    def _notice_reservation(self, connector: SimulatedConnector) -> None:
        if connector.reservation and self.now() >= connector.reservation.expires_at:
            connector.reservation = None

    def _start_if_due(self, connector: SimulatedConnector) -> None:
        if not connector.operative or connector.fault or not self.uplink.commissioned:
            return
        if not connector.plugged_at:
            return
        id_tag = connector.authorised
        if not id_tag:
            if connector.finished or connector.reservation or not self.free_charging:
                return
            id_tag = self.free_id_tag
        if self.now() - connector.plugged_at >= timedelta(seconds=PREPARING_S):
            self.start(connector, id_tag)

    def start(self, connector: SimulatedConnector, id_tag: str) -> None:
        """Start a transaction. While the station is offline the contactor closes at once."""
        connector.authorised = None
        connector.finished = False
        if connector.reservation and connector.reservation.id_tag == id_tag:
            connector.reservation = None
        connector.transaction = SimulatedTransaction(
            id_tag=id_tag,
            started_at=self.now(),
            meter_start_wh=connector.reading.energy_wh,
            energised=not self.uplink.registered,
        )
        self.report_start(connector, connector.transaction)

    def stop(self, connector: SimulatedConnector, reason: str) -> None:
        """Stop a connector's transaction."""
        transaction = connector.transaction
        if transaction is None:
            return
        connector.transaction = None
        connector.phases = 0
        connector.finished = connector.reading.plugged
        connector.operative = connector.wanted_operative
        connector.sampled_at = None
        connector.sampled_a = ()
        self.profiles.forget_transaction(connector.id)
        self.report_stop(connector, transaction, reason)

    def _sample_due(self, connector: SimulatedConnector) -> bool:
        if connector.sampled_at is None:
            return True
        since = self.now() - connector.sampled_at
        if since < timedelta(seconds=REPORT_AGAIN_S):
            return False
        if since >= timedelta(seconds=self.sample_interval_s):
            return True
        return self.uplink.registered and any(
            abs(now - before) >= NOTICEABLE_A
            for now, before in zip(
                connector.reading.current_a, connector.sampled_a, strict=True
            )
        )

    def sample(self, connector: SimulatedConnector) -> None:
        """Send the present values of the meter."""
        connector.sampled_at = self.now()
        connector.sampled_a = connector.reading.current_a
        self.report_meter(connector, "Sample.Periodic")

    def swipe(self, connector_id: int, id_tag: str) -> None:
        """Present a card: asks the central system, then starts or stops."""
        connector = self.connectors[connector_id - 1]
        if connector.transaction and connector.transaction.id_tag == id_tag:
            self.stop(connector, "Local")
        else:
            self.authorise(connector, id_tag)

    def allow(self, connector: SimulatedConnector, id_tag: str) -> None:
        """Allow someone to start a transaction, at once or when the car is plugged in."""
        connector.authorised = id_tag
        connector.authorised_at = self.now()

    # --- What a version of OCPP adds ------------------------------------------------------------------------

    @abstractmethod
    def handle(self, action: str, payload: Payload) -> Payload:
        """Answer a request of the central system.

        Raises:
            Refusal: the answer is a CALLERROR.

        """

    @abstractmethod
    def refuse(self, action: str, payload: Payload) -> Payload:
        """Return an answer that refuses."""

    @abstractmethod
    def boot_payload(self) -> Payload:
        """Return the content of a BootNotification."""

    @property
    @abstractmethod
    def sample_interval_s(self) -> float:
        """How often the meter's values are sent in a transaction."""

    @property
    @abstractmethod
    def connection_timeout_s(self) -> float:
        """How long an authorised driver may take to plug in."""

    @property
    @abstractmethod
    def free_charging(self) -> bool:
        """Whether a car that is plugged in starts by itself."""

    @property
    @abstractmethod
    def free_id_tag(self) -> str:
        """Who starts then."""

    @property
    @abstractmethod
    def switches_phases(self) -> bool:
        """Whether the number of phases in a limit is followed."""

    @abstractmethod
    def report_status(
        self, connector: SimulatedConnector, *, triggered: bool = False
    ) -> None:
        """Report the connector's status."""

    @abstractmethod
    def report_start(
        self, connector: SimulatedConnector, transaction: SimulatedTransaction
    ) -> None:
        """Report that a transaction started."""

    @abstractmethod
    def report_stop(
        self,
        connector: SimulatedConnector,
        transaction: SimulatedTransaction,
        reason: str,
    ) -> None:
        """Report that a transaction ended."""

    @abstractmethod
    def report_meter(
        self, connector: SimulatedConnector, context: str, *, triggered: bool = False
    ) -> None:
        """Report the meter's values."""

    @abstractmethod
    def authorise(self, connector: SimulatedConnector, id_tag: str) -> None:
        """Ask whether a card may charge, and allow it."""
