"""Reads prices and carbon as the user set them up, and keeps what was known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..rows import parse_number, parse_time
from ..series import QUARTER, Slot, layered, quarter_start
from .actions import ACTIONS, async_read_action
from .components import Components, components_from_dict, price_slots
from .memory import PriceMemory, ahead, memory_from_dict, memory_to_dict, remember
from .model import Issue, IssueKey, Prices, Reading
from .reading import read_carbon, read_prices
from .table import Table, TableError, table_from_dict
from .units import parse_carbon_unit, parse_unit

HORIZON = timedelta(hours=48)
_UNHEARD = {"unavailable", "unknown"}


class SourceKind(StrEnum):
    """Where a price comes from."""

    TABLE = "table"  # fixed, or by season, weekday and hour
    ENTITY = "entity"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source as the user set it up.

    Attributes:
        table: the values of a TABLE.
        entities: of an ENTITY; several where an integration has one a day (Octopus).
        unit: what the user says the unit is, where the entity does not tell.
        action, entry_id, name: of an ACTION: a key of `ACTIONS`, and whose prices.

    """

    kind: SourceKind = SourceKind.TABLE
    table: Table = Table()
    entities: tuple[str, ...] = ()
    unit: str | None = None
    action: str = ""
    entry_id: str = ""
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffConfig:
    """All that a site's prices need. Without an export or carbon source there is none."""

    source: Source
    components: Components = Components()
    export: Source | None = None
    carbon: Source | None = None
    currency: str | None = None  # None: Home Assistant's own
    holidays: tuple[str, ...] = ()  # "2026-12-25", or "12-25" for every year
    holiday_calendar: str | None = None  # an entity of the calendar domain


def source_from_dict(data: Mapping[str, Any]) -> Source:
    """Build a source from what the UI stores.

    Raises:
        TableError: a field cannot be used (`bad_kind`, `bad_action`, `no_entity`,
            `bad_unit`, or one of the table's).

    """
    kind = data.get("kind", SourceKind.TABLE)
    if kind not in list(SourceKind):
        raise TableError("bad_kind")
    entities = data.get("entities", ())
    if kind == SourceKind.ENTITY and not entities:
        raise TableError("no_entity")
    if kind == SourceKind.ACTION and data.get("action") not in ACTIONS:
        raise TableError("bad_action")
    unit = data.get("unit")
    if unit and parse_unit(unit) is None and parse_carbon_unit(unit) is None:
        raise TableError("bad_unit")
    return Source(
        kind=SourceKind(kind),
        table=table_from_dict(data.get("table", {})),
        entities=(entities,) if isinstance(entities, str) else tuple(entities),
        unit=unit or None,
        action=data.get("action", ""),
        entry_id=data.get("entry_id", ""),
        name=data.get("name"),
    )


def config_from_dict(data: Mapping[str, Any]) -> TariffConfig:
    """Build a site's tariff from what the UI stores.

    Raises:
        TableError: a field cannot be used.

    """
    for day in data.get("holidays", ()):
        if not _dates(day, 2024):
            raise TableError("bad_holiday")
    return TariffConfig(
        source=source_from_dict(data.get("source", {})),
        components=components_from_dict(data.get("components", {})),
        export=source_from_dict(data["export"]) if data.get("export") else None,
        carbon=source_from_dict(data["carbon"]) if data.get("carbon") else None,
        currency=data.get("currency"),
        holidays=tuple(data.get("holidays", ())),
        holiday_calendar=data.get("holiday_calendar"),
    )


def _dates(day: str, year: int) -> list[date]:
    """Return the date that a text names in a year; none if it is of another, or rubbish."""
    try:
        return [date.fromisoformat(day if len(day) > 5 else f"{year}-{day}")]
    except ValueError:
        return []


