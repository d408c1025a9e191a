"""The prices of a site while it runs: read when they change and when they are due, stored over a restart."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
import logging
from typing import Any
from zlib import crc32

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    EventStateChangedData,
    async_track_point_in_utc_time,
    async_track_state_change_event,
)
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import CONF_SOURCES, DOMAIN, SUBENTRY_TARIFF
from ..sources.config import SourcesConfig
from ..sources.tariffs.components import Components, ExportKind
from ..sources.tariffs.price_reader import (
    HORIZON,
    Source,
    SourceKind,
    TariffConfig,
    TariffReader,
    config_from_dict,
    next_refresh,
)
from ..sources.tariffs.price_slots import (
    IssueKey,
    PriceIssue,
    PricePart,
    Prices,
    PriceSlot,
)
from ..sources.tariffs.table import TableError
from .background_run import BackgroundRun
from .storage_file import StorageFile

_LOGGER = logging.getLogger(__name__)

SAVE_DELAY_S = 30
# An integration writes its state and its attributes, and its second entity, one after the other.
BURST_S = 1.0
# A remote server is asked this often, and every quarter hour while tomorrow's prices are due.
ASK_OUT_EVERY = timedelta(hours=1)
# Day-ahead prices of Europe are published from 12:45 on; those of Australia and tables have no such hour.
TOMORROW_IS_DUE_AT = 13
# Problems that resolve themselves get time; wrong configurations do not.
PATIENCE = {
    IssueKey.SOURCE_FAILED: timedelta(hours=1),
    IssueKey.OUTDATED: timedelta(hours=1),
    IssueKey.NOTHING_FOUND: timedelta(minutes=15),
    IssueKey.UNREADABLE: timedelta(minutes=15),
    IssueKey.UNIT_UNKNOWN: timedelta(minutes=15),
    IssueKey.UNIT_UNREADABLE: timedelta(minutes=15),
    IssueKey.SCALE_UNKNOWN: timedelta(minutes=15),
    IssueKey.ABSURD_VALUES: timedelta(minutes=15),
}


def tariff_of(entry: ConfigEntry) -> TariffConfig | None:
    """Return the source of a site's prices: its tariff, otherwise the Energy dashboard's price entities.

    A tariff that cannot be read becomes a repair issue, and the central system still runs.
    """
    for subentry in entry.get_subentries_of_type(SUBENTRY_TARIFF):
        try:
            return config_from_dict(subentry.data)
        except TableError as error:
            _LOGGER.warning(
                "The tariff %s cannot be used: %s. Change it, or delete it and add it again",
                subentry.title,
                error,
            )
            return None
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    if sources.price_import is None:
        return None
    export = sources.price_export
    return TariffConfig(
        source=Source(kind=SourceKind.ENTITY, entities=(sources.price_import,)),
        components=Components(export=ExportKind.SOURCE if export else ExportKind.FIXED),
        export=Source(kind=SourceKind.ENTITY, entities=(export,)) if export else None,
    )


class SitePrices(DataUpdateCoordinator[Prices]):
    """Provides a site's prices to its entities, at each quarter hour and whenever they change."""

    config_entry: ConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, config: TariffConfig
    ) -> None:
        """Start with nothing known."""
        super().__init__(
            hass, _LOGGER, config_entry=entry, name=f"{DOMAIN} prices {entry.title}"
        )
        self._store = price_store(hass, entry.entry_id)
        self._config = config
        self._reader = TariffReader(hass, config)
        self._asked_at: datetime | None = None
        self._run = BackgroundRun(
            hass, entry, self._async_read, name=f"{DOMAIN} prices", burst_s=BURST_S
        )
        self._since: dict[IssueKey, datetime] = {}
        self._stop_timer: CALLBACK_TYPE | None = None
        self._stop_entities: Callable[[], None] | None = None
        self.data = Prices()

    @property
    def has_carbon(self) -> bool:
        """Return whether the carbon intensity is known."""
        return self._config.carbon is not None

    @property
    def currency(self) -> str:
        """Return the currency of the prices."""
        if self.data.slots:
            return self.data.slots[0].currency
        return self._config.currency or self.hass.config.currency

    async def async_load(self) -> None:
        """Read what was known before a restart; prices of another source are dropped."""
        stored = await self._store.async_load()
        if stored.read("of", list, None) == self._of():
            self._reader.restore(stored.within("prices"))
            self.data = self._reader.known(dt_util.utcnow())
        await self._store.async_put_aside()
        self._store.keep(self._as_dict)

    async def async_save(self) -> None:
        """Write what is known, when the site is unloaded."""
        await self._store.async_save()

    @callback
    def start(self) -> None:
        """Read now, and from now on."""
        self._stop_entities = async_track_state_change_event(
            self.hass, self._reader.entities, self._entity_changed
        )
        self._slot_begins(dt_util.utcnow())

    @callback
    def stop(self) -> None:
        """Stop reading."""
        self._run.stop()
        for stop in (self._stop_timer, self._stop_entities):
            if stop:
                stop()
        self._stop_timer = self._stop_entities = None

    @callback
    def use(self, config: TariffConfig) -> None:
        """Continue with a changed tariff, while the site runs."""
        self.stop()
        kept = self._as_dict()
        self._config = config
        self._reader = TariffReader(self.hass, config)
        if kept["of"] == self._of():
            self._reader.restore(kept["prices"])
        self._asked_at = None
        self._since = {}
        self.start()

    @callback
    def clock_was_set(self, _by: timedelta) -> None:
        """Read again, and follow the new time: the next quarter hour of the former one may be years away."""
        if self._stop_timer is None:
            return
        self._stop_timer()
        self._asked_at, self._since = None, {}
        self._slot_begins(dt_util.utcnow())

    def ahead(self, now: datetime) -> tuple[PriceSlot, ...]:
        """Return the prices from a time on, which may be that of a simulated site."""
        if self.data.at(now) is None:
            return self._reader.known(now).slots
        return self.data.slots

    def past(self, start: datetime, end: datetime) -> list[PriceSlot]:
        """Return the known prices of a time that is over, as far as they are remembered."""
        found: dict[datetime, PriceSlot] = {}
        while start < end:
            for slot in self._reader.known(start).slots:
                if slot.end <= end and not slot.estimated:
                    found.setdefault(slot.start, slot)
            start += HORIZON
        return [found[at] for at in sorted(found)]

    def problems(self, now: datetime) -> list[PriceIssue]:
        """Return the problems of sources that have lasted too long, one of each kind."""
        return list(
            {
                issue.key: issue
                for issue in self.data.issues
                if issue.key in PATIENCE
                and now - self._since.get(issue.key, now) >= PATIENCE[issue.key]
            }.values()
        )

    def part_of(self, problem: PriceIssue) -> PricePart:
        """Return whose source has a problem."""
        return self._reader.part_of(problem)

    async def async_read_again(self) -> None:
        """Read all sources now, those on remote servers too."""
        self._asked_at = None
        await self._run.async_run()

    @callback
    def _slot_begins(self, now: datetime) -> None:
        """Show the present price, and read what is due."""
        self._stop_timer = async_track_point_in_utc_time(
            self.hass, self._slot_begins, next_refresh(now)
        )
        self._take(self._reader.known(now), now)
        if not self._reader.asks_out or self._asked_at is None:
            self._run.begin()
            return
        # Not all sites of the world in the same second.
        self._run.soon(crc32(self.config_entry.entry_id.encode()) % 60)

    @callback
    def _entity_changed(self, _event: Event[EventStateChangedData]) -> None:
        self._run.soon()

    async def _async_read(self) -> None:
        """Read the sources, which may take as long as an action takes to answer."""
        reader = self._reader
        now = dt_util.utcnow()
        ask_out = self._is_due(now)
        if ask_out:
            self._asked_at = now
        prices = await reader.async_refresh(now, ask_out=ask_out)
        if self._stop_entities is not None and reader is self._reader:
            self._take(prices, now)
            self._store.save_soon()

    def _is_due(self, now: datetime) -> bool:
        """Return whether it is time to ask a remote server."""
        if self._asked_at is None or now - self._asked_at >= ASK_OUT_EVERY:
            return True
        local = dt_util.as_local(now)
        if local.hour < TOMORROW_IS_DUE_AT:
            return False
        tomorrow_ends = dt_util.start_of_local_day(local + timedelta(days=2))
        known = self.data.known_until
        # Delivery days may be those of a neighbouring time zone.
        return known is None or known < tomorrow_ends - timedelta(hours=2)

    @callback
    def _take(self, prices: Prices, now: datetime) -> None:
        """Pass prices on, and remember since when a problem lasts."""
        wrong = {issue.key for issue in prices.issues}
        self._since = {key: self._since.get(key, now) for key in wrong}
        self.async_set_updated_data(prices)

    def _of(self) -> list[Any]:
        """Return what identifies a source; a renamed entity is the same."""
        registry = er.async_get(self.hass)

        def lasting(entity_id: str) -> str:
            entry = registry.async_get(entity_id)
            return entry.id if entry else entity_id

        named = (self._config.source, self._config.export, self._config.carbon)
        return [
            None
            if source is None
            else [
                source.kind.value,
                source.action,
                source.entry_id,
                source.name,
                source.unit,
                *map(lasting, source.entities),
            ]
            for source in named
        ]

    def _as_dict(self) -> dict[str, Any]:
        return {"of": self._of(), "prices": self._reader.to_dict()}


