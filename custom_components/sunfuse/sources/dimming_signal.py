"""Reads the entity with which a grid operator dims the chargers: a relay's contact, a switch, or a power in watts."""

from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from .states import ProblemKind, SourceProblem, as_power_w, problem_of

_CONTACTS = frozenset(("binary_sensor", "input_boolean", "switch"))
_NUMBERS = frozenset(("input_number", "number", "sensor"))
SIGNAL_DOMAINS = _CONTACTS | _NUMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimming:
    """The chargers are dimmed: to this total power, or (None) to the minimum that the rules guarantee."""

    power_w: float | None = None


class DimmingSignal:
    """A dimming signal. While its entity is unavailable, its last value counts: a relay that is lost has not switched off."""

    def __init__(self, hass: HomeAssistant, entity_id: str | None) -> None:
        """Read this entity; None: there is no signal."""
        self._hass = hass
        self._entity_id = entity_id
        self._dimming: Dimming | None = None

    def start(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `on_change` whenever the signal changes."""

        @callback
        def changed(_event: Event[EventStateChangedData]) -> None:
            on_change()

        entities = [self._entity_id] if self._entity_id else []
        return async_track_state_change_event(self._hass, entities, changed)

    def read(self) -> tuple[Dimming | None, SourceProblem | None]:
        """Return whether the chargers are dimmed, and what is wrong with the entity.

        A number in a unit of power is the power that the chargers may use; any other number dims if it is not 0. A power
        of 0 W does not dim: that is how a control box signals that there is no limit.
        """
        if self._entity_id is None:
            return None, None
        state = self._hass.states.get(self._entity_id)
        if state is None:
            problem = SourceProblem(entity_id=self._entity_id, kind=ProblemKind.MISSING)
            return self._dimming, problem
        if state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return self._dimming, None
        if state.domain in _CONTACTS:
            self._dimming = Dimming() if state.state == STATE_ON else None
            return self._dimming, None
        problem_kind, _, number = problem_of(state)
        if problem_kind is not None or number is None:
            return self._dimming, None
        power_w = as_power_w(number, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))
        self._dimming = Dimming(power_w=power_w) if number > 0 else None
        return self._dimming, None
