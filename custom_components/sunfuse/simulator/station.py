"""What every simulated charging station does, whatever version of OCPP it speaks.

It connects and comes back, boots, keeps what must not get lost, follows the car at each connector and gives it what
the charging profiles allow.
"""

from abc import ABC, abstractmethod
import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import logging

import aiohttp
from yarl import URL

from . import schemas
from .car import MIN_CURRENT_A, Supply
from .connector import Connector, Reading, Transaction
from .profiles import Limit, ProfileStack
from .schemas import Payload
from .site import ChargerSpec
from .wire import CallError, Wire, WireClosedError

_LOGGER = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0
DEFAULT_BOOT_INTERVAL_S = 10.0
PREPARING_S = 1.0  # from plugging in to the start of a transaction
NOTICEABLE_A = 0.5  # a change of current that is told at once
TELL_AGAIN_S = 1.0  # but not more often
_MOST_KEPT = 1000  # messages, while the central system is away
_NO_SUPPLY = Supply(limit_a=0.0, phases=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that waits for its turn. `build` returns None when it has become pointless."""

    action: str
    build: Callable[[], Payload | None]
    done: Callable[[Payload], None] | None = None
    kept: bool = False  # is not lost with the connection
    triggered: bool = (
        False  # was asked for, so it may be sent before the station is registered
    )


def utcnow() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


class Station(ABC):
    """A charging station."""

    version: str
    subprotocol: str

    def __init__(
        self,
        spec: ChargerSpec,
        *,
        voltage_v: float = 230.0,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Build the station, which is still switched off."""
        self.spec = spec
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
        self.connected = False
        self.registered = False  # the central system accepted it on this connection
        self.commissioned = (
            False  # it was accepted at some time, so it charges offline too
        )
        self.boots = 0
        self._clock = clock
        self._boot_needed = True
        self._boot_interval_s = DEFAULT_BOOT_INTERVAL_S
        self._accepted = asyncio.Event()
        self._url: str | None = None
        self._url_known = asyncio.Event()
        self._outbox: deque[Outgoing] = deque()
        self._outbox_changed = asyncio.Event()
        self._reset: str | None = None
        self._reset_wanted = asyncio.Event()

    def now(self) -> datetime:
        """Return the time by the station's own clock."""
        return self._clock() + self.spec.behaviour.clock_skew

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent, or for their answer."""
        return len(self._outbox)

    def set_url(self, url: str | None) -> None:
        """Set the address of the central system, to which the identity is added."""
        self._url = url
        if url:
            self._url_known.set()
        else:
            self._url_known.clear()

    # --- The connection -------------------------------------------------------------------------------------

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Stay connected until cancelled."""
        loaded = await asyncio.get_running_loop().run_in_executor(
            None, schemas.load, self.version
        )
        retry_s = FIRST_RETRY_S
        while True:
            await self._url_known.wait()
            assert self._url
            try:
                async with session.ws_connect(
                    URL(self._url) / self.spec.identity,
                    protocols=(self.subprotocol,),
                    headers=self._headers(),
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                    max_msg_size=0,
                ) as websocket:
                    wire = Wire(websocket, loaded, self.spec.identity)
                    await self._live(wire)
            except (aiohttp.ClientError, OSError, TimeoutError) as err:
                _LOGGER.debug("%s: %r", self.spec.identity, err)
            if self.registered:
                retry_s = FIRST_RETRY_S
            self._disconnected()
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    def _headers(self) -> dict[str, str]:
        if self.spec.password is None:
            return {}
        login = f"{self.spec.identity}:{self.spec.password}"
        return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}

    async def _live(self, wire: Wire) -> None:
        self.connected = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(wire.run(self.handle))
                group.create_task(self._talk(wire))
                group.create_task(self._send_outbox(wire))
                group.create_task(self._restart_when_wanted(wire))
        except* WireClosedError:
            _LOGGER.debug("%s: disconnected", self.spec.identity)

    def _disconnected(self) -> None:
        self.connected = self.registered = False
        self._outbox = deque(item for item in self._outbox if item.kept)
        if self.spec.behaviour.boots_on_reconnect:
            self._boot_needed = True
        for connector in self.connectors:
            if connector.transaction:
                connector.transaction.energised = True

    async def _talk(self, wire: Wire) -> None:
        while self._boot_needed:
            answer = await self.ask(wire, "BootNotification", self.boot_payload())
            if answer is not None:
                self.booted(answer)
            if self._boot_needed:
                await self._accepted_within(self._boot_interval_s)
        self.registered = self.commissioned = True
        self._outbox_changed.set()
        for connector in self.connectors:
            connector.told = connector.status
            self.tell_status(connector)
        while True:
            await asyncio.sleep(self.heartbeat_interval_s)
            await self.ask(wire, "Heartbeat", {})

    async def _accepted_within(self, seconds: float) -> None:
        """Wait before the next boot, or until the answer to one that was triggered."""
        self._accepted.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._accepted.wait()
        except TimeoutError:
            _LOGGER.debug("%s: still not accepted", self.spec.identity)

    def booted(self, answer: Payload) -> None:
        """Take what the central system said to a BootNotification."""
        interval_s = float(answer["interval"]) or DEFAULT_BOOT_INTERVAL_S
        if answer["status"] == "Accepted":
            self.heartbeat_interval_s = interval_s
            if self._boot_needed:
                self._boot_needed = False
                self.boots += 1
            self._accepted.set()
        else:
            self._boot_interval_s = interval_s

    async def ask(self, wire: Wire, action: str, payload: Payload) -> Payload | None:
        """Send a request now; None when it was refused or not answered."""
        try:
            return await wire.call(action, payload)
        except (CallError, TimeoutError) as err:
            _LOGGER.debug("%s: %s: %r", self.spec.identity, action, err)
            return None

    def say(
        self,
        action: str,
        build: Callable[[], Payload | None],
        *,
        done: Callable[[Payload], None] | None = None,
        kept: bool = False,
        triggered: bool = False,
    ) -> None:
        """Send a message when its turn comes; one that is not `kept` only while we are registered."""
        if not (kept or triggered or self.registered):
            return
        self._outbox.append(
            Outgoing(
                action=action, build=build, done=done, kept=kept, triggered=triggered
            )
        )
        if len(self._outbox) > _MOST_KEPT:
            self._outbox.remove(
                next(
                    (item for item in self._outbox if item.action == "MeterValues"),
                    self._outbox[0],
                )
            )
        self._outbox_changed.set()

    async def _send_outbox(self, wire: Wire) -> None:
        failures = 0
        while True:
            item = next(
                (i for i in self._outbox if self.registered or i.triggered), None
            )
            if item is None:
                self._outbox_changed.clear()
                await self._outbox_changed.wait()
                continue
            if (payload := item.build()) is not None:
                answer = await self.ask(wire, item.action, payload)
                if answer is None and item.kept and failures < self.retries:
                    failures += 1
                    await asyncio.sleep(self.retry_interval_s)
                    continue
                if answer is not None and item.done:
                    item.done(answer)
            failures = 0
            # What was not answered because the connection broke never gets here: it is sent again.
            if item in self._outbox:
                self._outbox.remove(item)

    def restart(self, kind: str) -> None:
        """Restart the station, `Soft` or `Hard`, once what is under way has been said."""
        self._reset = kind
        self._reset_wanted.set()

    async def _restart_when_wanted(self, wire: Wire) -> None:
        await self._reset_wanted.wait()
        self._reset_wanted.clear()
        for connector in self.connectors:
            if connector.transaction:
                self.stop(connector, f"{self._reset}Reset")
        if self._reset == "Soft":
            for _ in range(100):
                if not self._outbox:
                    break
                await asyncio.sleep(0.05)
        await wire.drain()
        self._boot_needed = True
        for connector in self.connectors:
            connector.plugged_at = None
            connector.finished = False
            connector.authorised = None
        raise WireClosedError

    # --- The cars ---------------------------------------------------------------------------------------------

    def supply(self, connector: Connector) -> Supply:
        """Return what the car at a connector is offered at this moment."""
        transaction = connector.transaction
        if not transaction or not transaction.energised or connector.fault:
            return _NO_SUPPLY
        limit = self.limit(connector)
        phases = self.spec.phases
        if limit.phases and self.switches_phases:
            phases = min(limit.phases, phases)
        current_a = limit.current_a if limit.current_a >= MIN_CURRENT_A else 0.0
        return Supply(
            limit_a=current_a, phases=phases, voltage_v=connector.reading.voltage_v
        )

    def limit(self, connector: Connector) -> Limit:
        """Return what the charging profiles allow at this moment."""
        return self.profiles.limit_at(self.now(), connector.charging, self.spec.max_a)

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

    heartbeat_interval_s: float = 300.0
    retries = 2  # of a message that must not get lost
    retry_interval_s = 5.0

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
    def handle(self, action: str, payload: Payload) -> Payload:
        """Answer a request of the central system.

        Raises:
            Refusal: the answer is a CALLERROR.

        """

    @abstractmethod
    def boot_payload(self) -> Payload:
        """Return what the station says of itself."""

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
