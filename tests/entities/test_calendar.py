"""The calendar as Home Assistant's own page uses it: events that are made, moved and deleted in any way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.site.cars.driver_words import (
    next_departure,
    vehicle_owner,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..common import charger
from ..site.cars.test_departures import act, demand, tomorrow
from ..site.cars.test_vehicles import id_of, plug_in, vehicle
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")


class Page:
    """The page of a site's calendar in somebody's browser."""

    def __init__(self, home: Home, client: Any) -> None:
        """Open it."""
        self.home = home
        self._client = client
        self._calendar = home.entity("calendar", "departures")

    async def _sends(self, **message: Any) -> str | None:
        """Send a message; returns what went wrong."""
        await self._client.send_json_auto_id({"entity_id": self._calendar, **message})
        answer = await self._client.receive_json()
        await self.home.hass.async_block_till_done()
        return None if answer["success"] else str(answer["error"]["message"])

    async def creates(self, summary: str, at: datetime, **event: Any) -> str | None:
        """Create an event of an hour."""
        return await self._sends(
            type="calendar/event/create", event=_event(summary, at, event)
        )

    async def changes(
        self, shown: dict[str, Any], summary: str, at: datetime, **how: Any
    ) -> str | None:
        """Save the dialog of an event."""
        event = {key: how.pop(key) for key in ("rrule",) if key in how}
        return await self._sends(
            type="calendar/event/update",
            uid=shown["uid"],
            event=_event(summary, at, event),
            **how,
        )

    async def deletes(self, shown: dict[str, Any], **how: Any) -> str | None:
        """Delete an event."""
        return await self._sends(type="calendar/event/delete", uid=shown["uid"], **how)

    async def shows(self, days: int = 3) -> list[dict[str, Any]]:
        """Return the events from now on."""
        entity = self.home.hass.data["entity_components"]["calendar"].get_entity(
            self._calendar
        )
        now = dt_util.now()
        events = await entity.async_get_events(
            self.home.hass, now, now + timedelta(days=days)
        )
        return [event.as_dict() | {"at": event.start} for event in events]

    async def lists(self, days: int = 3) -> list[tuple[str, datetime]]:
        """Return titles and times."""
        return [(one["summary"], one["at"]) for one in await self.shows(days)]


def _event(summary: str, at: datetime, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "dtstart": at.isoformat(),
        "dtend": (at + timedelta(hours=1)).isoformat(),
        **more,
    }


async def test_names_and_targets(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """A number after a name belongs to the target, unless it is a name of its own; two of one name are told apart."""
    home: Home = await start(
        *({**charger(name), "title": "Garage"} for name in ("CP1", "CP2")),
        vehicle("Zoe"),
        vehicle("Zoe 2"),
        vehicle("Zoe"),
    )
    page = Page(home, await hass_ws_client(hass))
    for hour, (written, read) in enumerate(
        {
            "zoe 20 kWh": "Zoe 20 kWh",
            "ZOE 2 to work": "Zoe 2",
            "Zoe 2 20 kWh": "Zoe 2 20 kWh",
            "Zoe (2) 90%": "Zoe (2) 90 %",
            "Zoes Abfahrt, 85 %": "Zoe 85 %",
            "garage": "Garage",
            "Garage (2)": "Garage (2)",
        }.items()
    ):
        at = tomorrow(5 + hour)
        assert await page.creates(written, at) is None
        assert (read, at) in await page.lists(), written
    assert "Garage (2)" in str(await page.creates("Dentist", tomorrow(9)))


async def test_two_cars_in_one_title_both_leave(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Each has an event of its own, which is moved and deleted alone; with a car, the charger's name says where it is."""
    home: Home = await start(
        {**charger("CP1"), "title": "Garage"}, vehicle("Zoé"), vehicle("Käfer")
    )
    page = Page(home, await hass_ws_client(hass))
    title = "Zoe 90 % and KA\u0308FER to grandma, from the garage"
    assert await page.creates(title, tomorrow(9)) is None
    assert sorted(await page.lists()) == [
        ("Käfer 90 %", tomorrow(9)),
        ("Zoé 90 %", tomorrow(9)),
    ]
    beetle = next(one for one in await page.shows() if "Käfer" in one["summary"])
    assert await page.changes(beetle, "Käfer 95 %", tomorrow(10)) is None
    assert await page.lists() == [
        ("Zoé 90 %", tomorrow(9)),
        ("Käfer 95 %", tomorrow(10)),
    ]
    zoe = next(one for one in await page.shows() if "Zoé" in one["summary"])
    assert await page.deletes(zoe) is None
    assert await page.lists() == [("Käfer 95 %", tomorrow(10))]
    assert await page.creates("Zoé and Käfer", tomorrow(7), rrule="FREQ=DAILY") is None
    assert len(await page.lists(days=2)) >= 3
    # A whole day has no hour at which to be ready.
    day = {"dtstart": "2026-12-24", "dtend": "2026-12-25"}
    assert "time" in str(await page.creates("Zoé", tomorrow(7), **day))
    # What no car can reach does not become what it can.
    before = await page.lists()
    for title in ("Zoé 150 %", "Zoé 90 % and Käfer 0 %", "Käfer 2000 kWh"):
        assert "100 %" in str(await page.creates(title, tomorrow(8)))
    told = await page.creates("Zoé", tomorrow(8), description="5000 km")
    assert "2000 km" in str(told)
    assert await page.lists() == before