class TariffReader:
    """Prices of one site. `async_refresh` may be called as often as one likes."""

    def __init__(self, hass: HomeAssistant, config: TariffConfig) -> None:
        """Start with nothing known."""
        self._hass = hass
        self._config = config
        self._memory = {part: PriceMemory() for part in ("import", "export", "carbon")}

    @property
    def entities(self) -> list[str]:
        """Return the entities whose changes are a reason to refresh."""
        sources = (self._config.source, self._config.export, self._config.carbon)
        return [entity for source in sources if source for entity in source.entities]

    def to_dict(self) -> dict[str, Any]:
        """Return what is remembered, for the store."""
        return {part: memory_to_dict(memory) for part, memory in self._memory.items()}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what was remembered before a restart."""
        for part in self._memory:
            self._memory[part] = memory_from_dict(data.get(part, {}))

    async def async_refresh(self, now: datetime) -> Prices:
        """Read every source and return two days of prices from now on.

        A source that fails leaves what it said before; the issues tell.
        """
        tz = ZoneInfo(self._hass.config.time_zone)
        holidays = await self._async_holidays(now)
        sources = {
            "import": self._config.source,
            "export": self._config.export,
            "carbon": self._config.carbon,
        }
        issues: list[Issue] = []
        start, end = quarter_start(now), now + HORIZON
        expected = {}
        for part, source in sources.items():
            if source is not None:
                reading = await self._async_read(
                    source, now, holidays, carbon=part == "carbon"
                )
                issues += reading.issues
                self._memory[part] = remember(
                    self._memory[part], reading.series, reading.currency, now
                )
            expected[part] = ahead(self._memory[part], start, end, tz)
        slots = price_slots(
            expected["import"],
            self._config.components,
            currency=self._memory["import"].currency or self._currency,
            tz=tz,
            holidays=holidays,
            export=tuple(one.slot for one in expected["export"]),
            carbon=tuple(one.slot for one in expected["carbon"]),
        )
        return Prices(slots=slots, issues=tuple(dict.fromkeys(issues)))

    @property
    def _currency(self) -> str:
        """Return the currency where no source tells."""
        return self._config.currency or self._hass.config.currency

    async def _async_read(
        self,
        source: Source,
        now: datetime,
        holidays: frozenset[date],
        *,
        carbon: bool,
    ) -> Reading:
        """Read one source."""
        if source.kind is SourceKind.ACTION:
            return await async_read_action(
                self._hass, source.action, source.entry_id, now, name=source.name
            )
        if source.kind is SourceKind.TABLE:
            tz = ZoneInfo(self._hass.config.time_zone)
            start = quarter_start(now)
            series = source.table.series(start, now + HORIZON, tz, holidays)
            return Reading(series=series, currency=None if carbon else self._currency)
        readings = [
            read_entity(
                self._hass,
                entity,
                now,
                unit=source.unit,
                currency=self._currency,
                carbon=carbon,
            )
            for entity in source.entities
        ]
        issues = [issue for reading in readings for issue in reading.issues]
        if any(slot.end > now for reading in readings for slot in reading.series):
            # Of an entity for each day, that of tomorrow may have nothing yet.
            late = {IssueKey.OUTDATED, IssueKey.NOTHING_FOUND, IssueKey.SOURCE_FAILED}
            issues = [issue for issue in issues if issue.key not in late]
        return Reading(
            series=layered(*(reading.series for reading in readings)),
            currency=next((r.currency for r in readings if r.currency), None),
            issues=tuple(dict.fromkeys(issues)),
        )

    async def _async_holidays(self, now: datetime) -> frozenset[date]:
        """Return the public holidays near now: those typed in, and the calendar's."""
        year = now.year
        days = {
            day
            for text in self._config.holidays
            for near in (year - 1, year, year + 1)
            for day in _dates(text, near)
        }
        if self._config.holiday_calendar is not None:
            days |= await async_calendar_days(
                self._hass, self._config.holiday_calendar, now
            )
        return frozenset(days)


