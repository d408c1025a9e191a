"""A charging station, whatever version of OCPP it speaks."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
import logging
from typing import Any

from ..engine.model import ConnectorStatus
from .adapter import Adapter
from .clock import Clock
from .inspector import Inspector
from .limiter import Limiter
from .meter import Meter, Reading
from .model import (
    CommandError,
    ConnectorState,
    FailSafe,
    StationConfig,
    StationInfo,
    StationState,
    Transaction,
)
from .quirks import Kind, behaviour, in_force
from .timing import Timing
from .transactions import Record, Transactions

_LOGGER = logging.getLogger(__name__)

MAX_CONNECTORS = 32
_READY_S = 15.0
# In these no contactor is closed, whatever else is known.
_IDLE = frozenset(
    (
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.PREPARING,
        ConnectorStatus.RESERVED,
        ConnectorStatus.FINISHING,
        ConnectorStatus.UNAVAILABLE,
    )
)


class Station:
    """What is known of a station, and what it can be told.

    It exists from the moment that the user accepted it (or that it connected without being known) and lives on
    while the station is out of reach. Adapters tell it what they hear, in words that no version owns.
    """

    def __init__(
        self,
        config: StationConfig,
        *,
        accepted: bool,
        now: Callable[[], datetime],
        timing: Timing,
        changed: Callable[[StationState], None],
    ) -> None:
        """Know a station by its configuration; `changed` is called with each new state."""
        self.config = config
        self.now = now
        self.timing = timing
        self.clock = Clock()
        self.transactions = Transactions()
        self.variables: dict[str, str | None] = {}  # None: the station knows no such
        self.behaviour = behaviour(StationInfo(), config.quirks)
        self._changed = changed
        # The fail-safe current that the station took, and in which shape of profile.
        self.lasting: tuple[float, tuple[Kind, int, bool]] | None = None
        self._inspector = Inspector(self)
        self._adapter: Adapter | None = None
        self._ready = asyncio.Event()
        self._meters: dict[int, Meter] = {}
        self._limiters: dict[int, Limiter] = {}
        self._state = StationState(
            identity=config.identity,
            accepted=accepted,
            connected=False,
            connectors=_connectors(config) if accepted else (),
            fall_back_a=config.fail_safe_a,
        )

    @property
    def identity(self) -> str:
        """The name that the station connects with."""
        return self.config.identity

    @property
    def state(self) -> StationState:
        """The station as last heard of."""
        return self._state

    @property
    def adapter(self) -> Adapter | None:
        """What speaks with the station; None while it is out of reach."""
        return self._adapter

    def connector(self, connector: int) -> ConnectorState:
        """Return the state of a connector; an empty one if it was not heard of yet."""
        for state in self._state.connectors:
            if state.id == connector:
                return state
        return ConnectorState(id=connector)

    # Commands

    async def offer(
        self, connector: int, current_a: float, phases: int | None = None
    ) -> None:
        """Let a connector draw so much per phase (0: nothing), on so many phases.

        To be called again and again: a limit lapses two minutes after it was last offered. A limit that the
        station has already, and that is not due for renewal, is not sent again.

        Raises:
            CommandError: the station did not take it, or could not be asked.

        """
        adapter = await self._in_service()
        await self._limiter(connector).offer(adapter, current_a, phases)

    async def restart(self, *, hard: bool = False) -> None:
        """Restart the station; a soft restart ends transactions first.

        Raises:
            CommandError: the station refused, or could not be asked.

        """
        await (await self._in_service()).reset(hard=hard)

    async def unlock(self, connector: int) -> None:
        """Unlock the plug of a connector.

        Raises:
            CommandError: the station refused, could not, or could not be asked.

        """
        await (await self._in_service()).unlock(connector)

    def test_fail_safe(self, connector: int) -> None:
        """Let the limit of a connector on which a car charges lapse; `state.fail_safe` tells what came of it.

        Takes as long as a limit holds and a little more; ends at once when less has to be offered meanwhile.

        Raises:
            CommandError: no car draws enough there to tell.

        """
        self._limiter(connector).test_fail_safe()

    async def _in_service(self) -> Adapter:
        """Return the adapter once the station has booted."""
        try:
            async with asyncio.timeout(_READY_S if self._adapter else 0):
                await self._ready.wait()
        except TimeoutError as err:
            raise CommandError("not_connected") from err
        if (adapter := self._adapter) is None:
            raise CommandError("not_connected")
        return adapter

    # What the central system tells

    def accept(self, config: StationConfig) -> None:
        """Let the station in, or take in a changed configuration."""
        self.config = config
        self.behaviour = behaviour(self._state.info, config.quirks)
        known = {state.id: state for state in self._state.connectors}
        for state in _connectors(config):
            known.setdefault(state.id, state)
        for connector in self._meters:
            self._meters[connector].configure(
                phases=config.phases, voltage_v=config.voltage_v, max_a=config.max_a
            )
        self._set(
            accepted=True,
            connectors=tuple(known[connector] for connector in sorted(known)),
            fall_back_a=self._fall_back_a(self._state.fail_safe),
        )
        if self._adapter is not None and self._ready.is_set():
            self._adapter.link.spawn(self._adapter.commission())

    def forget(self) -> None:
        """Let the station in no longer."""
        self._set(accepted=False)

    def connected(self, adapter: Adapter, protocol: str) -> None:
        """Note that the station is there, not yet that it has booted."""
        self._adapter = adapter
        self._ready.clear()
        self.clock = Clock()
        self._set(
            connected=True,
            last_seen=self.now(),
            info=replace(self._state.info, protocol=protocol),
        )

    def disconnected(self, adapter: Adapter) -> None:
        """Note that a connection is gone; only the present one counts."""
        if self._adapter is not adapter:
            return
        self._adapter = None
        self._ready.clear()
        for limiter in self._limiters.values():
            limiter.disconnected()
        self._set(connected=False)

    # What adapters tell

    def in_service(self) -> bool:
        """Note that the station may be asked; returns whether that is new."""
        if self._ready.is_set():
            return False
        self._ready.set()
        return True

    def heard(self) -> None:
        """Note a sign of life."""
        self._state = replace(self._state, last_seen=self.now())

    def booted(self, info: StationInfo) -> None:
        """Note what the station says of itself; after a firmware update nothing that was learnt counts."""
        changes: dict[str, Any] = {}
        if self._state.info.vendor and self._state.info.firmware != info.firmware:
            self.variables.clear()
            changes = {
                "fail_safe": FailSafe.NOT_VERIFIED,
                "fall_back_a": self._fall_back_a(FailSafe.NOT_VERIFIED),
            }
        self.behaviour = behaviour(info, self.config.quirks)
        names = tuple(quirk.name for quirk in in_force(info))
        self._set(info=info, quirks=names, **changes)

    def told_fail_safe_set(self, *, taken: bool) -> None:
        """Note whether the station took its fail-safe current."""
        self._set(fail_safe_set=taken)

    def told_fail_safe(self, fail_safe: FailSafe) -> None:
        """Note whether the station falls back when it no longer hears from us."""
        if fail_safe is FailSafe.DOES_NOT_FALL_BACK:
            _LOGGER.warning(
                "Charger %s does not fall back to its fail-safe current", self.identity
            )
        self._set(fail_safe=fail_safe, fall_back_a=self._fall_back_a(fail_safe))

    def _fall_back_a(self, fail_safe: FailSafe) -> float:
        if fail_safe is FailSafe.DOES_NOT_FALL_BACK:
            return self.config.max_a
        return self.config.fail_safe_a

    def told_status(
        self, connector: int, status: ConnectorStatus, error_code: str | None
    ) -> None:
        """Note the status of a connector."""
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        changes: dict[str, Any] = {"status": status, "error_code": error_code}
        state = self.connector(connector)
        if status in _IDLE:
            changes["meter"] = self.meter(connector).stopped(self.now())
            if status in _GONE and state.transaction:
                changes["transaction"] = None
        self.change(connector, **changes)
        limiter = self._limiter(connector)
        limiter.status_changed()
        if status in _GONE:
            limiter.stopped()

    def measured(
        self, connector: int, readings: Iterable[Reading], at: datetime
    ) -> None:
        """Note what a connector measured at `at` by our clock."""
        meter = self.meter(connector)
        sample = meter.update(tuple(readings), at)
        state = self.connector(connector)
        changes: dict[str, Any] = {"meter": sample}
        transaction = state.transaction
        if transaction and meter.register_wh is not None:
            start_wh = transaction.meter_start_wh
            if start_wh is None or not meter.follows(
                start_wh, self.now() - transaction.started_at
            ):
                start_wh = meter.register_wh
                changes["transaction"] = replace(transaction, meter_start_wh=start_wh)
            changes["session_energy_wh"] = max(meter.register_wh - start_wh, 0.0)
        self.change(connector, **changes)
        self._limiter(connector).measured()

    def started(self, connector: int, transaction: Transaction) -> None:
        """Note that a transaction runs on a connector."""
        self.change(connector, transaction=transaction, session_energy_wh=0.0)
        self._limiter(connector).started(self._adapter)

    def recognised(self, connector: int, transaction_id: str) -> None:
        """Note that a transaction runs whose start we have not seen, or not in this life."""
        record = self.transactions.get(transaction_id)
        state = self.connector(connector)
        if record is None:
            record = self.transactions.add(
                Record(
                    connector=connector,
                    transaction=Transaction(id=transaction_id, started_at=self.now()),
                )
            )
        if record.stopped_at is None and record.connector == connector:
            if state.transaction is None or state.transaction.id != transaction_id:
                self.change(connector, transaction=record.transaction)
                self._limiter(connector).started(self._adapter)

    def stopped(self, record: Record) -> None:
        """Note that a transaction is over."""
        state = self.connector(record.connector)
        if state.transaction is None or state.transaction.id != record.transaction.id:
            return
        energy = record.energy_wh
        self.change(
            record.connector,
            transaction=None,
            meter=self.meter(record.connector).stopped(self.now()),
            session_energy_wh=state.session_energy_wh if energy is None else energy,
        )
        self._limiter(record.connector).stopped()

    async def check_limit(self, adapter: Adapter, connector: int) -> None:
        """Ask the station what it makes of a limit that it just took."""
        await self._inspector.check(adapter, connector)

    def change(self, connector: int, **changes: Any) -> None:
        """Change the state of a connector and tell about it."""
        states = {state.id: state for state in self._state.connectors}
        states[connector] = replace(self.connector(connector), **changes)
        self._set(
            last_seen=self.now(),
            connectors=tuple(states[connector] for connector in sorted(states)),
        )

    def meter(self, connector: int) -> Meter:
        """Return the meter of a connector."""
        if connector not in self._meters:
            self._meters[connector] = Meter(
                phases=self.config.phases,
                voltage_v=self.config.voltage_v,
                max_a=self.config.max_a,
            )
        return self._meters[connector]

    def _limiter(self, connector: int) -> Limiter:
        if connector not in self._limiters:
            self._limiters[connector] = Limiter(self, connector)
        return self._limiters[connector]

    def _set(self, **changes: Any) -> None:
        state = replace(self._state, **changes)
        if state != self._state:
            self._state = state
            self._changed(state)


_GONE = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED))


def _connectors(config: StationConfig) -> tuple[ConnectorState, ...]:
    return tuple(
        ConnectorState(id=connector)
        for connector in range(1, min(config.connectors, MAX_CONNECTORS) + 1)
    )
