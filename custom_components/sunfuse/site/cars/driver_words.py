"""What drivers say, by actions, entities and the calendar: departures, skipped nights, pauses, and which car it is."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from homeassistant.core import callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, SUBENTRY_CHARGER
from ...data import SunfuseConfigEntry
from ...drivers.timetable import Said, Upcoming, upcoming
from ...drivers.wishes import Target, Wishes
from ..outcome import ConnectorKey, identity_of
from ..subentries import usable

# A night that is skipped ends with a departure within this; where there is none, at noon.
NIGHT = timedelta(hours=24)
NOON = time(12)
# Who skips a night in the morning means the next one.
MORNING = timedelta(hours=6)
# As far ahead as departures are looked at.
FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """For whom something is set: a vehicle by its sub-entry, or a charger by its connector."""

    id: str
    subentry_id: str
    key: ConnectorKey | None = None  # of a connector


def vehicle_owner(vehicle_id: str) -> Owner:
    """Return a vehicle as owner."""
    return Owner(id=vehicle_id, subentry_id=vehicle_id)


@callback
def connector_owner(entry: SunfuseConfigEntry, key: ConnectorKey) -> Owner:
    """Return a connector as owner.

    Raises:
        ServiceValidationError: the charger is no longer part of the site.

    """
    for subentry in usable(entry, SUBENTRY_CHARGER):
        if identity_of(subentry) == key.identity:
            return Owner(id=key.id, subentry_id=subentry.subentry_id, key=key)
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_such_charger"
    )


@callback
def owners(entry: SunfuseConfigEntry) -> dict[str, Owner]:
    """Return all owners of a site by the names that users know, each different: of two alike the second has a number.

    A vehicle comes before a charger of the same name.
    """
    runtime = entry.runtime_data
    names = runtime.vehicles.names()
    found = {name: vehicle_owner(vehicle) for vehicle, name in names.items()}
    of_charger = {
        identity_of(subentry): subentry.subentry_id
        for subentry in usable(entry, SUBENTRY_CHARGER)
    }
    for key, called in runtime.chargers.names.items():
        if key.identity in of_charger:
            name, number = called, 2
            while name in found:
                name, number = f"{called} ({number})", number + 1
            found[name] = Owner(
                id=key.id, subentry_id=of_charger[key.identity], key=key
            )
    return found


@callback
def next_departure(entry: SunfuseConfigEntry, owner: Owner) -> Upcoming | None:
    """Return the next departure that counts for an owner, a guess among them."""
    runtime = entry.runtime_data
    if owner.key is None:
        connector = runtime.car_sessions.where(owner.id)
        for key in runtime.chargers.connector_keys():
            if key.id == connector:
                return _at(entry, key)
        wishes = runtime.departures.wishes(owner.id)
        return upcoming(wishes, Wishes(), dt_util.now())
    return _at(entry, owner.key)


def _at(entry: SunfuseConfigEntry, key: ConnectorKey) -> Upcoming | None:
    demand = entry.runtime_data.planning.shown_demand(key)
    if demand.departure is None or demand.said is None:
        return None
    return Upcoming(at=demand.departure, said=demand.said)


@callback
def check_not_passed(at: datetime) -> None:
    """Check a time that somebody says.

    Raises:
        ServiceValidationError: it has passed.

    """
    if at <= dt_util.utcnow():
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="departure_past"
        )


@callback
def check_ahead(at: datetime) -> None:
    """Check a time that somebody says.

    Raises:
        ServiceValidationError: it has passed, or is too far ahead.

    """
    check_not_passed(at)
    if at > dt_util.utcnow() + FURTHEST:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="departure_too_far"
        )


@callback
def set_departure(
    entry: SunfuseConfigEntry,
    owner: Owner,
    at: datetime,
    target: Target | None = None,
    *,
    of_session: bool = True,
) -> str:
    """Say when a car leaves next; returns the departure's id.

    Raises:
        ServiceValidationError: that has passed, or is too far ahead.

    """
    check_ahead(at)
    runtime = entry.runtime_data
    for other in _with(entry, owner):
        # Who says a departure after all does not skip it.
        skipped = runtime.departures.wishes(other).skipped_until
        if skipped is not None and dt_util.as_utc(at) <= skipped:
            runtime.departures.change(other, skipped_until=None)
    said = runtime.departures.set_once(
        owner.id, dt_util.as_utc(at), target, of_session=of_session
    )
    runtime.controller.tick()
    return said


def _with(entry: SunfuseConfigEntry, owner: Owner) -> tuple[str, ...]:
    """Return an owner together with the vehicle that is at it, or the connector where it is."""
    runtime = entry.runtime_data
    if owner.key is None:
        connector = runtime.car_sessions.where(owner.id)
        return (owner.id, connector) if connector else (owner.id,)
    vehicle = runtime.demands.vehicle_at(owner.key)
    return (owner.id, vehicle.id) if vehicle else (owner.id,)


@callback
def next_at(wall: time, *, after: datetime | None = None) -> datetime:
    """Return when the clock shows a time next, from now or from a later moment on.

    An hour that it shows twice counts twice; one that it skips is read as if the clock had not changed.
    """
    now = after or dt_util.now()
    for day in (now.date(), now.date() + timedelta(days=1)):
        first = datetime.combine(day, wall.replace(tzinfo=None, fold=0), now.tzinfo)
        again = dt_util.as_utc(first.replace(fold=1))
        for at in (dt_util.as_utc(first), again):
            if at > dt_util.as_utc(now):
                return at
    raise AssertionError("Tomorrow is ahead")


def _said_for_session(entry: SunfuseConfigEntry, owner: Owner) -> list[tuple[str, str]]:
    """Return what was said for this session, of the charger or of the car that is there: by whom, and its id."""
    departures = entry.runtime_data.departures
    return [
        (who, one.id)
        for who in _with(entry, owner)
        for one in departures.wishes(who).once
        if one.of_session
    ]


@callback
def can_clear_departure(entry: SunfuseConfigEntry, key: ConnectorKey) -> bool:
    """Return whether something was said for the session at a connector, which can be taken back."""
    return bool(_said_for_session(entry, connector_owner(entry, key)))


@callback
def clear_departure(entry: SunfuseConfigEntry, owner: Owner) -> None:
    """Take back what was said for this session, of the charger or of the car that is there.

    Raises:
        ServiceValidationError: there is nothing of that, and the next departure is an event of the calendar.

    """
    runtime = entry.runtime_data
    said = _said_for_session(entry, owner)
    following = next_departure(entry, owner)
    if not said and following and following.said is Said.ONCE:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="departure_of_calendar"
        )
    for who, departure in said:
        runtime.departures.remove_once(who, departure)
    runtime.controller.tick()


@callback
def skip_tonight(entry: SunfuseConfigEntry, owner: Owner) -> None:
    """Leave out the next departure, if there is one within a day; whatever is guessed until noon counts no more.

    What is left out already is not followed by another one: car and charger have a switch each.
    """
    now = dt_util.now()
    departures = entry.runtime_data.departures
    left_out = [
        wishes.skipped_until
        for who in _with(entry, owner)
        if (wishes := departures.wishes(who)).skips(now) and wishes.skipped_until
    ]
    following = next_departure(entry, owner)
    if left_out:
        until = max(left_out)
    elif following is None or following.at > now + NIGHT:
        until = next_at(NOON, after=now + MORNING)
    else:
        until = following.at
    departures.change(owner.id, skipped_until=until)
    entry.runtime_data.controller.tick()


@callback
def skip_no_more(entry: SunfuseConfigEntry, owner: Owner) -> None:
    """Leave out nothing, whether it was said of the charger or of the car that is there."""
    for who in _with(entry, owner):
        entry.runtime_data.departures.change(who, skipped_until=None)
    entry.runtime_data.controller.tick()


@callback
def pause(entry: SunfuseConfigEntry, owner: Owner, until: datetime | None) -> None:
    """Pause charging until a time, which ends a boost; None: go on, whoever was said to pause.

    Raises:
        ServiceValidationError: that has passed, or is too far ahead.

    """
    if until is not None:
        check_ahead(until)
    runtime = entry.runtime_data
    for who in (owner.id,) if until is not None else _with(entry, owner):
        runtime.departures.change(who, paused_until=until)
    connector = owner.key.id if owner.key else runtime.car_sessions.where(owner.id)
    if until is not None and connector is not None:
        # The later word counts.
        runtime.settings.set_connector(connector, boost=None)
    runtime.controller.tick()


@callback
def pause_departures(
    entry: SunfuseConfigEntry, owner: Owner, until: datetime | None
) -> None:
    """Leave out weekly departures until a time, as for a holiday.

    Raises:
        ServiceValidationError: that has passed, or is too far ahead.

    """
    if until is not None:
        check_ahead(until)
    since = dt_util.utcnow() if until is None else None
    entry.runtime_data.departures.change(
        owner.id, weekly_paused_until=until, weekly_since=since
    )
    entry.runtime_data.controller.tick()


@callback
def choose_vehicle(
    entry: SunfuseConfigEntry, key: ConnectorKey, vehicle: str | None
) -> None:
    """Say which car is at a connector, or will be; None: find out."""
    entry.runtime_data.car_sessions.choose(key.id, vehicle)
    entry.runtime_data.controller.tick()
