"""Problems that a person should look into, as repair issues that disappear when the problem is solved."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..central_system.station.quirks import understood
from ..const import (
    CONF_QUIRKS,
    DOMAIN,
    SUBENTRY_CAPACITY,
    SUBENTRY_CARD,
    SUBENTRY_CHARGER,
    SUBENTRY_TARIFF,
)
from ..data import SunfuseConfigEntry
from ..planner import SOLVER
from ..site.outcome import SiteData
from ..site.planning.plan_slots import shortfall_reason
from ..site.subentries import ignored, usable
from ..translated_reasons import explain
from .charger_issues import ChargerIssues
from .circuit_issues import circuit_issues
from .fix_actions import ABOUT, FIX, FORGET_QUIRKS, PLAN_NOW, REMOVE
from .meter_issues import SignIssues, lost_meters, slow_meters, source_issues
from .modbus_repair import MODBUS
from .plan_repair import PLAN
from .price_repair import PRICE_DETAIL, PRICE_PROBLEM, PRICES
from .repair_issue import RepairIssue, ShownIssues
from .source_repair import ENTITY

# A restart of a device or a gateway, and the update of its firmware, are over by then.
MODBUS_GONE_AFTER = timedelta(minutes=10)


@callback
def watch_issues(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Show problems for as long as they last and the site is loaded."""
    coordinator = entry.runtime_data.coordinator
    shown = ShownIssues(hass, entry)
    signs = SignIssues(hass, entry)
    entry.async_create_background_task(
        hass, signs.async_start(), f"{DOMAIN} counters {entry.title}"
    )
    lost_since: dict[str, datetime] = {}
    # The stored data of a tariff only changes with a reload.
    unusable = tuple(_unusable_tariffs(entry))
    configured: tuple[RepairIssue, ...] = ()
    configured_by: tuple[object, ...] = ()
    of_chargers = ChargerIssues()

    @callback
    def update() -> None:
        nonlocal configured, configured_by
        if configured_by != (now := _configuration(entry)):
            configured, configured_by = tuple(_configured_issues(entry)), now
        shown.show(
            (
                *_issues(hass, coordinator.data, entry),
                *of_chargers.of(coordinator.data),
                *configured,
                *unusable,
                *signs.issues(coordinator.data),
                *lost_meters(coordinator.data, entry, lost_since),
            )
        )

    entry.async_on_unload(coordinator.async_add_listener(update))
    entry.async_on_unload(shown.clear)
    update()


def _issues(
    hass: HomeAssistant, data: SiteData, entry: SunfuseConfigEntry
) -> Iterator[RepairIssue]:
    yield from source_issues(hass, data, entry)
    yield from _price_issues(entry)
    if entity_id := entry.runtime_data.battery_hold.failed:
        yield RepairIssue(
            translation_key="battery_hold_failed",
            about=entity_id,
            placeholders=(("entity", entity_id), ("site", entry.title)),
            fix=((ENTITY, entity_id),),
        )
    yield from _plan_issues(entry)
    yield from slow_meters(data, entry)
    yield from _modbus_issues(entry)


def _configuration(entry: SunfuseConfigEntry) -> tuple[object, ...]:
    """Return what `_configured_issues` depend on: the same objects while nothing is changed."""
    return (
        entry.title,
        entry.data,
        entry.options,
        entry.runtime_data.usual_loads,
        entry.modified_at,  # for cards: there may be thousands of them
        *(
            (one.subentry_id, one.title, one.data)
            for one in entry.subentries.values()
            if one.subentry_type != SUBENTRY_CARD
        ),
    )


def _configured_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield what is wrong with the configuration, whatever happens."""
    yield from _unknown_quirks(entry)
    yield from _ignored(entry)
    yield from circuit_issues(entry)


def _unusable_tariffs(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield tariffs that have no effect because their stored data cannot be read."""
    runtime = entry.runtime_data
    tariffs = (
        entry.get_subentries_of_type(SUBENTRY_TARIFF) if not runtime.prices else ()
    )
    capacity = [
        subentry
        for subentry in entry.get_subentries_of_type(SUBENTRY_CAPACITY)
        if subentry.subentry_id not in runtime.peaks.rules
    ]
    for subentry in (*tariffs, *capacity):
        yield RepairIssue(
            translation_key="tariff_unusable",
            about=subentry.subentry_id,
            placeholders=(("site", entry.title), ("tariff", subentry.title)),
            fix=((FIX, REMOVE), (ABOUT, subentry.subentry_id)),
        )


def _unknown_quirks(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield settings of a charger that are not understood, as after a downgrade; they are ignored."""
    for subentry in usable(entry, SUBENTRY_CHARGER):
        overrides: dict[str, str] = subentry.data.get(CONF_QUIRKS, {})
        if unknown := overrides.keys() - dict(understood(overrides.items())).keys():
            yield RepairIssue(
                translation_key="quirk_not_understood",
                about=subentry.subentry_id,
                placeholders=(
                    ("charger", subentry.title),
                    ("quirks", ", ".join(sorted(unknown))),
                ),
                fix=((FIX, FORGET_QUIRKS), (ABOUT, subentry.subentry_id)),
            )


def _ignored(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield sub-entries that cannot be used; the rest of the site runs without them."""
    for subentry in ignored(entry):
        yield RepairIssue(
            translation_key=f"ignored_{subentry.subentry_type}",
            about=subentry.subentry_id,
            placeholders=(("site", entry.title), ("item", subentry.title)),
            fix=((FIX, REMOVE), (ABOUT, subentry.subentry_id)),
        )


def _price_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    if (prices := entry.runtime_data.prices) is None:
        return
    for problem in prices.problems(dt_util.utcnow()):
        yield RepairIssue(
            translation_key=f"price_{problem.key}",
            about="prices",
            placeholders=(("site", entry.title), ("detail", problem.detail or "?")),
            fix=(
                (PRICES, prices.part_of(problem)),
                (PRICE_PROBLEM, problem.key),
                (PRICE_DETAIL, problem.detail or "?"),
            ),
        )


def _plan_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    planning, sentences = entry.runtime_data.planning, entry.runtime_data.sentences
    site = ("site", entry.title)
    names = {key.id: name for key, name in entry.runtime_data.chargers.names.items()}
    if not SOLVER:
        yield RepairIssue(
            translation_key="no_solver", about="plan", placeholders=(site,)
        )
    if planning.failing(planning.clock.now()):
        yield RepairIssue(
            translation_key="planning_failed",
            about="plan",
            placeholders=(site,),
            fix=((FIX, PLAN_NOW),),
        )
    for connector_id, shortfall in planning.lasting_misses().items():
        yield RepairIssue(
            translation_key="plan_misses",
            about=connector_id,
            placeholders=(
                ("charger", names.get(connector_id, connector_id)),
                site,
                (
                    "why",
                    explain(
                        sentences, shortfall_reason(shortfall), planning.clock.now()
                    ),
                ),
            ),
            fix=((PLAN, connector_id),),
        )


def _modbus_issues(entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    devices = entry.runtime_data.modbus
    for subentry_id, reader in devices.gone(dt_util.utcnow(), MODBUS_GONE_AFTER):
        yield RepairIssue(
            translation_key="modbus_gone",
            about=subentry_id,
            placeholders=(
                ("device", reader.name),
                ("site", entry.title),
                ("detail", reader.last_error or "?"),
            ),
            fix=((MODBUS, subentry_id),),
        )