def read_entity(
    hass: HomeAssistant,
    entity_id: str,
    now: datetime,
    *,
    unit: str | None = None,
    currency: str | None = None,
    carbon: bool = False,
) -> Reading:
    """Read an entity's prices or grams: by its attributes, else its state for now.

    An entity that only knows the present still teaches the memory its days.
    """
    state = hass.states.get(entity_id)
    if state is None or state.state == "unavailable":
        return Reading(issues=(Issue(key=IssueKey.SOURCE_FAILED, detail=entity_id),))
    unit = unit or state.attributes.get("unit_of_measurement")
    tz = ZoneInfo(hass.config.time_zone)
    if carbon:
        reading = read_carbon(state.attributes, unit=unit, now=now, tz=tz)
        factor = parse_carbon_unit(unit)
    else:
        reading = read_prices(
            state.attributes,
            state=None if state.state in _UNHEARD else state.state,
            unit=unit,
            currency=currency or hass.config.currency,
            now=now,
            tz=tz,
        )
        factor = parse_unit(unit)
    number = parse_number(state.state)
    nothing = any(issue.key is IssueKey.NOTHING_FOUND for issue in reading.issues)
    if nothing and factor is not None and number is not None:
        start = quarter_start(now)
        slot = Slot(start=start, end=start + QUARTER, value=number * factor.factor)
        return Reading(series=(slot,), currency=factor.currency or reading.currency)
    return reading


async def async_calendar_days(
    hass: HomeAssistant, entity_id: str, now: datetime
) -> set[date]:
    """Return the days with an all-day event in a calendar, within three weeks of now.

    Empty where the calendar cannot be read; a tariff then has no holidays.
    """
    try:
        answer = await hass.services.async_call(
            "calendar",
            "get_events",
            {
                "entity_id": entity_id,
                "start_date_time": (now - timedelta(days=2)).isoformat(),
                "end_date_time": (now + timedelta(days=21)).isoformat(),
            },
            blocking=True,
            return_response=True,
        )
    except HomeAssistantError:
        return set()
    calendar = (answer or {}).get(entity_id)
    events = calendar.get("events", ()) if isinstance(calendar, Mapping) else ()
    days: set[date] = set()
    for event in events if isinstance(events, list) else ():
        if isinstance(event, Mapping):
            days |= _event_days(event)
    return days


def _event_days(event: Mapping[str, Any]) -> set[date]:
    """Return the days of an all-day event; its end is the day after."""
    start, end = str(event.get("start")), str(event.get("end"))
    if parse_time(start) is not None or not (first := _dates(start, 0)):
        return set()
    last = _dates(end, 0) or [first[0] + timedelta(days=1)]
    lasts = max(1, (last[0] - first[0]).days)
    return {first[0] + timedelta(days=day) for day in range(lasts)}


def price_entities(hass: HomeAssistant, now: datetime) -> list[str]:
    """Return the entities that hold prices of more than now, to offer in a flow."""
    found = []
    for state in hass.states.async_all(("sensor", "event")):
        unit = state.attributes.get("unit_of_measurement")
        if unit is not None and (parse_unit(unit) is None or "/" not in unit):
            continue
        if unit is None and not state.entity_id.startswith("event."):
            continue
        reading = read_entity(hass, state.entity_id, now)
        if sum(slot.seconds for slot in reading.series if slot.end > now) > 3600:
            found.append(state.entity_id)
    return sorted(found)


def price_actions(hass: HomeAssistant) -> list[tuple[str, str, str]]:
    """Return (action key, config entry id, title) of what could be asked, for a flow."""
    return [
        (key, entry.entry_id, entry.title)
        for key, action in ACTIONS.items()
        for entry in hass.config_entries.async_entries(action.domain)
        if entry.state is ConfigEntryState.LOADED
    ]


def next_refresh(now: datetime) -> datetime:
    """Return when to refresh next without a change: at the next quarter hour."""
    return quarter_start(now) + QUARTER