def price_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of a site's prices."""
    return StorageFile(hass, entry_id, "prices", every_s=SAVE_DELAY_S)


async def async_load_prices(
    hass: HomeAssistant, entry: ConfigEntry
) -> SitePrices | None:
    """Return a site's prices as last known; None if it has no tariff."""
    config = tariff_of(entry)
    if config is None:
        return None
    prices = SitePrices(hass, entry, config)
    await prices.async_load()
    entry.async_on_unload(prices.async_save)
    entry.async_on_unload(prices.stop)
    return prices


def tariff_entities(tariff: ConfigSubentry) -> set[str]:
    """Return the entities in a tariff's sub-entry."""
    sources = [tariff.data.get(key) or {} for key in ("source", "export", "carbon")]
    named = (tariff.data.get(key) for key in ("holiday_calendar", "meter_peak"))
    return {
        *(entity for source in sources for entity in source.get("entities", ())),
        *(entity for entity in named if entity),
    }


def renamed_tariff(
    data: Mapping[str, Any], old: str, new: str
) -> dict[str, Any] | None:
    """Return a tariff's data with an entity under its new name, None if it does not contain it."""
    after = {key: _renamed(value, old, new) for key, value in data.items()}
    return None if after == dict(data) else after


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(item, old, new) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, old, new) for item in value]
    return new if value == old else value
