"""Reads prices and carbon from the configured sources, and remembers them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ...engine.stored_items import Stored
from ..series import QUARTER, Slot, layered, quarter_start
from ..time_rows import parse_number
from .actions import ACTIONS, async_read_action
from .components import Components, components_from_dict, price_slots
from .holidays import HolidayConfig, Holidays
from .price_memory import PriceMemory, ahead, memory_from_dict, memory_to_dict, remember
from .price_slots import IssueKey, PriceIssue, PricePart, PriceReading, Prices
from .reading import CARBON_ABSURD, read_carbon, read_prices
from .table import Table, TableError, table_from_dict
from .units import Unit, absurd_above, is_per_energy, parse_carbon_unit, parse_unit

HORIZON = timedelta(hours=48)
_UNHEARD = {"unavailable", "unknown"}


class SourceKind(StrEnum):
    """Where a price comes from."""

    TABLE = "table"  # fixed, or by season, weekday and hour
    ENTITY = "entity"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source as the user configured it.

    Attributes:
        table: the values of a TABLE.
        entities: of an ENTITY; several if an integration has one a day (Octopus).
        unit: the user's unit, if the entity does not state one.
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
    """All that a site's prices need. Export and carbon sources are optional."""

    source: Source
    components: Components = Components()
    export: Source | None = None
    carbon: Source | None = None
    currency: str | None = None  # None: Home Assistant's own
    holidays: HolidayConfig = HolidayConfig()


def source_from_dict(data: Mapping[str, Any]) -> Source:
    """Build a source from what the form stores.

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
    """Build a site's tariff from what the form stores.

    Raises:
        TableError: a field cannot be used.

    """
    return TariffConfig(
        source=source_from_dict(data.get("source", {})),
        components=components_from_dict(data.get("components", {})),
        export=source_from_dict(data["export"]) if data.get("export") else None,
        carbon=source_from_dict(data["carbon"]) if data.get("carbon") else None,
        currency=data.get("currency"),
        holidays=HolidayConfig.from_dict(data),
    )


class TariffReader:
    """Prices of one site. `async_refresh` may be called as often as needed."""

    def __init__(self, hass: HomeAssistant, config: TariffConfig) -> None:
        """Start with nothing known."""
        self._hass = hass
        self._config = config
        self._memory = {part: PriceMemory() for part in PricePart}
        self._holidays = Holidays(hass, config.holidays)
        self._issues: dict[PricePart, tuple[PriceIssue, ...]] = {}
        named = {
            PricePart.IMPORT: config.source,
            PricePart.EXPORT: config.export,
            PricePart.CARBON: config.carbon,
        }
        self._sources = {part: source for part, source in named.items() if source}

    @property
    def entities(self) -> list[str]:
        """Return the entities whose changes require a refresh."""
        return [
            entity for source in self._sources.values() for entity in source.entities
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return what is remembered, for storage."""
        return {
            part.value: memory_to_dict(memory) for part, memory in self._memory.items()
        }

    def restore(self, data: Mapping[str, Any] | Stored) -> None:
        """Continue from what was stored before a restart."""
        stored = Stored.of(data)
        for part in self._memory:
            self._memory[part] = memory_from_dict(stored.within(part))

    async def async_refresh(self, now: datetime, *, ask_out: bool = True) -> Prices:
        """Read the sources and return two days of prices from now on.

        A source that fails keeps its previous prices; the issues report the failure. Without `ask_out`
        sources on remote servers are not asked.
        """
        await self._holidays.async_refresh(now)
        for part, source in self._sources.items():
            if not ask_out and _asks_out(source):
                continue
            reading = await self._async_read(source, now, part)
            self._issues[part] = reading.issues
            self._memory[part] = remember(
                self._memory[part], reading.series, reading.currency, now
            )
        return self.known(now)

    def known(self, now: datetime) -> Prices:
        """Return two days of prices from now on, as known so far, without reading any source."""
        tz = ZoneInfo(self._hass.config.time_zone)
        start, end = quarter_start(now), now + HORIZON
        expected = {
            part: ahead(memory, start, end, tz)
            for part, memory in self._memory.items()
            if part in self._sources
        }
        slots = price_slots(
            expected[PricePart.IMPORT],
            self._config.components,
            currency=self._memory[PricePart.IMPORT].currency or self._currency,
            tz=tz,
            holidays=self._holidays.near(now),
            export=tuple(one.slot for one in expected.get(PricePart.EXPORT, ())),
            carbon=tuple(one.slot for one in expected.get(PricePart.CARBON, ())),
        )
        issues = [issue for found in self._issues.values() for issue in found]
        return Prices(slots=slots, issues=tuple(dict.fromkeys(issues)))

    def part_of(self, issue: PriceIssue) -> PricePart:
        """Return whose source has a problem."""
        with_it = (part for part, found in self._issues.items() if issue in found)
        return next(with_it, PricePart.IMPORT)

    @property
    def asks_out(self) -> bool:
        """Return whether reading asks a remote server."""
        return any(_asks_out(source) for source in self._sources.values())

    @property
    def _currency(self) -> str:
        """Return the currency if no source states one."""
        return self._config.currency or self._hass.config.currency

    async def _async_read(
        self,
        source: Source,
        now: datetime,
        part: PricePart,
    ) -> PriceReading:
        """Read the source of one part."""
        if source.kind is SourceKind.ACTION:
            return await async_read_action(
                self._hass, source.action, source.entry_id, now, name=source.name
            )
        if source.kind is SourceKind.TABLE:
            tz = ZoneInfo(self._hass.config.time_zone)
            start = quarter_start(now)
            series = source.table.series(
                start, now + HORIZON, tz, self._holidays.near(now)
            )
            currency = None if part is PricePart.CARBON else self._currency
            return PriceReading(series=series, currency=currency)
        readings = [
            read_entity(
                self._hass,
                entity,
                now,
                typed=source.unit,
                currency=self._currency,
                part=part,
            )
            for entity in source.entities
        ]
        issues = [issue for reading in readings for issue in reading.issues]
        if any(slot.end > now for reading in readings for slot in reading.series):
            # Of an entity for each day, that of tomorrow may be empty still.
            late = {IssueKey.OUTDATED, IssueKey.NOTHING_FOUND, IssueKey.SOURCE_FAILED}
            issues = [issue for issue in issues if issue.key not in late]
        return PriceReading(
            series=layered(*(reading.series for reading in readings)),
            currency=next((r.currency for r in readings if r.currency), None),
            issues=tuple(dict.fromkeys(issues)),
        )