async def test_what_cannot_be_changed_stays(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Moved into the past, or without a name, an event stays as it was."""
    home: Home = await start("CP1", vehicle())
    page = Page(home, await hass_ws_client(hass))
    assert await page.creates("Zoe", tomorrow(9)) is None
    (shown,) = await page.shows()
    past = dt_util.now() - timedelta(days=1)
    assert "passed" in str(await page.changes(shown, "Zoe", past))
    assert await page.lists() == [("Zoe", tomorrow(9))]
    assert await page.changes(shown, "Grandma", tomorrow(10))
    far = dt_util.now() + timedelta(days=800)
    assert await page.changes(shown, "Zoe", far)
    assert await page.lists() == [("Zoe", tomorrow(9))]


async def test_an_event_comes_beside_those_of_its_day(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Who writes a second trip into the calendar does not give up the first; who says another time instead does."""
    home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
    page = Page(home, await hass_ws_client(hass))
    await page.creates("Zoe", tomorrow(7), rrule="FREQ=DAILY")
    await page.creates("Zoe 90 %", tomorrow(15))
    found = await page.lists()
    assert ("Zoe", tomorrow(7)) in found
    assert ("Zoe 90 %", tomorrow(15)) in found
    # One of the week is moved: only that one, and the other trip of the day stays.
    (seven,) = [one for one in await page.shows() if one["at"] == tomorrow(7)]
    assert not await page.changes(
        seven, "Zoe", tomorrow(8), recurrence_id=seven["recurrence_id"]
    )
    found = await page.lists()
    assert ("Zoe", tomorrow(7)) not in found
    assert [at for _, at in found if at.date() == tomorrow(7).date()] == [
        tomorrow(8),
        tomorrow(15),
    ]
    assert ("Zoe", tomorrow(7) + timedelta(days=1)) in found
    station = await home.boot("CP1")
    await plug_in(home, station, "CARD")
    await home.shows("sensor", "CP1/1_car", "Zoe")
    await act(
        home, "set_departure", id_of(home), departure=tomorrow(12, 30).isoformat()
    )
    first = dt_util.as_local(demand(home).departure)
    assert first in (tomorrow(8), tomorrow(7))
    await station.close()


async def test_a_date_of_one_series_is_deleted_alone(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Two series at one minute are two: a date that is deleted of one stays in the other, also after a restart."""
    home: Home = await start("CP1", vehicle("Zoe"))
    page = Page(home, await hass_ws_client(hass))
    await page.creates("Zoe", tomorrow(7), rrule="FREQ=DAILY")
    await page.creates("Zoe 90 %", tomorrow(7), rrule="FREQ=DAILY")
    first = next(one for one in await page.shows() if one["summary"] == "Zoe")
    assert first["at"] == tomorrow(7)
    assert not await page.deletes(first, recurrence_id=first["recurrence_id"])
    following = tomorrow(7) + timedelta(days=1)
    left = [("Zoe 90 %", tomorrow(7)), ("Zoe", following), ("Zoe 90 %", following)]
    assert (await page.lists())[:3] == left
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    assert (await page.lists())[:3] == left


async def test_what_was_left_out_by_an_earlier_version_stays_so(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """It was kept for all series of a car at once."""
    home: Home = await start("CP1", vehicle("Zoe"))
    zoe, departures = id_of(home), home.entry.runtime_data.departures
    for number in (1, 2):
        at = tomorrow(7)
        departures.set_day(zoe, at.weekday(), number, minute=7 * 60)
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    stored = hass_storage[f"sunfuse.{home.entry.entry_id}.departures"]["data"]
    owner = stored["owners"][zoe]
    owner["left_out"] = [dt_util.as_utc(tomorrow(7)).isoformat()]
    assert await hass.config_entries.async_setup(home.entry.entry_id)
    following = next_departure(home.entry, vehicle_owner(zoe))
    assert following
    assert following.at == tomorrow(7) + timedelta(weeks=1)


async def test_a_series_of_several_weekdays(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Its dialog shows all its days; what is changed from one of them on is changed for all of them."""
    home: Home = await start("CP1", vehicle())
    page = Page(home, await hass_ws_client(hass))
    days = [tomorrow(7) + timedelta(days=n) for n in (0, 2, 4)]
    other = tomorrow(7) + timedelta(days=1)
    codes = [day.strftime("%a")[:2].upper() for day in days]
    weekly = f"FREQ=WEEKLY;BYDAY={','.join(codes)}"
    assert await page.creates("Zoe", days[0], rrule=weekly) is None
    alone = f"FREQ=WEEKLY;BYDAY={other.strftime('%a')[:2].upper()}"
    assert await page.creates("Zoe", other, rrule=alone) is None

    async def times() -> list[datetime]:
        return [at for _, at in await page.lists(14)]

    week = timedelta(weeks=1)
    others = [other, other + week]
    assert await times() == sorted([*days, *(day + week for day in days), *others])
    shown = await page.shows(14)
    rules = {
        one["at"]: set(one["rrule"].split("BYDAY=")[1].split(",")) for one in shown
    }
    assert rules[days[1]] == set(codes)
    assert len(rules[other]) == 1
    # From the second day on an hour later: the first one of this week stays.
    middle = next(one for one in shown if one["at"] == days[1])
    assert not await page.changes(
        middle,
        "Zoe",
        days[1] + timedelta(hours=1),
        rrule=weekly,
        recurrence_id=middle["recurrence_id"],
        recurrence_range="THISANDFUTURE",
    )
    later = [day + timedelta(hours=1) for day in (*days[1:], *(d + week for d in days))]
    assert await times() == sorted([days[0], *later, *others])
    # Only this one: the others of its series stay.
    last = next(one for one in await page.shows(14) if one["at"] == later[-1])
    assert not await page.deletes(last, recurrence_id=last["recurrence_id"])
    assert await times() == sorted([days[0], *later[:-1], *others])
    # All that follow.
    second = next(one for one in await page.shows(14) if one["at"] == later[1])
    assert not await page.deletes(
        second, recurrence_id=second["recurrence_id"], recurrence_range="THISANDFUTURE"
    )
    assert await times() == sorted([days[0], later[0], *others])


async def test_a_series_ends(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """One and all that follow are deleted or changed: those before stay. A series may end by itself."""
    home: Home = await start("CP1", vehicle())
    page = Page(home, await hass_ws_client(hass))
    begin = tomorrow(7)
    weekday = begin.strftime("%a")[:2].upper()
    weekly = f"FREQ=WEEKLY;BYDAY={weekday}"
    await page.creates("Zoe", begin, rrule=weekly)

    async def times(days: int = 40) -> list[datetime]:
        return [at for _, at in await page.lists(days)]

    weeks = [begin + timedelta(weeks=n) for n in range(6)]
    assert await times() == weeks
    third = (await page.shows(40))[2]
    assert not await page.deletes(
        third,
        recurrence_id=third["recurrence_id"],
        recurrence_range="THISANDFUTURE",
    )
    assert await times() == weeks[:2]
    second = (await page.shows(40))[1]
    assert not await page.changes(
        second,
        "Zoe 95 %",
        weeks[1] + timedelta(hours=1),
        rrule=weekly,
        recurrence_id=second["recurrence_id"],
        recurrence_range="THISANDFUTURE",
    )
    later = [at + timedelta(hours=1) for at in weeks[1:]]
    assert await times() == [weeks[0], *later]
    first, other, *_ = await page.shows(40)
    await page.deletes(other)  # all of them
    assert await times() == [weeks[0]]
    await page.deletes(first)
    assert await times() == []

    await page.creates("Zoe", begin, rrule="FREQ=DAILY;COUNT=3")
    days = [begin + timedelta(days=n) for n in range(3)]
    assert await times() == days
    for one in reversed(await page.shows(40)):
        await page.deletes(one)
    until = dt_util.as_utc(days[1]).strftime("%Y%m%dT%H%M%SZ")
    await page.creates("Zoe", begin, rrule=f"FREQ=DAILY;UNTIL={until}")
    assert await times() == days[:2]
    assert await page.creates("Zoe", begin, rrule="FREQ=MONTHLY")
    assert await page.creates("Zoe", begin, rrule="FREQ=WEEKLY;INTERVAL=2")


async def test_an_event_that_is_not_there_is_no_fault(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """What somebody else has deleted, or never was, is deleted without a word of Python."""
    home: Home = await start(vehicle("Zoe"))
    page = Page(home, await hass_ws_client(hass))
    for uid in ("weekly/x", "weekly/x/y", "weekly/x/1.9", "weekly/", "once/x"):
        assert await page.deletes({"uid": uid}) is None
