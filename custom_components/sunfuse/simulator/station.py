"""What every simulated charging station does for its cars, whatever version of OCPP it speaks.

It follows the car at each connector, starts and stops transactions, and gives what the charging profiles allow.
"""

from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import override

from .behaviour import AtZero
from .car import MIN_CURRENT_A, Supply
from .connector import Connector, Reading, Transaction
from .profiles import Limit, ProfileStack
from .site import ChargerSpec
from .uplink import Uplink, utcnow

PREPARING_S = 1.0  # from plugging in to the start of a transaction
NOTICEABLE_A = 0.3  # a change of current that is told at once; three cars stay within a usual margin
TELL_AGAIN_S = 1.0  # but not more often
SWITCHING_S = 5.0  # without current before another number of phases
_NO_SUPPLY = Supply(limit_a=0.0, phases=0)


class Station(Uplink):
    """A charging station."""

    def __init__(
        self,
        spec: ChargerSpec,
        *,
        voltage_v: float = 230.0,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Build the station, which is still switched off."""
        super().__init__(spec, clock)
        self.connectors = tuple(
            Connector(
                id=number + 1,
                reading=Reading(
                    current_a=(0.0,) * spec.phases,
                    voltage_v=voltage_v,
                ),
            )
            for number in range(len(spec.cars))
        )
        self.profiles = ProfileStack(voltage_v, spec.phases)
        self.restart_when_idle = False

    # --- The connection -------------------------------------------------------------------------------------

    @override
    def went_online(self) -> None:
        self.profiles.came_online(self.now())
        for connector in self.connectors:
            connector.told = connector.status
            self.tell_status(connector)

    @override
    def went_offline(self, *, was_registered: bool) -> None:
        if was_registered:
            self.profiles.went_offline(self.now())
        for connector in self.connectors:
            if connector.transaction:
                connector.transaction.energised = True

    @override
    def restarts(self, kind: str) -> None:
        for connector in self.connectors:
            self.stop(connector, f"{kind}Reset")
            connector.plugged_at = None
            connector.finished = False
            connector.authorised = None
        if self.character.behaviour.forgets_profiles:
            self.profiles.clear()

    # --- The cars ---------------------------------------------------------------------------------------------

    def supply(self, connector: Connector) -> Supply:
        """Return what the car at a connector is offered at this moment."""
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

    def _switching(self, connector: Connector, phases: int) -> bool:
        """Tell whether the contactor is open because the number of phases changes."""
        now = self.now()
        if connector.phases not in (0, phases):
            connector.switching_until = now + timedelta(seconds=SWITCHING_S)
        connector.phases = phases
        return connector.switching_until is not None and now < connector.switching_until

    def _at_zero(self, connector: Connector) -> float:
        match self.character.behaviour.at_zero:
            case AtZero.MINIMUM:
                return MIN_CURRENT_A
            case AtZero.STOPS:
                self.stop(connector, "Other")
        return 0.0

    def limit(self, connector: Connector) -> Limit:
        """Return what the station makes of its charging profiles at this moment."""
        behaviour = self.character.behaviour
        now = self.now()
        if not behaviour.obeys:
            return Limit(current_a=self.spec.max_a)
        self.profiles.honours_expiry = behaviour.honours_expiry
        limit = self.profiles.limit_at(now, connector.charging, self.spec.max_a)
        if limit != connector.limit:
            if connector.limit_changed_at is None:
                connector.limit_changed_at = now
            late = now - connector.limit_changed_at
            if late >= timedelta(seconds=behaviour.obeys_after_s):
                connector.limit, connector.limit_changed_at = limit, None
        return connector.limit or Limit(current_a=self.spec.max_a)

    def supplies(self) -> tuple[Supply, ...]:
        """Return what the cars are offered, connector by connector."""
        supplies = tuple(self.supply(connector) for connector in self.connectors)
        for connector, supply in zip(self.connectors, supplies, strict=True):
            connector.offered_a = supply.limit_a
        return supplies

    def notice(self, readings: tuple[Reading, ...]) -> None:
        """Take note of what goes on at the connectors, start and stop transactions, and tell."""
        for connector, reading in zip(self.connectors, readings, strict=True):
            self._notice_plug(connector, reading)
            self._notice_reservation(connector)
            if not connector.transaction:
                self._start_if_due(connector)
            if connector.status is not connector.told:
                connector.told = connector.status
                self.tell_status(connector)
            if connector.transaction and self._sample_due(connector):
                self.sample(connector)
        if self.restart_when_idle and not any(c.transaction for c in self.connectors):
            self.restart_when_idle = False
            self.restart("Soft")

    def _notice_plug(self, connector: Connector, reading: Reading) -> None:
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

    def _notice_reservation(self, connector: Connector) -> None:
        if connector.reservation and self.now() >= connector.reservation.expires_at:
            connector.reservation = None

    def _start_if_due(self, connector: Connector) -> None:
        if not connector.operative or connector.fault or not self.commissioned:
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

    def start(self, connector: Connector, id_tag: str) -> None:
        """Start a transaction. Away from the central system the contactor closes at once."""
        connector.authorised = None
        connector.finished = False
        if connector.reservation and connector.reservation.id_tag == id_tag:
            connector.reservation = None
        connector.transaction = Transaction(
            id_tag=id_tag,
            started_at=self.now(),
            meter_start_wh=connector.reading.energy_wh,
            energised=not self.registered,
        )
        self.tell_start(connector, connector.transaction)

    def stop(self, connector: Connector, reason: str) -> None:
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
        self.tell_stop(connector, transaction, reason)

    def _sample_due(self, connector: Connector) -> bool:
        if connector.sampled_at is None:
            return True
        since = self.now() - connector.sampled_at
        if since < timedelta(seconds=TELL_AGAIN_S):
            return False
        if since >= timedelta(seconds=self.sample_interval_s):
            return True
        return self.registered and any(
            abs(now - before) >= NOTICEABLE_A
            for now, before in zip(
                connector.reading.current_a, connector.sampled_a, strict=True
            )
        )

    def sample(self, connector: Connector) -> None:
        """Send the meter's values as they are now."""
        connector.sampled_at = self.now()
        connector.sampled_a = connector.reading.current_a
        self.tell_meter(connector, "Sample.Periodic")

    def swipe(self, connector_id: int, id_tag: str) -> None:
        """Hold a card to the reader: asks the central system, then starts or stops."""
        connector = self.connectors[connector_id - 1]
        if connector.transaction and connector.transaction.id_tag == id_tag:
            self.stop(connector, "Local")
        else:
            self.authorise(connector, id_tag)

    def allow(self, connector: Connector, id_tag: str) -> None:
        """Let someone start a transaction, at once or when the car is plugged in."""
        connector.authorised = id_tag
        connector.authorised_at = self.now()

    # --- What a version of OCPP adds ------------------------------------------------------------------------

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
        """Whether the number of phases in a limit is obeyed."""

    @abstractmethod
    def tell_status(self, connector: Connector) -> None:
        """Report the connector's status."""

    @abstractmethod
    def tell_start(self, connector: Connector, transaction: Transaction) -> None:
        """Report that a transaction started."""

    @abstractmethod
    def tell_stop(
        self, connector: Connector, transaction: Transaction, reason: str
    ) -> None:
        """Report that a transaction ended."""

    @abstractmethod
    def tell_meter(self, connector: Connector, context: str) -> None:
        """Report the meter's values."""

    @abstractmethod
    def authorise(self, connector: Connector, id_tag: str) -> None:
        """Find out whether a card may charge, and let it."""
