"""Switches: weekly departures, holidays, and skipping tonight."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..site.cars.driver_words import Owner, skip_no_more, skip_tonight
from .owner_entity import OwnerEntity, add_owner_entities
from .weekdays import DayEntity, week_departures

SKIP_TONIGHT = SwitchEntityDescription(
    key="skip_tonight", translation_key="skip_tonight"
)
WEEKLY_DEPARTURES = SwitchEntityDescription(
    key="weekly_departures",
    translation_key="weekly_departures",
    entity_category=EntityCategory.CONFIG,
)


def add_wish_switches(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of vehicles and chargers."""

    def create(owner: Owner) -> list[SwitchEntity]:
        of_vehicle = owner.key is None
        return [
            SkipTonight(entry, owner, SKIP_TONIGHT),
            WeeklyDepartures(entry, owner, WEEKLY_DEPARTURES, enabled=of_vehicle),
            *(
                DaySwitch(
                    entry,
                    owner,
                    departure,
                    departure.described(SwitchEntityDescription, "active"),
                    enabled=of_vehicle,
                )
                for departure in week_departures(owner)
            ),
        ]

    add_owner_entities(hass, entry, async_add_entities, create)


class SkipTonight(OwnerEntity, SwitchEntity):
    """Leaves out the next departure; switches itself off when that has passed."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether a departure is left out."""
        return self.wishes.skips(dt_util.utcnow())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return until when."""
        return {"until": self.wishes.skipped_until} if self.is_on else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Leave out the next departure."""
        if not self.is_on:
            skip_tonight(self._entry, self.owner)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Leave out nothing."""
        skip_no_more(self._entry, self.owner)


class WeeklyDepartures(OwnerEntity, SwitchEntity):
    """Whether the departures of the week count; off is a holiday."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether they count now."""
        wishes = self.wishes
        return wishes.weekly_on and not wishes.on_holiday(dt_util.utcnow())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return until when they are paused, where that is known."""
        until = self.wishes.weekly_paused_until
        return {"until": until} if until and not self.is_on else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """End the holiday."""
        if not self.is_on:
            self.change(
                weekly_on=True,
                weekly_paused_until=None,
                weekly_since=dt_util.utcnow(),
            )

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Begin a holiday."""
        self.change(weekly_on=False)


class DaySwitch(DayEntity, SwitchEntity):
    """Whether a car leaves on that day of the week."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it is a departure."""
        return self.day is not None and self.day.active

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Leave on that day, at 07:00 unless another time was set."""
        self.set_day(active=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stay on that day; its time is kept."""
        self.set_day(active=False)
