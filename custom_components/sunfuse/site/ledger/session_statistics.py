"""Long-term statistics of energy and cost: by charger, vehicle and person, made from the ledger by the hour.

They are written again from the hour on in which something changed, each time with the same sums as before: whatever is
written twice, late or after a restart counts once.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_last_statistics,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util, slugify
from homeassistant.util.unit_conversion import EnergyConverter

from ...const import DOMAIN, WH_PER_KWH
from ...sessions import GroupBy, HourlySum, LedgerClosedError
from .ledger import SiteLedger

HOUR = timedelta(hours=1)
# What a charger reports of an hour that is just over comes within the next one.
_AGAIN = timedelta(hours=2)
# After a restart nobody knows what changed last.
_AFTER_RESTART = timedelta(days=2)
# Sums that go on from the same are the same: so much of the past is compared then.
_COMPARED = timedelta(days=7)
_SAME = 0.0005  # kilowatt-hours, or of the currency
# Not every site of the world, and after the minute in which sessions are written.
_MINUTE, _SECOND = 2, 30


class SessionStatistics:
    """Writes a site's sessions into the recorder's statistics."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, ledger: SiteLedger, currency: str
    ) -> None:
        """Write what this ledger has."""
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._currency = currency
        self._known: set[str] = set()

    @callback
    def start(self) -> None:
        """Write now, and each hour while the site is loaded."""
        if "recorder" not in self._hass.config.components:
            return
        self._entry.async_on_unload(
            async_track_utc_time_change(
                self._hass, self._due, minute=_MINUTE, second=_SECOND
            )
        )
        now = dt_util.utcnow()
        self._entry.async_create_background_task(
            self._hass,
            self.async_write(now, now - _AFTER_RESTART),
            f"{DOMAIN} statistics",
        )

    async def _due(self, now: datetime) -> None:
        await self.async_write(now, now - _AGAIN)

    async def async_write(self, now: datetime, since: datetime) -> None:
        """Write all hours that are over, from `since` on or from where something changed."""
        try:
            await self._async_write(now, since)
        except LedgerClosedError:
            return  # the site was unloaded meanwhile

    async def _async_write(self, now: datetime, since: datetime) -> None:
        changed = self._ledger.take_changed_since()
        since = _hour(since if changed is None else min(since, changed))
        until = _hour(now)
        for by in GroupBy:
            names = await self._ledger.async_names(by.value)
            sums = await self._ledger.async_hourly_sums(by, since, until)
            new = [
                key for key in sums if self._id(by, key, "energy") not in self._known
            ]
            for key, hours in sums.items():
                if key not in new:
                    self._write(by, key, names.get(key, key), hours)
            for key, hours in (await self._async_new(by, new, since, until)).items():
                self._write(by, key, names.get(key, key), hours)

    async def _async_new(
        self, by: GroupBy, keys: Iterable[str], since: datetime, until: datetime
    ) -> dict[str, list[HourlySum]]:
        """Return the sums of each key that was not written since the start: the hours after the recorder's last one.

        If it has no sums of somebody, it gets the hours in which something was taken, and the last one: it is too slow for all.
        """
        starts = {key: await self._async_end(by, key) for key in keys}
        first = await self._ledger.async_first_start() if starts else None
        if first is None:
            return {}
        for key, at in starts.items():
            if at is not None:
                starts[key] = await self._async_same_until(
                    by, key, _hour(first), min(at, since)
                )
        earliest = min(
            since, *(_hour(first) if at is None else at for at in starts.values())
        )
        sums = await self._ledger.async_hourly_sums(by, earliest, until)
        self._known.update(self._id(by, key, "energy") for key in starts)
        return {
            key: _rises(sums[key])
            if at is None
            else [hour for hour in sums[key] if hour.start >= min(at, since)]
            for key, at in starts.items()
        }

    async def _async_end(self, by: GroupBy, key: str) -> datetime | None:
        """Return the last hour that the recorder has of somebody; None: it has nothing."""
        statistic = self._id(by, key, "energy")
        last = await get_instance(self._hass).async_add_executor_job(
            partial(get_last_statistics, self._hass, 1, statistic, False, {"sum"})
        )
        found = last.get(statistic)
        return dt_util.utc_from_timestamp(found[0]["start"]) if found else None

    async def _async_same_until(
        self, by: GroupBy, key: str, first: datetime, until: datetime
    ) -> datetime:
        """Return from which hour on the recorder has other sums than the ledger, at the latest `until`.

        What changed the past just before a restart may not have been written.
        """
        begin, end = max(first, until - _COMPARED), until + HOUR
        if await self._async_difference(by, key, begin, end) is None:
            return until
        return await self._async_difference(by, key, first, end) or until

    async def _async_difference(
        self, by: GroupBy, key: str, begin: datetime, end: datetime
    ) -> datetime | None:
        """Return the first hour between two times of which the recorder has another sum than the ledger.

        An hour of which it has no row is as the one before.
        """
        ids = {name: self._id(by, key, name) for name in ("energy", "cost")}
        recorded = await get_instance(self._hass).async_add_executor_job(
            statistics_during_period,
            self._hass,
            begin,
            end,
            set(ids.values()),
            "hour",
            None,
            {"sum"},
        )
        theirs = {
            name: {row["start"]: row["sum"] for row in recorded.get(statistic, [])}
            for name, statistic in ids.items()
        }
        last: dict[str, float | None] = dict.fromkeys(ids)
        for hour in (await self._ledger.async_hourly_sums(by, begin, end)).get(key, []):
            at = hour.start.timestamp()
            ours = {"energy": hour.energy_wh / WH_PER_KWH, "cost": hour.cost}
            for name, our_sum in ours.items():
                their_sum = last[name] = theirs[name].get(at, last[name])
                if their_sum is not None and abs(their_sum - our_sum) > _SAME:
                    return hour.start
        return None

    @callback
    def _write(self, by: GroupBy, key: str, name: str, hours: list[HourlySum]) -> None:
        energy = StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name=f"{self._entry.title} {name}",
            source=DOMAIN,
            statistic_id=self._id(by, key, "energy"),
            unit_class=EnergyConverter.UNIT_CLASS,
            unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        )
        cost = StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name=f"{self._entry.title} {name} ({self._currency})",
            source=DOMAIN,
            statistic_id=self._id(by, key, "cost"),
            unit_class=None,
            unit_of_measurement=self._currency,
        )
        async_add_external_statistics(
            self._hass, energy, [_row(h.start, h.energy_wh / WH_PER_KWH) for h in hours]
        )
        async_add_external_statistics(
            self._hass, cost, [_row(h.start, h.cost) for h in hours]
        )

    async def async_forget(self, by: GroupBy, key: str) -> None:
        """Remove the statistics of somebody who was deleted."""
        if "recorder" not in self._hass.config.components:
            return
        ids = [self._id(by, key, quantity) for quantity in ("energy", "cost")]
        done = asyncio.Event()

        def on_done() -> None:
            self._hass.loop.call_soon_threadsafe(done.set)

        get_instance(self._hass).async_clear_statistics(ids, on_done=on_done)
        await done.wait()

    def _id(self, by: GroupBy, key: str, quantity: str) -> str:
        return statistic_id(self._entry.entry_id, by, key, quantity)


def statistic_id(entry_id: str, by: GroupBy, key: str, quantity: str) -> str:
    """Return the id of a statistic; `quantity` is energy or cost."""
    return f"{DOMAIN}:{slugify(f'{entry_id}_{by.value}_{key}_{quantity}')}"


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _rises(hours: list[HourlySum]) -> list[HourlySum]:
    """Return the hours in which a sum rose, and the last one."""
    before = [None, *hours]
    return [
        hour
        for last, hour in zip(before, hours, strict=False)
        if last is None
        or hour is hours[-1]
        or (hour.energy_wh, hour.cost) != (last.energy_wh, last.cost)
    ]


def _row(start: datetime, total: float) -> StatisticData:
    return StatisticData(start=start, state=total, sum=total)
