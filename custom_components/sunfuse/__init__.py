"""Sunfuse: an OCPP central system that shares a site's current among its chargers, solar power first."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, issue_registry as ir
from homeassistant.helpers.device_registry import AnyDeviceEntry
from homeassistant.helpers.typing import ConfigType

from .actions import async_setup_actions
from .assist.spoken import async_setup_sentences
from .const import DOMAIN
from .dashboard_offer import async_offer_dashboard
from .data import SunfuseConfigEntry
from .devices import current_identifiers, register_devices
from .pages import async_setup_pages
from .repair_issues.open_issues import watch_issues
from .site.battery.battery_hold import BatteryHold
from .site.battery_commands import follow_orders
from .site.cars.car_sessions import session_store
from .site.cars.departures import departure_store
from .site.chargers.certificate_authority import async_remove_authority
from .site.chargers.sent_passwords import password_store
from .site.chargers.tls import forget_issue
from .site.circuits import CircuitTree
from .site.device_names import follow_device_names, take_device_names
from .site.energy_devices import propose_energy_devices
from .site.ledger.ledger_file import async_remove_ledger
from .site.ledger.person_standing import follow_standings
from .site.ledger.session_retention import follow_retention
from .site.memory_file import MemoryFile
from .site.observing import observed_store
from .site.people.cards import follow_unknown_cards
from .site.people.person_removal import async_join_migrated
from .site.planning.forecasting import forecast_store
from .site.planning.peaks import peak_store
from .site.planning.plan_file import plan_store
from .site.prices import price_store
from .site.reporting import setup_report
from .site.settings import Settings, default_mode
from .site.tick_guard import issue_id
from .site.uncontrolled_chargers import follow_unwatched
from .site.updates import (
    Baseline,
    follow_entry,
    follow_readings,
    follow_renames,
    follow_stations,
)
from .site.versions import forget_downgrade, migrate, report_downgrades
from .site_assembly import async_build, async_memory_file, async_settings
from .site_startup import async_listen, async_start_parts
from .websocket import async_setup_websocket

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
    Platform.UPDATE,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions, the cards and the pages, which exist whether a site is loaded or not."""
    async_setup_actions(hass)
    async_setup_websocket(hass)
    setup_report(hass)
    await async_setup_pages(hass)
    await async_setup_sentences(hass)
    report_downgrades(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: SunfuseConfigEntry) -> bool:
    """Migrate an entry of an earlier version."""
    migrate(hass, entry)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SunfuseConfigEntry) -> bool:
    """Set up a site: its central system, its control loop and its entities."""
    take_device_names(hass, entry)
    # Changes from here on, while files are read and ports are opened, are applied at the end.
    built_from = Baseline.of(entry)
    follow_renames(hass, entry)
    settings = await async_settings(hass, entry)
    memory_file = await async_memory_file(hass, entry)
    site = entry.runtime_data = await async_build(hass, entry, settings, memory_file)
    register_devices(hass, entry)
    tree = CircuitTree.of(entry)
    settings.forget_circuits({*tree.circuits, *tree.ignored})
    # Before the first charger can connect, so that none of the site's own chargers counts as unknown.
    site.controller.load_chargers()
    await memory_file.async_put_aside()
    if not site.controller.guard.ever_worked:
        site.controller.tick()  # the engine may have failed on its memory
    if not site.controller.guard.ever_worked:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="tick_failed"
        )
    follow_stations(hass, entry)
    follow_device_names(hass, entry, site.controller.load_chargers)
    # Before the first charger can connect: all that is reported is stored. The ledger is first: when a charger's memory has
    # the end of a session, that is not reported again.
    entry.async_on_unload(site.ledger.start(site.coordinator))
    await site.ledger.async_stored()
    entry.async_on_unload(
        memory_file.start(site.central_system, site.controller.remembered)
    )
    await async_join_migrated(hass, entry)
    # Before the first card is held to a charger: who has used up their energy is known.
    await site.figures.async_start()
    follow_standings(
        hass,
        persons=site.persons,
        cards=site.cards,
        figures=site.figures,
        central_system=site.central_system,
        changed=site.controller.request_tick,
    )
    await async_listen(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await async_start_parts(hass, entry)
    follow_unknown_cards(hass, entry, site.cards, site.central_system)
    follow_orders(
        entry,
        ticks=site.coordinator,
        planning=site.planning,
        battery=site.battery_hold,
    )
    watch_issues(hass, entry)
    site.statistics.start()
    follow_retention(hass, entry, site.ledger)
    propose_energy_devices(hass, entry, site.chargers.connector_keys)
    follow_unwatched(hass, entry)
    await async_offer_dashboard(hass, entry)
    follow_entry(hass, entry, built_from)
    follow_readings(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SunfuseConfigEntry) -> bool:
    """Unload a site: its chargers fall back to their fail-safe current until it is set up again."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Remove the settings of users together with the site."""
    await BatteryHold(hass, entry).async_remove()
    await Settings(hass, entry.entry_id, default_mode(entry.data)).async_remove()
    await MemoryFile(hass, entry.entry_id).async_remove()
    await price_store(hass, entry.entry_id).async_remove()
    await forecast_store(hass, entry.entry_id).async_remove()
    await peak_store(hass, entry.entry_id).async_remove()
    await observed_store(hass, entry.entry_id).async_remove()
    await departure_store(hass, entry.entry_id).async_remove()
    await plan_store(hass, entry.entry_id).async_remove()
    await session_store(hass, entry.entry_id).async_remove()
    await password_store(hass, entry.entry_id).async_remove()
    await async_remove_ledger(hass, entry)
    forget_issue(hass, entry.entry_id)
    forget_downgrade(hass, entry)
    ir.async_delete_issue(hass, DOMAIN, issue_id(entry))
    await async_remove_authority(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: SunfuseConfigEntry, device: AnyDeviceEntry
) -> bool:
    """Allow deleting a device that is gone; an existing charger is removed with its sub-entry, the site with its entry."""
    if entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.chargers.drop_unbelieved(device.identifiers)
    return not device.identifiers & current_identifiers(entry)
