"""The sensors of why a connector gets what it gets."""

from collections.abc import Mapping
from textwrap import shorten
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.helpers.typing import StateType

from ..engine.model import Reason, ReasonKey
from ..entity import ConnectorEntity
from ..site.outcome import ConnectorData
from ..site.planning.plan_slots import shortfall_reason
from ..state_writes import Pace, Shown
from ..translated_reasons import explain, explain_connector, what_would_change_it
from .reason_pace import REASON_PACE, shown_reasons

REASON = SensorEntityDescription(
    key="reason",
    translation_key="reason",
    device_class=SensorDeviceClass.ENUM,
    options=[key.value for key in ReasonKey],
)
# The logbook has a line for each change of a text, and this one has numbers in it: the reason's attribute is for most.
EXPLANATION = SensorEntityDescription(
    key="explanation",
    translation_key="explanation",
    entity_registry_enabled_default=False,
)


class ReasonedSensor(ConnectorEntity, SensorEntity):
    """A sensor of why a connector gets what it gets."""

    @property
    @override
    def pace(self) -> Pace:
        """A reason's numbers change with every reading, and reasons come and go within seconds."""
        return REASON_PACE

    @override
    def _part(self, connector: ConnectorData) -> object:
        status = connector.connector.status  # whether a car is there
        return connector.decision.reason, connector.holder, status

    @override
    def _shown(self) -> Shown:
        if self.connector is None or not self.available:
            return Shown(available=False)
        holder, missed = self.connector.holder, self._missed
        decision = self.connector.decision
        return shown_reasons(
            (decision.reason, *([missed] if missed else [])),
            charges=decision.offer_a > 0,
            moment=holder and (holder.standing, holder.name),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plan, too: it may miss a departure."""
        await super().async_added_to_hass()
        self.follow_plan()

    @property
    def _missed(self) -> Reason | None:
        """Return that the plan misses the departure, where the reason is something else that limits the car just now."""
        planning = self._entry.runtime_data.planning
        missed = planning.data.missed.get(self.key.id)
        if missed is None or not planning.is_there(self.key) or self.connector is None:
            return None
        if self.connector.decision.reason.key is ReasonKey.MISSES_DEPARTURE:
            return None
        return shortfall_reason(missed.shortfall)

    @property
    def _explanation(self) -> str | None:
        """Return the sentence, and what the car will lack when it leaves."""
        if self.connector is None:
            return None
        runtime, missed = self._entry.runtime_data, self._missed
        now, sentences = runtime.planning.clock.now(), runtime.sentences
        said = explain_connector(sentences, self.connector, now)
        return f"{said} {explain(sentences, missed, now)}" if missed else said

    @property
    @override
    def available(self) -> bool:
        """A disconnected charger also has a reason, but there is none while nothing can be decided."""
        return self.coordinator.last_update_success and self.connector is not None


class ReasonSensor(ReasonedSensor):
    """The reason as a key, for automations, and as a sentence among its attributes.

    What changes among attributes is not in the logbook.
    """

    _unrecorded_attributes = frozenset(("explanation", "what_would_change_it"))

    @property
    @override
    def native_value(self) -> StateType:
        """Return the key of the reason."""
        return self.connector.decision.reason.key if self.connector else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the values of the reason. Those that automations use are always present."""
        if self.connector is None:
            return None
        reason = self.connector.decision.reason
        sentences = self._entry.runtime_data.sentences
        return {
            **dict.fromkeys(("circuit", "phase", "until")),
            **{name: _rounded(name, value) for name, value in reason.values},
            "explanation": self._explanation,
            "what_would_change_it": what_would_change_it(sentences, reason),
        }


class ExplanationSensor(ReasonedSensor):
    """The same reason as a sentence in the user's language."""

    @property
    @override
    def native_value(self) -> StateType:
        """Return the sentence, or as much of it as a state may have; the reason's attribute has all of it."""
        said = self._explanation
        return said and shorten(said, MAX_LENGTH_STATE_STATE, placeholder=" …")

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what would change it, as a sentence too."""
        if self.connector is None:
            return None
        sentences = self._entry.runtime_data.sentences
        change = what_would_change_it(sentences, self.connector.decision.reason)
        return {"what_would_change_it": change}


def _rounded(name: str, value: str | float) -> str | float:
    """Return a value of a reason with the precision that a person needs."""
    if isinstance(value, str):
        return value
    if "price" in name:
        return round(value, 4)
    return round(value, 0 if name.endswith("_w") else 1)
