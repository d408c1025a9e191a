"""Sends offers to the chargers: one command at a time per connector, always the newest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...central_system import Station
from ...central_system.adapter import Adapter
from ...central_system.protocol.fault import FaultBoundary
from ...central_system.station_state import CommandError, ConnectorState, Session
from ...engine.clock_change import move_attributes
from ...engine.model import ConnectorDecision
from ..outcome import ConnectorKey

_LOGGER = logging.getLogger(__name__)

# A charger that has a command is left alone for so long, unless it reports something that matters for it; then it is
# asked whether its limit is due again, or its car asleep.
LEFT_ALONE_S = 10.0
# A charger and its car take some seconds to end a transaction, and to report that the car takes nothing any more.
STOP_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An offer to send to a connector."""

    current_a: float
    phases: int
    again: bool = False  # even if the charger confirmed it, because its car takes more
    session: Session | None = None  # for which it was decided


@dataclass(slots=True, kw_only=True)
class _Delivered:
    """A command that a connector has, what mattered for it by then, and when (by the event loop's clock)."""

    command: Command
    matters: tuple[object, ...]
    adapter: Adapter | None
    at_s: float
    state: ConnectorState  # the newest in which the same matters


class CommandSender:
    """Sends commands in the background, so that a slow charger never delays another one's reduction."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        stations: Mapping[str, Station],
    ) -> None:
        """Send to these stations, for as long as the entry is loaded."""
        self._hass = hass
        self._entry = entry
        self._stations = stations
        self._waiting: dict[ConnectorKey, Command] = {}
        self._unconfirmed: dict[ConnectorKey, Command] = {}
        self._refused: set[ConnectorKey] = set()
        self._stopped: dict[ConnectorKey, datetime] = {}
        self._reported: dict[ConnectorKey, Session | None] = {}  # stopped in the log
        self._boundaries: dict[ConnectorKey, FaultBoundary] = {}
        self._delivered: dict[ConnectorKey, _Delivered] = {}

    def alone(self, key: ConnectorKey) -> FaultBoundary:
        """Return the fault boundary of one connector: if its delivery fails, the others still get theirs."""
        if key not in self._boundaries:
            self._boundaries[key] = FaultBoundary(_LOGGER, f"Delivery to {key.id}")
        return self._boundaries[key]

    def unconfirmed_a(self, key: ConnectorKey) -> float | None:
        """Return the current of a command that is sent and not yet answered."""
        command = self._unconfirmed.get(key)
        return command.current_a if command else None

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        move_attributes(self, by)

    @callback
    def has_just_got(
        self, key: ConnectorKey, state: ConnectorState, decided: ConnectorDecision
    ) -> bool:
        """Whether a connector was delivered what is decided a moment ago, and nothing at all has happened there since."""
        last = self._delivered.get(key)
        if (
            last is None
            or last.state is not state
            or last.command.current_a != decided.offer_a
            or decided.resend
            or decided.stop
            or decided.boost_over
            or key in self._unconfirmed
        ):
            return False
        station = self._stations[key.identity]
        return (
            last.command.phases == min(decided.phases, station.config.phases)
            and last.adapter is station.presence.adapter
            and self._hass.loop.time() - last.at_s < LEFT_ALONE_S
        )

    @callback
    def send(self, key: ConnectorKey, command: Command) -> None:
        """Send a command; it replaces one that is still waiting. There may be nothing to say."""
        if key not in self._unconfirmed and self._has(key, command):
            return
        waiting = self._waiting.get(key)
        if waiting is not None and waiting.again:
            command = replace(command, again=True)
        self._waiting[key] = command
        if key in self._unconfirmed:
            return
        self._unconfirmed[key] = command
        self._entry.async_create_background_task(
            self._hass, self._deliver(key), f"Sunfuse offer to {key.id}"
        )

    def _has(self, key: ConnectorKey, command: Command) -> bool:
        """Whether a connector was delivered this command a moment ago, and nothing has happened since."""
        last = self._delivered.get(key)
        if last is None or command.again or last.command != command:
            return False
        station = self._stations[key.identity]
        if last.adapter is not station.presence.adapter:
            return False
        now_s = self._hass.loop.time()
        if now_s - last.at_s >= LEFT_ALONE_S:
            if not station.repeats(
                key.connector, command.current_a, command.phases, command.session
            ):
                return False
            last.at_s = now_s
        state = station.connector(key.connector)
        if state is not last.state:
            if last.matters != _matters(station, state):
                return False
            last.state = state
        return True

    async def _deliver(self, key: ConnectorKey) -> None:
        try:
            while (command := self._waiting.pop(key, None)) is not None:
                self._unconfirmed[key] = command
                with self.alone(key):
                    await self._command(key, command)
        finally:
            del self._unconfirmed[key]

    async def _command(self, key: ConnectorKey, command: Command) -> None:
        if (station := self._stations.get(key.identity)) is None:
            return
        try:
            await station.offer(
                key.connector,
                command.current_a,
                command.phases,
                again=command.again,
                session=command.session,
            )
        except CommandError as err:
            self._delivered.pop(key, None)
            # The next tick tries again; the engine uses the last confirmed offer.
            if err.key == "not_connected":
                return  # it disconnected meanwhile, which is shown elsewhere
            if key not in self._refused:
                _LOGGER.warning(
                    "Charger %s did not take an offer of %.1f A: %s",
                    key.id,
                    command.current_a,
                    err,
                )
            self._refused.add(key)
        else:
            self._refused.discard(key)
            state = station.connector(key.connector)
            self._delivered[key] = _Delivered(
                command=command,
                matters=_matters(station, state),
                adapter=station.presence.adapter,
                at_s=self._hass.loop.time(),
                state=state,
            )

    @callback
    def stop(self, key: ConnectorKey) -> None:
        """End the transaction of a car that does not comply with its offer; again after a while, if it still charges."""
        now = dt_util.utcnow()
        before = self._stopped.get(key)
        if before is not None and now - before < STOP_AGAIN:
            return
        self._stopped[key] = now
        self._entry.async_create_background_task(
            self._hass, self._stop(key), f"Sunfuse stop of {key.id}"
        )

    async def _stop(self, key: ConnectorKey) -> None:
        if (station := self._stations.get(key.identity)) is None:
            return
        # A charger that does not stop is sent the command repeatedly: the log says so once per session, the repair issue stays.
        session = station.connector(key.connector).session
        level = logging.DEBUG if self._reported.get(key) == session else logging.WARNING
        self._reported[key] = session
        _LOGGER.log(
            level,
            "The car at %s takes more than it is offered, also after it was commanded again: its charging is stopped",
            key.id,
        )
        with self.alone(key):
            try:
                await station.stop(key.connector)
            except CommandError as err:
                _LOGGER.log(level, "Charger %s did not stop charging: %s", key.id, err)


def _matters(station: Station, state: ConnectorState) -> tuple[object, ...]:
    """Return what a command depends on: not what the car draws, which is another value with each message."""
    return (
        state.status,
        state.transaction,
        state.paused,
        state.offer_a,
        state.offer_until,
        round(station.clock.skew.total_seconds(), -1),
    )
