"""The plan over a restart of Home Assistant: what was planned goes on until there is a new plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ...engine.codec import from_jsonable, to_jsonable
from ...engine.stored_items import UNREADABLE
from ...planner import Intention
from ..storage_file import StorageFile
from .site_plan import OLDEST, Missed, SitePlan

_LOGGER = logging.getLogger(__name__)

# What is planned in a burst is written together; nothing is lost with an older plan but its last correction.
SAVE_EVERY_S = 60.0
# So much more than is followed is kept: the quarter hour that goes on.
_ONE_SLOT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan, and what each car asked for when it was made, as a fingerprint."""

    intention: Intention | None = None
    missed: dict[str, Missed] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def site_plan(self, now: datetime) -> SitePlan:
        """Return what of it still counts."""
        intention = self.intention
        if intention is None or not timedelta(0) <= now - intention.now <= OLDEST:
            return SitePlan()
        return SitePlan(intention=intention, missed=self.missed)


class PlanFile:
    """Stores the next hours of a site's plan: nobody follows it for longer after a restart."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Begin with nothing stored; `async_load` reads it."""
        self._store = plan_store(hass, entry_id)
        self._now = StoredPlan()

    async def async_load(self) -> StoredPlan:
        """Return what was planned before the restart."""
        stored = await self._store.async_load()
        found = stored.read("plan", _read, StoredPlan())
        await self._store.async_put_aside()
        self._now = found
        self._store.keep(lambda: {"plan": to_jsonable(self._now)})
        return found

    @callback
    def note(self, plan: SitePlan, asked: Mapping[str, str]) -> None:
        """Take over the newest plan."""
        intention = plan.intention
        self._now = StoredPlan(
            intention=intention and _next_hours(intention),
            missed=dict(plan.missed),
            asked=dict(asked),
        )
        self._store.save_soon()

    async def async_save(self) -> None:
        """Write the newest plan, when the site is unloaded."""
        await self._store.async_save()


def plan_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of a site's plan."""
    return StorageFile(hass, entry_id, "plan", every_s=SAVE_EVERY_S)


def _read(stored: Any) -> StoredPlan:
    """Return a stored plan. One that cannot be read, as of another version, needs no repair: the next one comes in seconds."""
    try:
        return from_jsonable(StoredPlan, stored)
    except UNREADABLE as err:
        _LOGGER.info("The plan from before the restart cannot be read: %s", err)
        return StoredPlan()


def _next_hours(intention: Intention) -> Intention:
    """Return as much of a plan as may be followed before it is too old."""
    until = intention.now + OLDEST + _ONE_SLOT
    return replace(
        intention,
        slots=tuple(slot for slot in intention.slots if slot.start < until),
        cars=tuple(
            replace(car, slots=tuple(slot for slot in car.slots if slot.start < until))
            for car in intention.cars
        ),
    )
