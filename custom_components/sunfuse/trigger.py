"""The triggers of Sunfuse: what happens at a charger, to a plan and to a fuse, for automations made in words."""

from typing import Any, ClassVar, override

import voluptuous as vol

from homeassistant.const import CONF_OPTIONS, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTargetStateTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerConfig,
)

from .automation_targets import WatchedEntity, watched
from .engine.model import CircuitState
from .site.chargers.connector_events import Happening, LimitCause

_EVENT_TYPE = "event_type"
CONF_LIMITED_BY = "limited_by"
CONF_RESULT = "result"
# As in event.py, which loads more than a trigger needs.
RESULTS = ("accepted", "refused")
WILL_MISS, ON_TIME = "will_miss", "on_time"

SESSION = WatchedEntity(domain=Platform.EVENT, translation_key="session")
CARD = WatchedEntity(domain=Platform.EVENT, translation_key="card")
PLAN = WatchedEntity(domain=Platform.EVENT, translation_key="plan")
STATE = WatchedEntity(domain=Platform.SENSOR, translation_key="state", of_site=True)


def _some_of(name: str, choices: tuple[str, ...]) -> Any:
    """Return the schema of a trigger with a choice; without it all of them count."""
    return ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): {
                vol.Optional(name): vol.All(cv.ensure_list, [vol.In(choices)])
            }
        }
    )


class _EventTrigger(StatelessEntityTriggerBase):
    """Triggers when an event entity shows an event of a type."""

    _domain_specs = {Platform.EVENT: DomainSpec()}
    _watched: ClassVar[WatchedEntity] = SESSION
    _types: frozenset[str] = frozenset()

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the event entities of what is targeted."""
        return watched(self._hass, self._watched, entities)

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether it is a new event. Two events of one moment show the same time."""
        return (from_state.state, from_state.attributes.get(_EVENT_TYPE)) != (
            to_state.state,
            to_state.attributes.get(_EVENT_TYPE),
        )

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether it is an event of the type."""
        return state.attributes.get(_EVENT_TYPE) in self._types


class _LimitedTrigger(_EventTrigger):
    """Triggers when a car is limited, by all or some causes."""

    _types = frozenset({Happening.LIMITED.value})
    _schema = _some_of(CONF_LIMITED_BY, tuple(cause.value for cause in LimitCause))

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether it is limited by one of the causes."""
        causes = self._options.get(CONF_LIMITED_BY)
        return super().is_valid_state(state, report_not_triggered) and (
            not causes or state.attributes.get(CONF_LIMITED_BY) in causes
        )


class _CardTrigger(_EventTrigger):
    """Triggers when a card is presented to a charger, accepted or refused."""

    _watched = CARD
    _schema = _some_of(CONF_RESULT, RESULTS)

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Look for the results that are asked for."""
        super().__init__(hass, config)
        self._types = frozenset(self._options.get(CONF_RESULT) or RESULTS)


class _StateTrigger(EntityTargetStateTriggerBase):
    """Triggers when the main fuse or a circuit gets into a state, and stays in it for as long as is asked for."""

    _domain_specs = {Platform.SENSOR: DomainSpec()}

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the state of what is targeted."""
        return watched(self._hass, STATE, entities)


def _when(*happenings: str, on: WatchedEntity = SESSION) -> type[Trigger]:
    """Return the trigger of events."""

    class When(_EventTrigger):
        _watched = on
        _types = frozenset(happenings)

    return When


def _gets(state: CircuitState) -> type[Trigger]:
    """Return the trigger of a state."""

    class Gets(_StateTrigger):
        _to_states = {state.value}

    return Gets


TRIGGERS: dict[str, type[Trigger]] = {
    "car_plugged_in": _when(Happening.PLUGGED_IN),
    "car_unplugged": _when(Happening.UNPLUGGED),
    "charging_started": _when(Happening.STARTED),
    "charging_stopped": _when(Happening.STOPPED),
    "car_full": _when(Happening.FULL),
    "charging_limited": _LimitedTrigger,
    "charger_fault": _when(Happening.FAULT),
    "card_seen": _CardTrigger,
    "plan_will_miss": _when(WILL_MISS, on=PLAN),
    "plan_on_time": _when(ON_TIME, on=PLAN),
    "fuse_overloaded": _gets(CircuitState.OVERLOADED),
    "fuse_limits_cars": _gets(CircuitState.LIMITED),
    "meter_lost": _gets(CircuitState.METER_LOST),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
