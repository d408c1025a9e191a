"""What drivers and owners set, and when cars leave: kept in Home Assistant's storage, apart from the configuration."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...drivers.demand import Promise
from ...drivers.timetable import OVERDUE
from ...drivers.wishes import OnceDeparture, Target, WeeklyDeparture, Wishes
from ...engine.codec import from_jsonable, to_jsonable
from ...engine.stored_items import Stored
from ..outcome import ConnectorKey
from ..storage_file import StorageFile

SAVE_DELAY_S = 1
# More than anybody plans; an automation that runs wild is not to fill the disk.
MOST_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReservation:
    """A connector (0: any of the charger's) that is reserved for a card, and what its driver is promised."""

    identity: str
    connector: int
    id: int
    token: str  # folded
    since: datetime
    until: datetime  # by then the car has to be there
    promise: Promise | None = None


class Departures:
    """The wishes of each owner: a vehicle by its sub-entry, or a charger by its connector."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Bind to the site's storage; `async_load` reads it."""
        self._store = departure_store(hass, entry_id)
        self._wishes: dict[str, Wishes] = {}
        self._reservations: tuple[CardReservation, ...] = ()
        self.version = 0  # rises with each change

    async def async_load(self) -> None:
        """Read what was set before."""
        stored = await self._store.async_load()
        self._reservations = tuple(
            stored.rows("reservations", partial(from_jsonable, CardReservation))
        )
        owners = stored.within("owners")
        self._wishes = {name: _wishes(owners.within(name)) for name in owners.names}
        await self._store.async_put_aside()
        self._store.keep(self._as_dict)

    async def async_save(self) -> None:
        """Write what was set just now, when the site is unloaded."""
        await self._store.async_save()

    def wishes(self, owner: str | None) -> Wishes:
        """Return what is set for an owner; nobody wishes nothing."""
        return self._wishes.get(owner, _NOTHING) if owner else _NOTHING

    @property
    def owners(self) -> Collection[str]:
        """Return the vehicles and connectors for which something is set."""
        return tuple(self._wishes)

    @callback
    def change(self, owner: str, **changes: Any) -> None:
        """Change what is named of `Wishes`; the rest stays."""
        self._set(owner, replace(self.wishes(owner), **changes))

    @callback
    def set_day(
        self, owner: str, weekday: int, number: int = 1, **changes: Any
    ) -> None:
        """Change what is named of a weekday's departure; one that was never set begins at 07:00."""
        wishes = self.wishes(owner)
        day = wishes.day(weekday, number)
        changed = replace(
            day or WeeklyDeparture(weekday=weekday, number=number), **changes
        )
        same = day and (day.minute, day.active) == (changed.minute, changed.active)
        if not same:
            fresh = {"since": dt_util.utcnow(), "until": None} | changes
            changed = replace(changed, **fresh)
        others = [one for one in wishes.weekly if one != day]
        weekly = sorted([*others, changed], key=lambda one: (one.weekday, one.number))
        self.change(owner, weekly=tuple(weekly))

    @callback
    def set_once(
        self,
        owner: str,
        at: datetime,
        target: Target | None = None,
        *,
        of_session: bool = False,
    ) -> str:
        """Add a single departure, in the place of the one that was said for this session; returns its id."""
        wishes = self.wishes(owner)
        once = OnceDeparture(
            at=at, target=target, id=uuid4().hex, of_session=of_session
        )
        others = [
            one
            for one in wishes.once
            if one.at != at and not (of_session and one.of_session)
        ]
        kept = sorted([*others, once], key=lambda one: one.at)[:MOST_ONCE]
        self.change(owner, once=tuple(kept))
        return once.id

    @callback
    def remove_once(self, owner: str, *ids: str) -> None:
        """Remove single departures."""
        once = tuple(one for one in self.wishes(owner).once if one.id not in ids)
        self.change(owner, once=once)

    @callback
    def remove_day(self, owner: str, weekday: int, number: int) -> None:
        """Remove a departure of the week."""
        weekly = tuple(
            one
            for one in self.wishes(owner).weekly
            if (one.weekday, one.number) != (weekday, number)
        )
        self.change(owner, weekly=weekly)

    @callback
    def leave_out(self, owner: str, weekday: int, number: int, at: datetime) -> None:
        """Leave out a single departure of a series; another series at that minute stays."""
        day = self.wishes(owner).day(weekday, number)
        if day is not None:
            left_out = (*day.left_out, at)[-MOST_ONCE:]
            self.set_day(owner, weekday, number, left_out=left_out)

    @callback
    def car_left(self, connector: str) -> None:
        """Forget what was said for the car that has left."""
        wishes = self.wishes(connector)
        if any(one.of_session for one in wishes.once):
            kept = tuple(one for one in wishes.once if not one.of_session)
            self.change(connector, once=kept)

    @callback
    def tidy(self, now: datetime) -> None:
        """Forget what has passed."""
        for owner, wishes in tuple(self._wishes.items()):
            passed = [one.id for one in wishes.once if one.at <= now - OVERDUE]
            if passed:
                self.remove_once(owner, *passed)
            # What was left out is not overdue either, and that is looked for so far back.
            past = now - OVERDUE
            for day in wishes.weekly:
                if day.until is not None and day.until <= past:
                    self.remove_day(owner, day.weekday, day.number)
                elif any(at <= past for at in day.left_out):
                    kept = tuple(at for at in day.left_out if at > past)
                    self.set_day(owner, day.weekday, day.number, left_out=kept)
            for name, over in (
                ("paused_until", now),
                ("skipped_until", past),
                ("weekly_paused_until", past),
                ("weekly_since", past),
            ):
                until = getattr(wishes, name)
                if until is not None and until <= over:
                    self.change(owner, **{name: None})

    @callback
    def forget(self, known: set[str], connectors: set[str]) -> None:
        """Drop what was set for vehicles and connectors that are no longer part of the site."""
        gone = self._wishes.keys() - known - connectors
        if gone:
            self._wishes = {k: v for k, v in self._wishes.items() if k not in gone}
            self._changed()

    @property
    def reservations(self) -> tuple[CardReservation, ...]:
        """Return the reservations."""
        return self._reservations

    @callback
    def forget_cards(self, cards: frozenset[str]) -> None:
        """Drop what is reserved for these cards (folded)."""
        self._reservations = tuple(
            one for one in self._reservations if one.token not in cards
        )
        self._changed()

    @callback
    def reserve(self, reservation: CardReservation, now: datetime) -> None:
        """Note a reservation, in the place of one of the same number; those that are over are dropped."""
        self._reservations = (
            *(
                one
                for one in self._reservations
                if _number(one) != _number(reservation) and one.until > now
            ),
            reservation,
        )
        self._changed()

    def has(self, identity: str, number: int) -> bool:
        """Return whether there is a reservation of this number."""
        return any(_number(one) == (identity, number) for one in self._reservations)

    def is_reserved(self, key: ConnectorKey, now: datetime) -> bool:
        """Return whether a connector is kept for somebody's card now."""
        return any(
            (one.identity, one.connector) == (key.identity, key.connector)
            and one.since <= now < one.until
            for one in self._reservations
        )

    @callback
    def cancel(self, identity: str, number: int) -> Promise | None:
        """Drop a reservation; returns what it promised."""
        dropped = [r for r in self._reservations if _number(r) == (identity, number)]
        self._reservations = tuple(r for r in self._reservations if r not in dropped)
        self._changed()
        return next((one.promise for one in dropped), None)

    def _set(self, owner: str, wishes: Wishes) -> None:
        if wishes == self._wishes.get(owner, _NOTHING):
            return
        self._wishes[owner] = wishes
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        self._store.save_soon()

    def _as_dict(self) -> dict[str, Any]:
        return {
            "owners": {
                owner: to_jsonable(wishes)
                for owner, wishes in self._wishes.items()
                if wishes != _NOTHING
            },
            "reservations": to_jsonable(self._reservations),
        }


_NOTHING = Wishes()
_WEEKDAYS, _MINUTES = 7, 24 * 60


def departure_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return where it is kept what drivers set."""
    return StorageFile(hass, entry_id, "departures", every_s=SAVE_DELAY_S)


async def async_load_departures(hass: HomeAssistant, entry: ConfigEntry) -> Departures:
    """Return what drivers set."""
    departures = Departures(hass, entry.entry_id)
    await departures.async_load()
    entry.async_on_unload(departures.async_save)
    return departures


def _wishes(stored: Stored) -> Wishes:
    """Return wishes as they were stored: one departure that cannot be read leaves the others."""
    # What was left out was kept for the whole week before, not for each series.
    once_for_all = stored.rows("left_out", partial(from_jsonable, datetime))
    weekly = stored.rows("weekly", _weekly_departure)
    return Wishes(
        **stored.without("weekly", "once", "left_out").fields_of(Wishes),
        weekly=tuple(
            replace(day, left_out=(*day.left_out, *once_for_all)) for day in weekly
        ),
        once=tuple(stored.rows("once", partial(from_jsonable, OnceDeparture))),
    )


def _weekly_departure(stored: Any) -> WeeklyDeparture:
    one = from_jsonable(WeeklyDeparture, stored)
    if not (0 <= one.weekday < _WEEKDAYS and 0 <= one.minute < _MINUTES):
        raise ValueError(f"No time of a week: {one.weekday}, {one.minute}")
    return one


def _number(reservation: CardReservation) -> tuple[str, int]:
    return reservation.identity, reservation.id