def _asks_out(source: Source) -> bool:
    """Return whether reading a source asks a remote server."""
    return source.kind is SourceKind.ACTION and ACTIONS[source.action].asks_out


def read_entity(
    hass: HomeAssistant,
    entity_id: str,
    now: datetime,
    *,
    typed: str | None = None,
    currency: str | None = None,
    part: PricePart = PricePart.IMPORT,
) -> PriceReading:
    """Read an entity's prices or grams: from its attributes, otherwise its state for now.

    An entity that only knows the present still fills the memory with its days.
    """
    state = hass.states.get(entity_id)
    if state is None or state.state == "unavailable":
        return PriceReading(
            issues=(PriceIssue(key=IssueKey.SOURCE_FAILED, detail=entity_id),)
        )
    own = state.attributes.get("unit_of_measurement")
    unit = typed or own
    tz = ZoneInfo(hass.config.time_zone)
    if part is PricePart.CARBON:
        reading = read_carbon(state.attributes, unit=unit, now=now, tz=tz)
        parsed = parse_carbon_unit(unit)
    else:
        reading = read_prices(
            state.attributes,
            state=None if state.state in _UNHEARD else state.state,
            unit=own,
            typed=typed,
            currency=currency or hass.config.currency,
            now=now,
            tz=tz,
            export=part is PricePart.EXPORT,
        )
        parsed = parse_unit(unit)
    number = parse_number(state.state)
    nothing = any(issue.key is IssueKey.NOTHING_FOUND for issue in reading.issues)
    if not nothing or number is None:
        return reading
    if parsed is not None:
        return _present(number, parsed, reading, now)
    if is_per_energy(unit):
        issue = PriceIssue(key=IssueKey.UNIT_UNREADABLE, detail=unit or "")
        return PriceReading(issues=(issue,), currency=reading.currency)
    return reading


def _present(
    number: float, unit: Unit, reading: PriceReading, now: datetime
) -> PriceReading:
    """Return the state of an entity as the price, or the grams, of the present quarter hour."""
    value, currency = number * unit.factor, unit.currency or reading.currency
    if not _may_be_true(value, currency):
        return PriceReading(issues=(PriceIssue(key=IssueKey.ABSURD_VALUES),))
    start = quarter_start(now)
    others = (i for i in reading.issues if i.key is not IssueKey.NOTHING_FOUND)
    return PriceReading(
        series=(Slot(start=start, end=start + QUARTER, value=value),),
        currency=currency,
        issues=tuple(others),
    )


def _may_be_true(value: float, currency: str | None) -> bool:
    """Return whether a price per kWh, or (without currency) grams of carbon, is plausible."""
    if currency is None:
        return 0 <= value <= CARBON_ABSURD
    return abs(value) <= absurd_above(currency)


def price_actions(hass: HomeAssistant) -> list[tuple[str, str, str]]:
    """Return (action key, config entry id, title) of the available actions, for a form."""
    return [
        (key, entry.entry_id, entry.title)
        for key, action in ACTIONS.items()
        for entry in hass.config_entries.async_entries(action.domain)
        if entry.state is ConfigEntryState.LOADED
    ]


def next_refresh(now: datetime) -> datetime:
    """Return when to refresh next without a change: at the next quarter hour."""
    return quarter_start(now) + QUARTER
