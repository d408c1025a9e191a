"""What each connector charged today, and what the session there cost so far: for the cards, and read only while one looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...sessions import LedgerClosedError, SessionFilter, SessionRow
from ..outcome import ConnectorKey
from .ledger import SiteLedger

_LOGGER = logging.getLogger(__name__)

# The ledger writes what runs once a minute.
EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedToday:
    """What a connector charged since midnight, and the session that runs there, else its last one of today."""

    energy_wh: float
    session: SessionRow


class TodaysSessions(DataUpdateCoordinator[Mapping[ConnectorKey, ChargedToday]]):
    """Reads the sessions of today once a minute, and when one begins or ends, while somebody listens."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, ledger: SiteLedger
    ) -> None:
        """Initialize with nothing known."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{DOMAIN} today {entry.title}",
            update_interval=EVERY,
            always_update=False,
        )
        self._ledger = ledger
        self.data = {}
        self.was_read = False

    @callback
    def follow(self, changed: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `changed` when the figures are others; returns what ends that."""
        first = not self._listeners
        stop_listening = self.async_add_listener(changed)
        stop_ledger = self._ledger.listen(self._request)
        if first:
            self._request()

        def stop() -> None:
            stop_ledger()
            stop_listening()

        return stop

    @callback
    def _request(self) -> None:
        assert self.config_entry is not None
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), f"{DOMAIN} today"
        )

    async def _async_update_data(self) -> Mapping[ConnectorKey, ChargedToday]:
        midnight = dt_util.start_of_local_day()
        today: dict[ConnectorKey, ChargedToday] = {}
        try:
            # The newest first: what runs comes before what is over.
            for row in await self._ledger.async_sessions(SessionFilter(start=midnight)):
                if row.connector is None:
                    continue
                key = ConnectorKey(identity=row.station, connector=row.connector)
                known = today.get(key)
                energy_wh = await self._async_since(row, midnight)
                today[key] = ChargedToday(
                    energy_wh=energy_wh + (known.energy_wh if known else 0.0),
                    session=known.session if known else row,
                )
        except LedgerClosedError:  # the site is being unloaded
            return self.data
        self.was_read = True
        return today

    async def _async_since(self, row: SessionRow, midnight: datetime) -> float:
        """Return what a session took since midnight: of one that began before, by its quarter hours."""
        if row.started_at is not None and row.started_at >= midnight:
            return row.energy_wh
        intervals = await self._ledger.async_intervals(row.number)
        return sum(one.energy_wh for one in intervals if one.start >= midnight)
