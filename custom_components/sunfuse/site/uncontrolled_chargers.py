"""The current that the house leaves to uncontrolled chargers, from the site report, updated once a day."""

from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_track_time_interval

from ..data import SunfuseConfigEntry
from ..engine.model import PerPhase
from .reporting import DAYS, async_report

_EVERY = timedelta(days=1)


async def async_unwatched(
    hass: HomeAssistant, entry: SunfuseConfigEntry
) -> PerPhase | None:
    """Return it for each phase of a running site; None if there is no history."""
    if "recorder" not in hass.config.components:
        return None
    asked = await async_report(hass, entry, {"days": DAYS})
    return asked.report.proposals.unwatched_a if asked.report else None


def follow_unwatched(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Keep it up to date for the repair issue, in the background."""

    async def update(_now: datetime | None = None) -> None:
        entry.runtime_data.unwatched_a = await async_unwatched(hass, entry)

    entry.async_create_background_task(hass, update(), "Sunfuse: what the house leaves")
    entry.async_on_unload(
        async_track_time_interval(hass, update, _EVERY, cancel_on_shutdown=True)
    )
