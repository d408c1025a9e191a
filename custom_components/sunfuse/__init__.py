"""Sunfuse: an OCPP central system that shares a site's current among its chargers, solar power first."""

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, issue_registry as ir
from homeassistant.helpers.device_registry import AnyDeviceEntry
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util

from .actions import async_setup_actions
from .central_system import CentralSystem
from .const import (
    CONF_KIND,
    CONF_PORT,
    CONF_SOURCES,
    CONF_SPEED,
    DOMAIN,
    KIND_SIMULATED,
    SUBENTRY_MODBUS,
)
from .coordinator import SunfuseCoordinator
from .dashboard_offer import async_offer_dashboard
from .data import SunfuseConfigEntry, SunfuseData
from .devices import (
    current_identifiers,
    register_capacity_tariffs,
    register_circuits,
    register_site,
    register_vehicles,
)
from .issues import watch_issues
from .pages import async_setup_pages
from .site.battery_commands import follow_orders
from .site.battery_hold import BatteryHold
from .site.car_sessions import async_load_car_sessions, session_store
from .site.cards import Cards, follow_unknown_cards
from .site.certificate_authority import async_authority, async_remove_authority
from .site.chargers import Chargers
from .site.circuits import CircuitTree
from .site.controller import Controller
from .site.demands import Demands
from .site.departures import async_load_departures, departure_store
from .site.energy_devices import propose_energy_devices
from .site.forecasting import async_load_forecasts, forecast_store
from .site.ledger import async_load_ledger
from .site.ledger_figures import LedgerFigures
from .site.ledger_file import async_remove_ledger
from .site.memory_file import MemoryFile
from .site.observing import async_load_observed, observed_store
from .site.past_sessions import async_past_sessions
from .site.peaks import async_load_peaks, peak_store, start_peaks
from .site.planning import SitePlanning
from .site.prices import async_load_prices, price_store
from .site.reporting import setup_report
from .site.session_retention import follow_retention
from .site.session_statistics import SessionStatistics
from .site.settings import Settings, default_mode
from .site.simulated_house import SimulatedHouse
from .site.simulated_vehicles import set_first_departures
from .site.site_clock import SiteClock
from .site.snapshot import site_of
from .site.subentries import usable
from .site.tick_guard import issue_id
from .site.timekeeper import Timekeeper
from .site.tls import async_tls, forget_issue, is_encrypted
from .site.uncontrolled_chargers import follow_unwatched
from .site.updates import Baseline, follow_entry, follow_renames, follow_stations
from .site.vehicles import Vehicles
from .site.versions import forget_downgrade, migrate, report_downgrades
from .sources.config import SourcesConfig
from .sources.live_readings import LiveSource
from .sources.modbus.site_devices import DeviceConfig, SiteDevices
from .translated_reasons import async_load_sentences
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
    report_downgrades(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: SunfuseConfigEntry) -> bool:
    """Migrate an entry of an earlier version."""
    migrate(hass, entry)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SunfuseConfigEntry) -> bool:
    """Set up a site: its central system, its control loop and its entities."""
    # Changes from here on, while files are read and ports are opened, are applied at the end.
    built_from = Baseline.of(entry)
    follow_renames(hass, entry)
    settings = await _async_settings(hass, entry)
    memory_file = await _async_persistence(hass, entry)
    site = entry.runtime_data = await _async_build(hass, entry, settings, memory_file)
    register_site(hass, entry)
    register_circuits(hass, entry)
    tree = CircuitTree.of(entry)
    settings.forget_circuits({*tree.circuits, *tree.ignored})
    register_vehicles(hass, entry)
    register_capacity_tariffs(hass, entry)
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
    # Before the first charger can connect: all that is reported is stored.
    entry.async_on_unload(site.ledger.start(site.coordinator))
    await _listen(hass, entry)
    await site.figures.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await _async_start(hass, entry)
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
    return True


