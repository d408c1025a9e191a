"""The calendar of a site: departures, reservations, and what is planned. An event with a vehicle's or charger's name is a departure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEntityFeature,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN, WH_PER_KWH
from .data import SunfuseConfigEntry
from .drivers.timetable import HORIZON, Said
from .drivers.wishes import Target, WeeklyDeparture
from .entity import SiteEntity
from .site.cars.calendar_words import (
    Recurrence,
    is_possible,
    named,
    recurrence_of,
    target_in,
)
from .site.cars.departure_events import (
    FIXED,
    LASTS,
    ONCE,
    WEEKLY,
    charging,
    departure_event,
    single_departures,
    weekly_departures,
)
from .site.cars.driver_words import (
    Owner,
    check_ahead,
    next_departure,
    owners,
    set_departure,
)

PARALLEL_UPDATES = 1

CALENDAR = CalendarEntityDescription(key="departures", translation_key="departures")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the calendar of a site."""
    async_add_entities([DepartureCalendar(entry, CALENDAR)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entered:
    """An event that a user entered, understood: for one or several who leave then."""

    owners: tuple[tuple[Owner, Target | None], ...]
    start: datetime
    recurs: Recurrence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A time in which a car is planned to charge."""

    name: str
    owner: Owner
    begins: datetime
    ends: datetime


class DepartureCalendar(SiteEntity, CalendarEntity):
    """Shows and takes departures."""

    _attr_supported_features = (
        CalendarEntityFeature.CREATE_EVENT
        | CalendarEntityFeature.DELETE_EVENT
        | CalendarEntityFeature.UPDATE_EVENT
    )
    _next: CalendarEvent | None = None
    _written: tuple[object, bool] | None = None
    _next_of: tuple[object, ...] = ()  # what it was looked for among

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write another event: Home Assistant itself notices when it begins and ends."""
        now = self.event, self.available
        if now != self._written:
            self._written = now
            super()._handle_coordinator_update()

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the event that goes on, or the next one. It is looked for when something changed, and each minute."""
        now, runtime = dt_util.now(), self._entry.runtime_data
        among = (
            runtime.planning.data,
            runtime.departures.version,
            now.replace(second=0, microsecond=0),
        )
        over = self._next is not None and self._next.end <= now
        if over or self._next_of != among:
            self._next = self._first_after(now)
            self._next_of = among
        return self._next

    def _first_after(self, now: datetime) -> CalendarEvent | None:
        """Return the first event that is not over. Of what is planned, which is much, only the first becomes an event."""
        start, end = dt_util.as_local(now - LASTS), now + HORIZON
        by_name = owners(self._entry)
        events = [e for e in self._said(by_name, start, end) if e.end > now]
        planned = (p for p in self._planned(by_name, start, end) if p.ends > now)
        first = min(planned, key=lambda one: one.begins, default=None)
        if first is not None:
            events.append(self._charging(first))
        return min(events, key=lambda event: event.start, default=None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the events of a time."""
        events = self._events(start_date - LASTS, end_date)
        shown = [event for event in events if event.end > start_date]
        return sorted(shown, key=lambda event: event.start)

    @override
    async def async_create_event(self, **kwargs: Any) -> None:
        """Take an event as a departure."""
        self._enter(self._understood(kwargs))

    @override
    async def async_delete_event(
        self,
        uid: str,
        recurrence_id: str | None = None,
        recurrence_range: str | None = None,
    ) -> None:
        """Remove a departure; of those of a week only the one that is named, unless all that follow are meant."""
        self._remove(uid, recurrence_id, recurrence_range)
        self._entry.runtime_data.controller.tick()

    @override
    async def async_update_event(
        self,
        uid: str,
        event: dict[str, Any],
        recurrence_id: str | None = None,
        recurrence_range: str | None = None,
    ) -> None:
        """Change a departure: what cannot be understood leaves it as it was."""
        entered = self._understood(event)
        if recurrence_id and not recurrence_range:
            entered = replace(entered, recurs=None)  # only this one of the series
        if entered.recurs is None:
            check_ahead(entered.start)
        self._remove(uid, recurrence_id, recurrence_range)
        self._enter(entered)

    # --- What it shows -----------------------------------------------------------------------------------------

    def _events(self, start: datetime, end: datetime) -> Iterator[CalendarEvent]:
        """Return all events from a time to another."""
        local = dt_util.as_local(start)
        by_name = owners(self._entry)
        yield from self._said(by_name, local, end)
        yield from map(self._charging, self._planned(by_name, local, end))

    def _said(
        self, by_name: Mapping[str, Owner], start: datetime, end: datetime
    ) -> Iterator[CalendarEvent]:
        """Return the departures and the reservations."""
        for name, owner in by_name.items():
            wishes = self._entry.runtime_data.departures.wishes(owner.id)
            yield from single_departures(name, owner, wishes, start, end)
            yield from weekly_departures(name, owner, wishes, start, end)
            yield from self._reported(name, owner, start, end)
        yield from self._reserved(by_name, start, end)

    def _reported(
        self, name: str, owner: Owner, start: datetime, end: datetime
    ) -> Iterator[CalendarEvent]:
        """Return what a car said itself, and what is guessed."""
        if owner.key is None:
            return
        following = next_departure(self._entry, owner)
        if following is None or not start < following.at <= end:
            return
        if following.said in (Said.CAR, Said.HABIT):
            sentences = self._entry.runtime_data.sentences
            text = sentences[f"departure_{following.said}"]
            yield departure_event(
                name, following, f"{FIXED}/{owner.id}", description=text
            )

    def _reserved(
        self, by_name: Mapping[str, Owner], start: datetime, end: datetime
    ) -> Iterator[CalendarEvent]:
        """Return the reservations."""
        runtime = self._entry.runtime_data
        by_key = {o.id: name for name, o in by_name.items() if o.key}
        for one in runtime.departures.reservations:
            if one.until <= start or one.since > end:
                continue
            name = by_key.get(f"{one.identity}/{one.connector or 1}", one.identity)
            text = runtime.sentences["reserved"].format(charger=name)
            if one.promise is not None:
                text += f": {one.promise.energy_wh / WH_PER_KWH:g} kWh"
            yield CalendarEvent(
                start=dt_util.as_local(one.since),
                end=dt_util.as_local(max(one.until, one.since + LASTS)),
                summary=text,
                uid=f"{FIXED}/{one.identity}/{one.id}",
            )

    def _planned(
        self, by_name: Mapping[str, Owner], start: datetime, end: datetime
    ) -> Iterator[_Planned]:
        """Return when cars are planned to charge."""
        planning = self._entry.runtime_data.planning
        here = planning.clock.here
        for name, owner in by_name.items():
            there = owner.key is not None and planning.is_there(owner.key)
            car = planning.car(owner.key) if owner.key and there else None
            for first, last in charging(car.slots) if car else ():
                begins, ends = here(first), here(last)
                if ends > start and begins <= end:
                    yield _Planned(name=name, owner=owner, begins=begins, ends=ends)

    def _charging(self, planned: _Planned) -> CalendarEvent:
        sentences = self._entry.runtime_data.sentences
        return CalendarEvent(
            start=dt_util.as_local(planned.begins),
            end=dt_util.as_local(planned.ends),
            summary=sentences["planned"].format(charger=planned.name),
            uid=f"{FIXED}/{planned.owner.id}/{planned.begins.isoformat()}",
        )

    # --- What it takes -----------------------------------------------------------------------------------------

    def _understood(self, event: dict[str, Any]) -> _Entered:
        """Return what an event means.

        Raises:
            ServiceValidationError: it names no vehicle or charger, has no time of day or an impossible target, or recurs in an
                unsupported way.

        """
        by_name = owners(self._entry)
        found = named(event.get("summary") or "", by_name)
        if not found:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="calendar_no_name",
                translation_placeholders={"names": ", ".join(sorted(by_name))},
            )
        start = event["dtstart"]
        if not isinstance(start, datetime):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="departure_without_time"
            )
        start = dt_util.as_local(start)
        recurs = None
        if rule := event.get("rrule"):
            recurs = recurrence_of(rule, start)
            if recurs is None:
                raise ServiceValidationError(
                    translation_domain=DOMAIN, translation_key="calendar_recurrence"
                )
        described = target_in(event.get("description") or "")
        said = [(by_name[one.name], one.target or described) for one in found]
        if not all(target is None or is_possible(target) for _, target in said):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="calendar_target"
            )
        # "The Zoe from the garage" is about the Zoe.
        vehicles = [one for one in said if one[0].key is None]
        return _Entered(owners=tuple(vehicles or said), start=start, recurs=recurs)

    def _enter(self, entered: _Entered) -> None:
        for owner, target in entered.owners:
            if entered.recurs is None:
                set_departure(
                    self._entry, owner, entered.start, target, of_session=False
                )
            else:
                self._enter_weekly(owner, target, entered.start, entered.recurs)
        self._entry.runtime_data.controller.tick()

    def _enter_weekly(
        self, owner: Owner, target: Target | None, at: datetime, recurs: Recurrence
    ) -> None:
        departures = self._entry.runtime_data.departures
        # An event does not recur before it begins.
        since = dt_util.as_utc(max(at - LASTS, dt_util.now()))
        for weekday in recurs.weekdays:
            taken = {
                one.number
                for one in departures.wishes(owner.id).weekly
                if one.weekday == weekday and one.active
            }
            departures.set_day(
                owner.id,
                weekday,
                next(n for n in range(1, len(taken) + 2) if n not in taken),
                minute=at.hour * 60 + at.minute,
                target=target,
                active=True,
                since=since,
                until=recurs.until,
            )

    def _remove(
        self, uid: str, recurrence_id: str | None, recurrence_range: str | None
    ) -> None:
        """Remove a departure.

        Raises:
            ServiceValidationError: it is none that somebody entered.

        """
        departures = self._entry.runtime_data.departures
        kind, _, rest = uid.partition("/")
        owner, _, which = rest.rpartition("/")
        if kind == ONCE:
            departures.remove_once(owner, which)
        elif kind == WEEKLY:
            weekly = departures.wishes(owner).weekly
            day = next((d for d in weekly if f"{d.weekday}.{d.number}" == which), None)
            at = dt_util.parse_datetime(recurrence_id) if recurrence_id else None
            if day is not None and at is not None and not recurrence_range:
                departures.leave_out(owner, day.weekday, day.number, dt_util.as_utc(at))
            elif day is not None:
                for one in departures.wishes(owner).series(day):
                    self._end(owner, one, at)
        else:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="calendar_fixed"
            )

    def _end(self, owner: str, day: WeeklyDeparture, at: datetime | None) -> None:
        """End the departures of a weekday before this time; None, or if there is none before: remove them."""
        departures = self._entry.runtime_data.departures
        if at is not None and _goes_before(day, dt_util.as_local(at)):
            departures.set_day(owner, day.weekday, day.number, until=dt_util.as_utc(at))
        else:
            departures.remove_day(owner, day.weekday, day.number)


def _goes_before(day: WeeklyDeparture, at: datetime) -> bool:
    """Return whether there is a departure of this weekday between now and one of its series."""
    before = at - timedelta(days=(at.weekday() - day.weekday) % 7 or 7)
    return before > max(dt_util.now(), day.since or before - timedelta(days=1))
