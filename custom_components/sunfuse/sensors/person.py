"""The sensors of a person: what they charged and are billed this month, what is left of their quota, and whether they may charge."""

from dataclasses import dataclass
import time
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..data import SunfuseConfigEntry
from ..devices import subentry_device
from ..drivers.person_terms import PersonStanding
from ..sessions import GroupBy
from ..site.ledger.ledger_figures import LedgerFigures
from ..site.people.persons import Person
from ..state_writes import Shown, WriteThrottle
from .session_figures import GROWS, MONTH_BILLED, MONTH_COST, MONTH_ENERGY, MonthSensor

QUOTA_LEFT = SensorEntityDescription(
    key="quota_left",
    translation_key="quota_left",
    device_class=SensorDeviceClass.ENERGY_STORAGE,
    native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
    suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
)
STANDING = SensorEntityDescription(
    key="standing",
    translation_key="standing",
    device_class=SensorDeviceClass.ENUM,
    options=[one.value for one in PersonStanding],
)


class PersonSensor(CoordinatorEntity[LedgerFigures], SensorEntity):
    """A sensor of what was agreed with a person."""

    _attr_has_entity_name = True

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        person: Person,
        description: SensorEntityDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry.runtime_data.figures)
        self.entity_description = description
        self._persons = entry.runtime_data.persons
        self._id = person.id
        self._calm = WriteThrottle(GROWS)
        self._attr_unique_id = f"{entry.entry_id}_{person.id}_{description.key}"
        self._attr_device_info = subentry_device(entry, person.id)

    @override
    async def async_added_to_hass(self) -> None:
        """Show at once what was agreed anew."""
        await super().async_added_to_hass()
        self.async_on_remove(self._persons.listen(self.async_write_ha_state))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write what is new, and now and then what only becomes less."""
        value = self.native_value
        # An empty quota is shown at once.
        shown = Shown(available=self.available, value=value, moment=not value)
        if self._calm.due(shown, time.monotonic()):
            super()._handle_coordinator_update()

    @property
    def person(self) -> Person | None:
        """Return the person as they are now."""
        return self._persons.get(self._id)


class QuotaLeftSensor(PersonSensor):
    """What is left of this month's energy."""

    @property
    @override
    def available(self) -> bool:
        """Return whether there is a quota."""
        return self.person is not None and self.person.terms.quota_wh is not None

    @property
    @override
    def native_value(self) -> StateType:
        """Return what is left."""
        person = self.person
        if person is None or person.terms.quota_wh is None:
            return None
        return max(person.terms.quota_wh - self._persons.used_wh(person.id), 0.0)


class StandingSensor(PersonSensor):
    """Whether a person may charge."""

    @property
    @override
    def native_value(self) -> StateType:
        """Return whether they may."""
        return None if self.person is None else self._persons.standing(self.person)


@dataclass(frozen=True, slots=True)
class _Added:
    """A sensor that was added."""

    person: str
    key: str


@callback
def add_person_sensors(
    entry: SunfuseConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of persons, also of those who come while the site runs."""
    persons = entry.runtime_data.persons
    added: set[_Added] = set()

    @callback
    def add() -> None:
        nonlocal added
        there = {one.id for one in persons}
        added = {one for one in added if one.person in there}
        for person in persons:
            new = [
                sensor
                for sensor in _sensors(entry, person)
                if _Added(person.id, sensor.entity_description.key) not in added
            ]
            added.update(_Added(person.id, one.entity_description.key) for one in new)
            async_add_entities(new, config_subentry_id=person.id)

    entry.async_on_unload(persons.listen(add))
    add()


def _sensors(
    entry: SunfuseConfigEntry, person: Person
) -> list[MonthSensor | PersonSensor]:
    device = subentry_device(entry, person.id)
    sensors: list[MonthSensor | PersonSensor] = [
        MonthSensor(entry, GroupBy.PERSON, person.id, device, one)
        for one in (
            MONTH_ENERGY,
            MONTH_COST,
            *([MONTH_BILLED] if person.price_list else []),
        )
    ]
    terms = person.terms
    if terms.quota_wh is not None:
        sensors.append(QuotaLeftSensor(entry, person, QUOTA_LEFT))
    if terms.quota_wh or terms.valid_from or terms.valid_until:
        sensors.append(StandingSensor(entry, person, STANDING))
    return sensors