async def _async_settings(hass: HomeAssistant, entry: SunfuseConfigEntry) -> Settings:
    """Return the settings of users."""
    settings = Settings(hass, entry.entry_id, default_mode(entry.data))
    await settings.async_load()
    entry.async_on_unload(settings.async_save)
    return settings


async def _async_persistence(
    hass: HomeAssistant, entry: SunfuseConfigEntry
) -> MemoryFile:
    """Return what the engine and the chargers remember."""
    simulated = entry.data[CONF_KIND] == KIND_SIMULATED
    memory_file = MemoryFile(hass, entry.entry_id, simulated=simulated)
    await memory_file.async_load()
    entry.async_on_unload(memory_file.async_save)
    return memory_file


async def _async_build(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    settings: Settings,
    memory_file: MemoryFile,
) -> SunfuseData:
    """Make the parts of a site, each with the others that it needs."""
    simulated = entry.data[CONF_KIND] == KIND_SIMULATED
    # What a crash left changed is restored even if the site cannot be set up.
    battery_hold = BatteryHold(hass, entry)
    await battery_hold.async_load()
    entry.async_on_unload(battery_hold.async_stop)
    timekeeper = Timekeeper()
    central_system = CentralSystem(now=dt_util.utcnow, check_time=timekeeper.check)
    coordinator = SunfuseCoordinator(hass, entry)
    cards = Cards(hass, entry, central_system.stations)
    central_system.set_cards(cards.policy())
    chargers = Chargers(
        hass,
        entry,
        central_system=central_system,
        settings=settings,
        memory_file=memory_file,
        cards=cards,
    )
    vehicles = Vehicles(hass, entry)
    departures = await async_load_departures(hass, entry)
    if simulated and entry.data.get(CONF_SPEED, 1.0) == 1:
        # In a hurry drivers say themselves when they leave: the clock of weekly departures is the wall's.
        set_first_departures(departures, vehicles)
    car_sessions = await async_load_car_sessions(hass, entry, vehicles, departures)
    demands = Demands(vehicles=vehicles, sessions=car_sessions, departures=departures)
    sentences = await async_load_sentences(hass)
    peaks = await async_load_peaks(hass, entry)
    prices = await async_load_prices(hass, entry)
    forecasts = await async_load_forecasts(
        hass, entry, simulated=simulated, connectors=chargers.connector_keys
    )
    house = SimulatedHouse(entry) if simulated else None
    planning = SitePlanning(
        hass,
        entry,
        ticks=coordinator,
        chargers=chargers,
        demands=demands,
        prices=prices,
        forecasts=forecasts,
        peaks=peaks,
        settings=settings,
        clock=SiteClock(house),
    )
    controller = Controller(
        hass,
        entry,
        chargers=chargers,
        demands=demands,
        central_system=central_system,
        coordinator=coordinator,
        settings=settings,
        memory_file=memory_file,
        timekeeper=timekeeper,
        cards=cards,
        peaks=peaks,
        planning=planning,
        sentences=sentences,
    )
    observed = await async_load_observed(hass, entry, simulated=simulated)
    modbus = await _modbus(hass, entry)
    ledger = await async_load_ledger(
        hass,
        entry,
        cards=cards,
        central_system=central_system,
        demands=demands,
        observed=observed,
        prices=prices,
    )
    for part in (
        controller,
        central_system,
        modbus,
        peaks,
        battery_hold,
        observed,
        planning,
        ledger,
    ):
        timekeeper.on_jump(part.clock_was_set)
    return SunfuseData(
        cards=cards,
        central_system=central_system,
        chargers=chargers,
        vehicles=vehicles,
        departures=departures,
        car_sessions=car_sessions,
        demands=demands,
        controller=controller,
        coordinator=coordinator,
        settings=settings,
        battery_hold=battery_hold,
        sentences=sentences,
        modbus=modbus,
        simulated_house=house,
        prices=prices,
        peaks=peaks,
        forecasts=forecasts,
        planning=planning,
        observed=observed,
        ledger=ledger,
        statistics=SessionStatistics(
            hass, entry, ledger, prices.currency if prices else hass.config.currency
        ),
        figures=LedgerFigures(hass, entry, ledger, chargers.connector_keys),
    )


