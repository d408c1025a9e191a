"""The persons of a site: what was agreed with them, how much they have used this month, and which user they are."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_BOOST_QUOTA_KWH,
    CONF_PERSON_ENTITY,
    CONF_PRICE_LIST,
    CONF_PRIORITY,
    CONF_QUOTA_KWH,
    CONF_QUOTA_OVER,
    CONF_VALID_FROM,
    CONF_VALID_UNTIL,
    CONF_VEHICLES,
    SUBENTRY_PERSON,
    WH_PER_KWH,
)
from ...drivers.person_terms import PersonStanding, PersonTerms, QuotaOver, standing_of
from ...engine.model import BoostQuota
from ..outcome import Holder
from ..subentries import shown_name, usable

# Entities of Home Assistant's own persons, and their attribute that names the user.
PERSON_DOMAIN = "person"
_USER_ID = "user_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who charges; `entity` is who they are in Home Assistant."""

    id: str
    name: str
    terms: PersonTerms
    entity: str | None = None
    price_list: str | None = None
    vehicles: frozenset[str] = frozenset()
    priority: int | None = None
    boost_quota_wh: float | None = None


def person_of(subentry: ConfigSubentry) -> Person:
    """Return the person that a sub-entry describes."""
    data: Mapping[str, Any] = subentry.data
    boost_kwh = data.get(CONF_BOOST_QUOTA_KWH)
    quota_kwh = data.get(CONF_QUOTA_KWH)
    return Person(
        id=subentry.subentry_id,
        name=shown_name(subentry),
        terms=PersonTerms(
            valid_from=_day(data.get(CONF_VALID_FROM)),
            valid_until=_day(data.get(CONF_VALID_UNTIL)),
            quota_wh=None if quota_kwh is None else quota_kwh * WH_PER_KWH,
            quota_over=QuotaOver(data.get(CONF_QUOTA_OVER, QuotaOver.SUN)),
        ),
        entity=data.get(CONF_PERSON_ENTITY),
        price_list=data.get(CONF_PRICE_LIST),
        vehicles=frozenset(data.get(CONF_VEHICLES, ())),
        priority=data.get(CONF_PRIORITY),
        boost_quota_wh=None if boost_kwh is None else boost_kwh * WH_PER_KWH,
    )


def _day(stored: str | None) -> date | None:
    return None if stored is None else date.fromisoformat(stored)


class Persons:
    """The persons of a site, as their sub-entries describe them."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take them from the entry's sub-entries."""
        self._hass = hass
        self._entry = entry
        self._persons: dict[str, Person] = {}
        self._used_wh: Mapping[str, float] = {}
        self._listeners: list[Callable[[], None]] = []
        self.load()

    @callback
    def load(self) -> None:
        """Take over the sub-entries as they are now."""
        self._persons = {
            one.subentry_id: person_of(one)
            for one in usable(self._entry, SUBENTRY_PERSON)
        }

    @callback
    def announce(self) -> None:
        """Tell those who listen that persons came, left or changed."""
        for listener in tuple(self._listeners):
            listener()

    @callback
    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener when persons come, leave or change; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __iter__(self) -> Iterator[Person]:
        """Go through the persons."""
        return iter(self._persons.values())

    def get(self, person_id: str | None) -> Person | None:
        """Return a person; None where there is none."""
        return None if person_id is None else self._persons.get(person_id)

    def of_vehicle(self, vehicle: str | None) -> Person | None:
        """Return whose vehicle it is."""
        if vehicle is None:
            return None
        return next((one for one in self if vehicle in one.vehicles), None)

    def of_user(self, user_id: str, user_name: str | None) -> list[Person]:
        """Return who a user is: by the person entity that is chosen; where none is, by the same name."""
        name = (user_name or "").casefold()
        return [
            one
            for one in self
            if (
                self._user_of(one) == user_id
                if one.entity is not None
                else name and one.name.casefold() == name
            )
        ]

    def _user_of(self, person: Person) -> str | None:
        state = self._hass.states.get(person.entity) if person.entity else None
        if state is None or state.domain != PERSON_DOMAIN:
            return None
        user_id: str | None = state.attributes.get(_USER_ID)
        return user_id

    @property
    def boost_quotas(self) -> tuple[BoostQuota, ...]:
        """Return the quotas of those who have one of their own."""
        return tuple(
            BoostQuota(person=one.id, energy_wh=one.boost_quota_wh)
            for one in self
            if one.boost_quota_wh is not None
        )

    def holder(self, person: Person | None) -> Holder | None:
        """Return a person as who charges at a connector."""
        if person is None:
            return None
        return Holder(
            subentry_id=person.id,
            name=person.name,
            priority=person.priority,
            standing=self.standing(person),
        )

    # --- May they charge? --------------------------------------------------------------------------------------

    def standing(self, person: Person) -> PersonStanding:
        """Return whether a person may charge now."""
        today = dt_util.now().date()
        return standing_of(person.terms, today, self.used_wh(person.id))

    @property
    def standings(self) -> dict[str, PersonStanding]:
        """Return whether each person may charge now."""
        return {one.id: self.standing(one) for one in self}

    def used_wh(self, person_id: str) -> float:
        """Return how much a person has charged this month."""
        return self._used_wh.get(person_id, 0.0)

    @callback
    def use(self, used_wh: Mapping[str, float]) -> None:
        """Take over how much each person has charged this month."""
        self._used_wh = used_wh

    @callback
    def follow_days(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when a new day begins, on which somebody may begin or cease to charge."""
        return async_track_time_change(
            self._hass, callback(lambda _now: changed()), hour=0, minute=0, second=1
        )


def renamed_person(
    data: Mapping[str, Any], old: str, new: str
) -> Mapping[str, Any] | None:
    """Return what is stored of a person whose entity was renamed; None where it is another one's."""
    if data.get(CONF_PERSON_ENTITY) != old:
        return None
    return {**data, CONF_PERSON_ENTITY: new}
