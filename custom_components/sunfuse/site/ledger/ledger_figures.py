"""The figures of the ledger that entities show: last sessions, this month, the last 30 and 365 days."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...drivers.habit_score import HabitScore, habit_scores
from ...sessions import (
    GroupBy,
    LedgerClosedError,
    SessionFilter,
    SessionRow,
    SessionSums,
)
from ..outcome import ConnectorKey
from .ledger import SiteLedger
from .past_sessions import async_past_sessions

_LOGGER = logging.getLogger(__name__)

# Days pass, also where nobody charges.
EVERY = timedelta(hours=1)
# A session that ends is several reports.
_BURST_S = 1.0
# A charger that is offline reports later what it did.
_HEARD = timedelta(days=1)
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What entities show. Sums of this month have what runs; those of days are of finished sessions."""

    month_start: datetime | None = None
    last: Mapping[ConnectorKey, SessionRow] = field(default_factory=dict)
    this_month: Mapping[tuple[GroupBy, str | None], SessionSums] = field(
        default_factory=dict
    )
    days_30: SessionSums = SessionSums()
    days_365: SessionSums = SessionSums()
    # Whether only what runs has grown since the figures before these.
    grows: bool = False
    # How well habits would have predicted the last weeks, by vehicle, or connector of guests.
    habits: Mapping[str, HabitScore] = field(default_factory=dict)


class LedgerFigures(DataUpdateCoordinator[Figures]):
    """Reads the figures when a session ends, and each hour."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: SiteLedger,
        connectors: Callable[[], list[ConnectorKey]],
        judge_habits: Callable[[Mapping[str, HabitScore]], None],
    ) -> None:
        """Initialize with nothing known; `judge_habits` hears how good habits are."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{DOMAIN} sessions {entry.title}",
            update_interval=EVERY,
            request_refresh_debouncer=Debouncer(
                hass, _LOGGER, cooldown=_BURST_S, immediate=False
            ),
            always_update=False,
        )
        self._ledger = ledger
        self._connectors = connectors
        self._judge_habits = judge_habits
        self.data = Figures()

    async def async_start(self) -> None:
        """Read the figures as they are now, and follow the ledger while the site is loaded."""
        await self.async_refresh()
        self.config_entry.async_on_unload(self._ledger.listen(self._request))
        self.config_entry.async_on_unload(
            self._ledger.listen_to_running(self._request_month)
        )

    @callback
    def _request(self) -> None:
        self.hass.async_create_task(
            self.async_request_refresh(), f"{DOMAIN} figures", eager_start=True
        )

    @callback
    def _request_month(self) -> None:
        self.config_entry.async_create_background_task(
            self.hass, self._async_read_month(), f"{DOMAIN} figures of this month"
        )

    async def _async_read_month(self) -> None:
        """Read what grows while cars charge."""
        try:
            start, this_month = await self._async_this_month()
        except LedgerClosedError:  # the site is being unloaded
            return
        data = replace(self.data, month_start=start, this_month=this_month, grows=True)
        if data != self.data:
            self.async_set_updated_data(data)

    async def _async_this_month(
        self,
    ) -> tuple[datetime, dict[tuple[GroupBy, str | None], SessionSums]]:
        """Return the sums of this month; a session that runs counts as if it ended now.

        One that nobody has heard of for long has ended somehow, and waits for a charger that may never say so.
        """
        now = dt_util.utcnow()
        local = dt_util.as_local(now)
        month_start = dt_util.start_of_local_day(local.date().replace(day=1))
        this_month = SessionFilter(start=month_start, heard_since=now - _HEARD)
        groups = await asyncio.gather(
            *(self._ledger.async_sums(this_month, by) for by in GroupBy)
        )
        return month_start, {
            (by, one.key): one
            for by, group in zip(GroupBy, groups, strict=True)
            for one in group
        }

    async def _async_update_data(self) -> Figures:
        now = dt_util.utcnow()
        ledger = self._ledger
        try:
            month_start, this_month = await self._async_this_month()
            [days_30], [days_365] = await asyncio.gather(
                ledger.async_sums(SessionFilter(start=now - MONTH, running=False)),
                ledger.async_sums(SessionFilter(start=now - YEAR, running=False)),
            )
            last = await asyncio.gather(
                *(self._async_last(key) for key in self._connectors())
            )
            past = await async_past_sessions(ledger)
        except LedgerClosedError:  # the site is being unloaded
            return self.data
        habits = await self.hass.async_add_executor_job(
            habit_scores, past, dt_util.now()
        )
        self._judge_habits(habits)
        return Figures(
            month_start=month_start,
            habits=habits,
            last={key: row for key, row in last if row is not None},
            this_month=this_month,
            days_30=days_30,
            days_365=days_365,
        )

    async def _async_last(
        self, key: ConnectorKey
    ) -> tuple[ConnectorKey, SessionRow | None]:
        wanted = SessionFilter(
            station=key.identity, connector=key.connector, running=False
        )
        found = await self._ledger.async_sessions(wanted, limit=1)
        return key, found[0] if found else None
