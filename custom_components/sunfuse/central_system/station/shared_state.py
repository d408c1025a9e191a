"""The state of a charging station that its parts share, whatever version of OCPP it speaks."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from ...engine.clock_change import move_attributes, moved
from ...engine.copies import copy_with
from ..security.card_policy import CardPolicy
from ..station_state import (
    ConnectorState,
    FailSafe,
    NewPassword,
    StationConfig,
    StationInfo,
    StationState,
)
from .clock import Clock
from .connector_count import MAX_CONNECTORS, StatusCount, believed, own_word, plausible
from .limits.profile_shape import Shape
from .quirks import behaviour, in_force
from .timing import Timing

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)  # no clock starts earlier


class SharedState:
    """The configuration and the state of a station, and what was learned about it.

    It exists from the moment that the user accepted the station (or that it connected without being accepted), also while
    the station is disconnected. The parts of the station change it; `changed` is called with each change.
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
        """Start with a configuration; `changed` is called with each new state."""
        self.config = config
        self.now = now
        self.timing = timing
        self.clock = Clock()
        self.cards = CardPolicy()
        self.behaviour = behaviour(StationInfo(), config.quirks)
        self.variables: dict[
            str, str | None
        ] = {}  # None: the station has no such variable
        self.device_model: dict[str, str | None] = {}  # OCPP 2.x, as it was reported
        # Unexpected events, for diagnostics.
        self.counters: Counter[str] = Counter()
        self.used: set[int] = (
            set()
        )  # connectors that had a transaction, and are believed
        self._status_count = StatusCount(timedelta(seconds=timing.count_s))
        self._changed = changed
        self._state = StationState(
            identity=config.identity,
            accepted=accepted,
            connected=False,
            connectors=_connectors_of(config) if accepted else (),
            fall_back_a=config.fail_safe_a,
            new_password=NewPassword.SENT if config.former else None,
        )

    @property
    def identity(self) -> str:
        """The name that the station connects with."""
        return self.config.identity

    @property
    def state(self) -> StationState:
        """The last known state of the station."""
        return self._state

    @property
    def shape(self) -> Shape:
        """How the station accepts limits."""
        return Shape(
            config=self.config, behaviour=self.behaviour, variables=self.variables
        )

    def connector(self, connector: int) -> ConnectorState:
        """Return the state of a connector; an empty one if nothing was reported yet."""
        for state in self._state.connectors:
            if state.id == connector:
                return state
        return ConnectorState(id=connector)

    def ours(self, theirs: datetime) -> datetime:
        """Return our time of an event that the station reports: never in the future, whatever its clock shows."""
        return max(min(self.clock.ours(theirs), self.now()), _FIRST)

    # Changes

    def update(self, **changes: Any) -> None:
        """Change the state of the station and report the change."""
        state = copy_with(self._state, **changes)
        if state != self._state:
            self._state = state
            self._changed(state)

    def heard(self) -> None:
        """Note that the station is alive, without reporting a change: this happens with every message."""
        self._state = copy_with(self._state, last_seen=self.now())
        if self._status_count.unsettled:
            self.count_connectors()

    def change(self, connector: int, **changes: Any) -> None:
        """Change the state of a connector and report the change."""
        before = self.connector(connector)
        others = [one for one in self._state.connectors if one is not before]
        is_new = len(others) == len(self._state.connectors)
        if not is_new and all(
            getattr(before, name) == value for name, value in changes.items()
        ):
            return
        state = copy_with(before, **changes)
        if state.transaction is not None and not state.used:
            state = copy_with(state, used=True)
        states = sorted((*others, state), key=attrgetter("id"))
        used = before.session.transaction_id != state.session.transaction_id
        self.update(
            last_seen=self.now(),
            connectors=tuple(states),
            last_card_taken=self._state.last_card_taken and (None if used else True),
        )
        if state.used != before.used or state.status != before.status:
            self.count_connectors()

    def count_connectors(self, **changes: Any) -> None:
        """Note how many connectors the station has, with other changes."""
        states = self._state.connectors
        self.used |= {state.id for state in states if plausible(state)}
        seen = self._status_count.settled(
            max((state.id for state in states if state.status), default=1), self.now()
        )
        self.update(
            counts_connectors=own_word(self.variables) is not None,
            known_connectors=believed(self.variables, seen=seen, used=self.used),
            **changes,
        )

    def configure(self, config: StationConfig) -> None:
        """Apply the user's configuration; the station is accepted with it."""
        self.config = config
        self.behaviour = behaviour(self._state.info, config.quirks)
        known = {state.id: state for state in self._state.connectors}
        for state in _connectors_of(config):
            known.setdefault(state.id, state)
        self.update(
            accepted=True,
            connectors=tuple(known[connector] for connector in sorted(known)),
            fall_back_a=self.fall_back_a(self._state.fail_safe),
            switches_phases=self.shape.switches_phases,
            new_password=(self._state.new_password or NewPassword.SENT)
            if config.former
            else None,
        )

    def identify(self, info: StationInfo, **changes: Any) -> None:
        """Note make and model of the station, and their quirks."""
        self.behaviour = behaviour(info, self.config.quirks)
        self.update(
            **{
                "info": info,
                "quirks": tuple(quirk.name for quirk in in_force(info)),
                "switches_phases": self.shape.switches_phases,
                **changes,
            }
        )

    def connect(self, protocol: str) -> None:
        """Note that the station is connected, and with which version.

        With another version than before (other firmware, another setting) its variables and its transaction ids are
        different ones.
        """
        info = self._state.info
        changes: dict[str, Any] = {"info": replace(info, protocol=protocol)}
        if info.vendor and info.protocol != protocol:
            connectors = tuple(
                replace(state, transaction=None) for state in self._state.connectors
            )
            changes |= {**self.unlearn(), "connectors": connectors}
        self.update(
            connected=True,
            last_seen=self.now(),
            # Where a password is required, a connected station has proved its identity.
            wrong_passwords=0,
            wrong_password_from=None,
            **changes,
        )

    def unlearn(self) -> dict[str, Any]:
        """Delete what was learned about the station; returns the changes of its state."""
        self.variables.clear()
        self.device_model.clear()
        return {
            "takes_limits": True,
            "fail_safe": FailSafe.NOT_VERIFIED,
            "fall_back_a": self.fall_back_a(FailSafe.NOT_VERIFIED),
        }

    def fall_back_a(self, fail_safe: FailSafe) -> float:
        """Return what a connector may draw while the station is disconnected."""
        if fail_safe is FailSafe.DOES_NOT_FALL_BACK:
            return self.config.max_a
        return self.config.fail_safe_a

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        self.clock.moved(by)
        move_attributes(self._status_count, by)
        self._state = moved(self._state, by)


def _connectors_of(config: StationConfig) -> tuple[ConnectorState, ...]:
    """Return the configured connectors of a station, with nothing known of them."""
    count = min(config.connectors, MAX_CONNECTORS)
    numbers = sorted({*range(1, count + 1), *config.more_connectors})
    return tuple(ConnectorState(id=connector) for connector in numbers)
