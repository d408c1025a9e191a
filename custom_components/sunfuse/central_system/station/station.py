"""A charging station, whatever version of OCPP it speaks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ...engine.clock_change import move_attributes
from ...engine.stored_items import Stored
from ..adapter import Adapter
from ..protocol.link import LinkFaults
from ..protocol.message_log import MessageLog, without_secrets
from ..security.card_policy import CardPolicy
from ..security.certificates import CertificateAuthority
from ..security.station_passwords import Proof
from ..station_state import (
    ConnectorNews,
    FinishedTransaction,
    Session,
    StationConfig,
    StationState,
)
from .connectors import Connectors
from .limits.fail_safe_watch import FailSafeWatch
from .limits.profile_shape import Shape
from .limits.station_limits import Limits
from .metering.meters import Meters
from .password_change import PasswordChange
from .presence import Presence
from .quirks import Behaviour
from .save_and_restore import SaveAndRestore
from .sessions.plug_events import PlugEvents
from .sessions.sessions import Sessions
from .settings_restart import SettingsRestart
from .shared_state import SharedState
from .station_reports import Reports
from .stored_state import Memory, dump_info


class Station:
    """A station, made of its parts: what is known of it, what it reports, and how it is limited."""

    def __init__(
        self,
        shared: SharedState,
        *,
        finished: Callable[[FinishedTransaction], None],
        news: Callable[[ConnectorNews], None],
    ) -> None:
        """Join the parts of a station around the state that they share.

        `finished` is called with each transaction that has ended, and `news` with each car that comes or leaves and each
        start and end of a session, once.
        """
        meters = Meters(shared)
        self._shared = shared
        self._meters = meters
        self.presence = Presence()
        self.link_faults = LinkFaults(shared.identity)
        self.fail_safe = FailSafeWatch(shared, meters)
        self.limits = Limits(shared, self.presence, self.fail_safe)
        self._plug_events = PlugEvents(shared, news)
        self.sessions = Sessions(
            shared,
            meters,
            self.limits,
            self.presence,
            self._plug_events,
            finished=finished,
            session_news=news,
        )
        self.connectors = Connectors(
            shared,
            meters,
            self.limits,
            self.sessions,
            self.fail_safe,
            self.presence,
            self._plug_events,
        )
        self._password_change = PasswordChange(shared)
        self.settings_restart = SettingsRestart(shared)
        self.reports = Reports(
            shared,
            self.presence.boot_loops,
            meters,
            on_heard=(
                lambda: self.sessions.events.process_overdue(shared.now()),
                self.limits.apply_external,
            ),
            after_heard=self._restart_if_due,
        )
        self._saved = SaveAndRestore(
            shared,
            meters,
            self.limits,
            self.sessions,
            self.connectors,
            self.fail_safe,
            self._plug_events,
        )
        self.authority: CertificateAuthority | None = None
        self._messages = MessageLog()
        # What is known of the station
        self.now = shared.now
        self.timing = shared.timing
        self.clock = shared.clock
        self.ours = shared.ours
        self.connector = shared.connector
        self.variables = shared.variables
        self.device_model = shared.device_model
        self.counters = shared.counters

    @property
    def identity(self) -> str:
        """The name that the station connects with."""
        return self._shared.identity

    @property
    def config(self) -> StationConfig:
        """What the user configured."""
        return self._shared.config

    @property
    def state(self) -> StationState:
        """The last known state of the station."""
        return self._shared.state

    @property
    def behaviour(self) -> Behaviour:
        """What is special about this make and model."""
        return self._shared.behaviour

    @property
    def shape(self) -> Shape:
        """How the station accepts limits."""
        return self._shared.shape

    @property
    def cards(self) -> CardPolicy:
        """Who may charge."""
        return self._shared.cards

    # Commands

    async def in_service(self) -> Adapter:
        """Return the adapter, whose commands reach the station, once the station has booted.

        Raises:
            CommandError: the station is not connected.

        """
        return await self.presence.in_service()

    async def offer(
        self,
        connector: int,
        current_a: float,
        phases: int | None = None,
        *,
        again: bool = False,
        session: Session | None = None,
    ) -> None:
        """Allow a connector this much current per phase (0: nothing), on this many phases.

        To be called again and again: a limit expires two minutes after the last call. A limit that the
        station has already, and that is not due for renewal, is not sent again unless `again` asks for that.
        `session` is what the offer was decided for (None: the running one); 0 A is not sent to any other.

        Raises:
            CommandError: the station did not accept it, or could not be asked.

        """
        session = session or self.connector(connector).session
        adapter = await self.in_service()
        await self.limits.of(connector).offer(
            adapter, current_a, phases, again=again, session=session
        )

    def repeats(
        self, connector: int, current_a: float, phases: int, session: Session | None
    ) -> bool:
        """Offer again what a connector has, if it has exactly that and nothing has to be sent; otherwise return False."""
        adapter = self.presence.serving
        session = session or self.connector(connector).session
        return adapter is not None and self.limits.of(connector).repeats(
            adapter, current_a, phases, session
        )

    async def stop(self, connector: int) -> None:
        """Stop the transaction of a connector; the car starts again only when it is offered a current.

        Raises:
            CommandError: there is none, the station refused, or could not be asked.

        """
        adapter = await self.in_service()
        await self.limits.of(connector).stop(adapter)

    def test_fail_safe(self, connector: int) -> None:
        """Let the limit of a connector with a charging car expire; `state.fail_safe` then has the result.

        Takes a little longer than a limit holds; ends at once if less has to be offered meanwhile.

        Raises:
            CommandError: no car draws enough there for a test.

        """
        self.limits.of(connector).compliance.test_fail_safe()

    async def change_password(self, password: str) -> None:
        """Give the station another password; the former credential remains valid until the new one was used.

        `config` then holds both: the caller stores them.

        Raises:
            CommandError: the station did not accept it, or could not be asked.

        """
        adapter = await self.in_service()
        await self._password_change.send(adapter, password)
        self._password_change.restart_if_due(adapter)

    def _restart_if_due(self) -> None:
        if (adapter := self.presence.serving) is not None:
            self._password_change.restart_if_due(adapter)
            self.settings_restart.restart_if_due(adapter)

    # What the central system reports

    def accept(self, config: StationConfig) -> None:
        """Accept the station, or apply a changed configuration."""
        before = self.config
        same = self.state.accepted and (
            _without_password(before) == _without_password(config)
        )
        self._shared.configure(config)
        self._meters.configure()
        if not same:
            self.presence.set_up_again()

    def set_cards(self, cards: CardPolicy) -> None:
        """Set who may charge; the station's own list is updated."""
        if cards == self.cards:
            return
        self._shared.cards = cards
        self.presence.set_up_again()

    def forget(self) -> None:
        """Remove the station from the accepted ones."""
        self._shared.update(accepted=False)

    def proved(self, proof: Proof) -> None:
        """Note the credential with which the station connects."""
        self._password_change.proved(proof)

    def refused(self, address: str) -> None:
        """Note that a client failed to prove to be this station."""
        self._shared.update(
            wrong_passwords=self.state.wrong_passwords + 1,
            wrong_password_from=address,
        )

    def forget_attempts(self) -> None:
        """Forget the clients that failed to prove to be this station."""
        self._shared.update(wrong_passwords=0, wrong_password_from=None)

    def connected(self, adapter: Adapter, protocol: str) -> None:
        """Note that the station is connected; it has not booted yet."""
        self.presence.connected(adapter)
        self._plug_events.connected()
        self.fail_safe.back()
        self._shared.connect(protocol)

    def disconnected(self, adapter: Adapter) -> None:
        """Note that a connection is closed; only the present one counts."""
        if not self.presence.disconnected(adapter):
            return
        self.fail_safe.left()
        self.limits.disconnected()
        self._shared.update(connected=False)

    def record(self, direction: str, text: str) -> None:
        """Record a message for diagnostics."""
        if direction == "malformed":
            self.counters[direction] += 1
        elif direction == "understood":
            self.counters["understood_although_wrong"] += 1
        elif self.state.accepted:  # nothing is recorded of unknown stations
            self._messages.add(self.now(), direction, text)

    def clock_was_set(self, by: timedelta) -> None:
        """Shift all stored times by the amount by which our clock was set forward."""
        for part in (self._shared, self._meters, self.limits, self.sessions):
            part.clock_was_set(by)
        for remembers in (self.presence.boot_loops, self.fail_safe):
            move_attributes(remembers, by)

    # What others read and store

    def diagnostics(self) -> dict[str, Any]:
        """Return what helps to find out what is wrong, without secrets and card numbers."""
        state = self.state
        return {
            "protocol": state.info.protocol,
            "info": dump_info(state.info),
            "variables": without_secrets(self.variables),
            "quirks": list(state.quirks),
            "fail_safe": state.fail_safe.value,
            "clock_skew_s": self.clock.skew.total_seconds(),
            "counters": dict(self.counters),
            "messages": self._messages.redacted(),
        }

    def memory(self) -> Memory:
        """Return what is to be stored of the station, as plain data."""
        return self._saved.memory()

    def written(self, memory: Memory) -> None:
        """Note that this memory is in storage now: what counters show may rise to it."""
        self._saved.written(memory)

    def restore(self, *parts: Stored) -> None:
        """Continue from stored data, item by item; to be called before the station connects."""
        self._saved.restore(*parts)


def _without_password(config: StationConfig) -> StationConfig:
    """Return the part of a configuration that setting up the station depends on."""
    return replace(config, password=None, former=None, client_certificate=False)
