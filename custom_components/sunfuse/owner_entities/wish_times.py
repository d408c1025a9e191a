"""Times: the next departure, and those of the week."""

from datetime import time
from typing import override

from homeassistant.components.time import TimeEntity, TimeEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..site.cars.driver_words import Owner, next_at, next_departure, set_departure
from .owner_entity import OwnerEntity, add_owner_entities
from .weekdays import DayEntity, week_departures

NEXT_DEPARTURE = TimeEntityDescription(key="ready_by", translation_key="ready_by")


def add_wish_times(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the times of vehicles and chargers."""

    def create(owner: Owner) -> list[TimeEntity]:
        of_vehicle = owner.key is None
        return [
            NextDeparture(entry, owner, NEXT_DEPARTURE),
            *(
                DayTime(
                    entry,
                    owner,
                    departure,
                    departure.described(TimeEntityDescription, "departure"),
                    enabled=of_vehicle,
                )
                for departure in week_departures(owner)
            ),
        ]

    add_owner_entities(hass, entry, async_add_entities, create)


class NextDeparture(OwnerEntity, TimeEntity):
    """The time of the next departure. One that is set here counts once, the next time that the clock shows it."""

    @property
    @override
    def native_value(self) -> time | None:
        """Return the time to the minute, None where no departure is known: two clocks of a simulated site are not read at once."""
        following = next_departure(self._entry, self.owner)
        if following is None:
            return None
        return dt_util.as_local(following.at).time().replace(second=0, microsecond=0)

    @override
    async def async_set_value(self, value: time) -> None:
        """Leave at this time, today or tomorrow."""
        set_departure(self._entry, self.owner, next_at(value))


class DayTime(DayEntity, TimeEntity):
    """The time of a departure of the week."""

    @property
    @override
    def native_value(self) -> time | None:
        """Return the time, None where it was never set."""
        day = self.day
        return time(day.minute // 60, day.minute % 60) if day else None

    @override
    async def async_set_value(self, value: time) -> None:
        """Set the time, which also makes it a departure."""
        self.set_day(minute=value.hour * 60 + value.minute, active=True)
