"""Makes the parts of a site and hands each one what it needs, by its constructor."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .central_system import CentralSystem
from .const import CONF_KIND, CONF_SPEED, KIND_SIMULATED, SUBENTRY_MODBUS
from .coordinator import SunfuseCoordinator
from .data import SunfuseConfigEntry, SunfuseData
from .site.battery.battery_hold import BatteryHold
from .site.cars.car_sessions import async_load_car_sessions
from .site.cars.demands import Demands
from .site.cars.departures import async_load_departures
from .site.cars.vehicles import Vehicles
from .site.chargers.chargers import Chargers
from .site.chargers.sent_passwords import SentPasswords
from .site.controller import Controller
from .site.ledger.ledger_figures import LedgerFigures
from .site.ledger.ledger_file import async_load_ledger
from .site.ledger.session_statistics import SessionStatistics
from .site.ledger.todays_sessions import TodaysSessions
from .site.memory_file import MemoryFile
from .site.observing import async_load_observed
from .site.people.cards import Cards
from .site.people.persons import Persons
from .site.planning.forecasting import async_load_forecasts
from .site.planning.peaks import async_load_peaks
from .site.planning.planning import SitePlanning
from .site.planning.site_demands import SiteDemands
from .site.prices import async_load_prices
from .site.settings import Settings, default_mode
from .site.simulated.simulated_house import SimulatedHouse
from .site.simulated.simulated_vehicles import set_first_departures
from .site.simulated.site_clock import SiteClock
from .site.subentries import usable
from .site.timekeeper import Timekeeper
from .sources.modbus.site_devices import DeviceConfig, SiteDevices
from .translated_reasons import async_load_sentences


async def async_build(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    settings: Settings,
    memory_file: MemoryFile,
) -> SunfuseData:
    """Make the parts of a site, each with the others that it needs."""
    simulated = entry.data[CONF_KIND] == KIND_SIMULATED
    # What a crash left changed is restored even if the site cannot be set up.
    battery_hold = await _battery_hold(hass, entry)
    # Before the chargers are loaded: what a crash left unstored is valid for them.
    passwords = SentPasswords(hass, entry)
    await passwords.async_load()
    timekeeper = Timekeeper()
    central_system = CentralSystem(now=dt_util.utcnow, check_time=timekeeper.check)
    coordinator = SunfuseCoordinator(hass, entry)
    persons = Persons(hass, entry)
    cards = Cards(hass, entry, central_system.stations, persons)
    central_system.set_cards(cards.policy())
    vehicles = Vehicles(hass, entry)
    departures = await async_load_departures(hass, entry)
    if simulated and entry.data.get(CONF_SPEED, 1.0) == 1:
        # In a hurry drivers say themselves when they leave: the clock of weekly departures is the wall's.
        set_first_departures(departures, vehicles)
    car_sessions = await async_load_car_sessions(hass, entry, vehicles, departures)
    demands = Demands(vehicles=vehicles, sessions=car_sessions, departures=departures)
    chargers = Chargers(
        hass,
        entry,
        central_system=central_system,
        settings=settings,
        memory_file=memory_file,
        cards=cards,
        persons=persons,
        known_vehicle=demands.known_vehicle,
        is_reserved=departures.is_reserved,
    )
    sentences = await async_load_sentences(hass)
    peaks = await async_load_peaks(hass, entry)
    prices = await async_load_prices(hass, entry)
    forecasts = await async_load_forecasts(
        hass, entry, simulated=simulated, connectors=chargers.connector_keys
    )
    house = SimulatedHouse(entry) if simulated else None
    clock = SiteClock(house)
    site_demands = SiteDemands(demands, clock)
    planning = SitePlanning(
        hass,
        entry,
        ticks=coordinator,
        chargers=chargers,
        demands=site_demands,
        prices=prices,
        forecasts=forecasts,
        peaks=peaks,
        settings=settings,
        clock=clock,
    )
    await planning.async_load()
    entry.async_on_unload(planning.async_save)
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
        persons=persons,
        peaks=peaks,
        planning=planning,
        site_demands=site_demands,
        sentences=sentences,
    )
    observed = await async_load_observed(hass, entry, simulated=simulated)
    modbus = await _modbus(hass, entry)
    ledger = await async_load_ledger(
        hass,
        entry,
        cards=cards,
        persons=persons,
        central_system=central_system,
        demands=demands,
        observed=observed,
        prices=prices,
    )
    site = SunfuseData(
        cards=cards,
        persons=persons,
        passwords=passwords,
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
        figures=LedgerFigures(
            hass, entry, ledger, chargers.connector_keys, demands.judge_habits
        ),
        today=TodaysSessions(hass, entry, ledger),
    )
    _follow_clock(timekeeper, site)
    return site


def _follow_clock(timekeeper: Timekeeper, site: SunfuseData) -> None:
    """Let every part that stores times hear of it when the wall clock is set."""
    for part in (
        site.controller,
        site.central_system,
        site.car_sessions,
        site.modbus,
        site.peaks,
        site.battery_hold,
        site.observed,
        site.forecasts,
        site.planning,
        site.ledger,
    ):
        timekeeper.on_jump(part.clock_was_set)
    if site.prices:
        timekeeper.on_jump(site.prices.clock_was_set)


async def async_settings(hass: HomeAssistant, entry: SunfuseConfigEntry) -> Settings:
    """Return the settings of users."""
    settings = Settings(hass, entry.entry_id, default_mode(entry.data))
    await settings.async_load()
    entry.async_on_unload(settings.async_save)
    return settings


async def async_memory_file(
    hass: HomeAssistant, entry: SunfuseConfigEntry
) -> MemoryFile:
    """Return what the engine and the chargers remember."""
    simulated = entry.data[CONF_KIND] == KIND_SIMULATED
    memory_file = MemoryFile(hass, entry.entry_id, simulated=simulated)
    await memory_file.async_load()
    entry.async_on_unload(memory_file.async_save)
    return memory_file


async def _battery_hold(hass: HomeAssistant, entry: SunfuseConfigEntry) -> BatteryHold:
    """Return who commands the home battery, which it no longer does once the site is unloaded."""
    battery_hold = BatteryHold(hass, entry)
    await battery_hold.async_load()
    entry.async_on_unload(battery_hold.async_stop)
    return battery_hold


async def _modbus(hass: HomeAssistant, entry: SunfuseConfigEntry) -> SiteDevices:
    """Return the site's Modbus devices, ready for reading."""
    devices = SiteDevices(hass, entry)
    entry.async_on_unload(devices.async_stop)
    await devices.async_load(
        (subentry.subentry_id, subentry.title, DeviceConfig.from_dict(subentry.data))
        for subentry in usable(entry, SUBENTRY_MODBUS)
    )
    return devices
