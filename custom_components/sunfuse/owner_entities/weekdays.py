"""The entities of weekly departures: each weekday has two, each with its own time, target and switch."""

from dataclasses import dataclass
from typing import Any

from homeassistant.const import EntityCategory
from homeassistant.helpers.entity import EntityDescription

from ..const import WEEKDAY_KEYS
from ..data import SunfuseConfigEntry
from ..drivers.wishes import WeeklyDeparture
from ..site.cars.driver_words import Owner
from .owner_entity import OwnerEntity

# More departures of one day are set by the action.
NUMBERS = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekdayDeparture:
    """Names a departure of the week."""

    weekday: int
    number: int

    def described[DescriptionT: EntityDescription](
        self, form: type[DescriptionT], what: str, **fields: Any
    ) -> DescriptionT:
        """Return the description of one of its entities."""
        suffix = "" if self.number == 1 else f"_{self.number}"
        return form(
            key=f"{what}_{WEEKDAY_KEYS[self.weekday]}{suffix}",
            translation_key=f"day_{what}{suffix}",
            entity_category=EntityCategory.CONFIG,
            **fields,
        )


def week_departures(owner: Owner) -> list[WeekdayDeparture]:
    """Return the departures that have entities. A charger has guests rather than habits: the action sets more than one a day."""
    numbers = NUMBERS if owner.key is None else NUMBERS[:1]
    return [
        WeekdayDeparture(weekday=weekday, number=number)
        for number in numbers
        for weekday in range(len(WEEKDAY_KEYS))
    ]


class DayEntity(OwnerEntity):
    """An entity of a departure of the week."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        owner: Owner,
        departure: WeekdayDeparture,
        description: EntityDescription,
        *,
        enabled: bool,
    ) -> None:
        """Initialize the entity; few need a second departure.

        Its name begins with the weekday: a narrow screen cuts off the end, and what belongs to a day stands together.
        """
        super().__init__(
            entry, owner, description, enabled=enabled and departure.number == 1
        )
        self._departure = departure
        day = entry.runtime_data.sentences[f"weekday_{WEEKDAY_KEYS[departure.weekday]}"]
        self._attr_translation_placeholders = {"day": day[0].upper() + day[1:]}

    @property
    def day(self) -> WeeklyDeparture | None:
        """Return the departure, None where it was never set."""
        return self.wishes.day(self._departure.weekday, self._departure.number)

    def set_day(self, **changes: Any) -> None:
        """Set something of the departure, and decide again immediately."""
        runtime = self._entry.runtime_data
        runtime.departures.set_day(
            self.owner.id, self._departure.weekday, self._departure.number, **changes
        )
        runtime.controller.tick()