async def _async_start(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Start the parts of a site, once its entities exist."""
    site = entry.runtime_data
    house = site.simulated_house
    if house:
        await house.async_start(hass, site.central_system.port)
        entry.async_on_unload(house.async_stop)
    site.modbus.start()
    site.controller.start(_live_source(hass, entry, house))
    entry.async_on_unload(site.vehicles.start(site.controller.request_tick))
    if not site.car_sessions.past:
        site.car_sessions.learn(await async_past_sessions(site.ledger))
    await site.observed.async_put_aside()
    entry.async_on_unload(site.controller.stop)
    entry.async_on_unload(site.observed.start(site.coordinator, site.sources))
    site.forecasts.start(site.sources, house.forecasts(hass) if house else ())
    if site.prices:
        site.prices.start()
    if site.planning.clock.house is None:
        start_peaks(hass, entry, site.peaks, site.sources)
    else:
        # Where time runs faster, what was recorded by the clock on the wall is of another time.
        site.peaks.begin_anew()
    site.planning.start()
    entry.async_on_unload(site.planning.stop)


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
    await session_store(hass, entry.entry_id).async_remove()
    await async_remove_ledger(hass, entry)
    forget_issue(hass, entry.entry_id)
    forget_downgrade(hass, entry)
    ir.async_delete_issue(hass, DOMAIN, issue_id(entry))
    await async_remove_authority(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: SunfuseConfigEntry, device: AnyDeviceEntry
) -> bool:
    """Allow deleting a device that is gone; an existing charger is removed with its sub-entry, the site with its entry."""
    return not device.identifiers & current_identifiers(entry)


async def _modbus(hass: HomeAssistant, entry: SunfuseConfigEntry) -> SiteDevices:
    """Return the site's Modbus devices, ready for reading."""
    devices = SiteDevices(hass, entry)
    entry.async_on_unload(devices.async_stop)
    await devices.async_load(
        (subentry.subentry_id, subentry.title, DeviceConfig.from_dict(subentry.data))
        for subentry in usable(entry, SUBENTRY_MODBUS)
    )
    return devices


async def _listen(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Listen for chargers: from anywhere, but for a simulated site from this machine only."""
    central_system = entry.runtime_data.central_system
    host = "127.0.0.1" if entry.data[CONF_KIND] == KIND_SIMULATED else None
    tls = None
    if is_encrypted(entry):
        authority = await async_authority(hass, entry.entry_id, entry.title)
        central_system.set_authority(authority)
        tls = await async_tls(hass, entry, authority.certificate)
    else:
        forget_issue(hass, entry.entry_id)
    try:
        await central_system.start(host, entry.data[CONF_PORT], tls)
    except OSError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="port_taken",
            translation_placeholders={"port": str(entry.data[CONF_PORT])},
        ) from err
    entry.async_on_unload(central_system.stop)

    async def shut_down(_event: Event) -> None:
        await entry.runtime_data.modbus.async_stop()
        # Entries are not unloaded when Home Assistant stops; the chargers should be disconnected in order.
        await entry.runtime_data.battery_hold.async_stop()
        if house := entry.runtime_data.simulated_house:
            await house.async_stop()
        await central_system.stop()

    entry.async_on_unload(
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, shut_down)
    )


def _live_source(
    hass: HomeAssistant, entry: SunfuseConfigEntry, house: SimulatedHouse | None
) -> LiveSource:
    site = site_of(entry.data)
    sources = (
        house.sources(hass)
        if house
        else SourcesConfig.from_dict(entry.data[CONF_SOURCES])
    )
    entry.runtime_data.sources = sources
    observed = entry.runtime_data.observed
    source = LiveSource(
        hass,
        sources,
        phases=site.phases,
        voltage_v=site.voltage_v,
        circuits=CircuitTree.of(entry).sources(),
        freshness=observed.freshness,
    )
    observed.take_back(source.entities)
    return source
