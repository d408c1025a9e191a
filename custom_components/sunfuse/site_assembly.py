"""Makes the parts of a site and hands each one what it needs, by its constructor."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .central_system import CentralSystem
from .const import CONF_KIND, CONF_SPEED, KIND_SIMULATED, SUBENTRY_MODBUS
from .coordinator import SunfuseCoordinator
from .data import SunfuseConfigEntry, SunfuseData
from .site.battery.battery_hold import BatteryHold
from .site.cars.car_sessions import CarSessions, async_load_car_sessions
from .site.cars.demands import Demands
from .site.cars.departures import Departures, async_load_departures
from .site.cars.vehicles import Vehicles
from .site.chargers.chargers import Chargers
from .site.chargers.sent_passwords import SentPasswords
from .site.controller import Controller
from .site.ledger.ledger import SiteLedger
from .site.ledger.ledger_figures import LedgerFigures
from .site.ledger.ledger_file import async_load_ledger
from .site.ledger.session_statistics import SessionStatistics
from .site.ledger.todays_sessions import TodaysSessions
from .site.memory_file import MemoryFile
from .site.observing import Observed, async_load_observed
from .site.people.cards import Cards
from .site.people.persons import Persons
from .site.planning.forecasting import SiteForecasts, async_load_forecasts
from .site.planning.peaks import SitePeaks, async_load_peaks
from .site.planning.planning import SitePlanning
from .site.planning.site_demands import SiteDemands
from .site.prices import SitePrices, async_load_prices
from .site.settings import Settings, default_mode
from .site.simulated.simulated_house import SimulatedHouse
from .site.simulated.simulated_vehicles import set_first_departures
from .site.simulated.site_clock import SiteClock
from .site.situation import SituationReader
from .site.subentries import usable
from .site.timekeeper import Timekeeper
from .sources.modbus.site_devices import DeviceConfig, SiteDevices
from .translated_reasons import async_load_sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the other parts are made with."""

    hass: HomeAssistant
    entry: SunfuseConfigEntry
    settings: Settings
    memory_file: MemoryFile
    timekeeper: Timekeeper
    central_system: CentralSystem
    coordinator: SunfuseCoordinator
    house: SimulatedHouse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cars:
    """The cars, and what is asked for them."""

    vehicles: Vehicles
    departures: Departures
    sessions: CarSessions
    demands: Demands


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChargingPlaces:
    """The chargers, and who may charge there."""

    persons: Persons
    cards: Cards
    passwords: SentPasswords
    chargers: Chargers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Energy:
    """What energy there will be, what it costs, and how it is used."""

    prices: SitePrices | None
    peaks: SitePeaks
    forecasts: SiteForecasts
    observed: Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sessions:
    """The ledger of sessions, and what is shown of it."""

    ledger: SiteLedger
    statistics: SessionStatistics
    figures: LedgerFigures
    today: TodaysSessions


async def async_build(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    settings: Settings,
    memory_file: MemoryFile,
) -> SunfuseData:
    """Make the parts of a site, each with the others that it needs."""
    # What a crash left changed is restored even if the site cannot be set up.
    battery_hold = await _battery_hold(hass, entry)
    timekeeper = Timekeeper()
    base = _Base(
        hass=hass,
        entry=entry,
        settings=settings,
        memory_file=memory_file,
        timekeeper=timekeeper,
        central_system=CentralSystem(now=dt_util.utcnow, check_time=timekeeper.check),
        coordinator=SunfuseCoordinator(hass, entry),
        house=SimulatedHouse(entry) if _is_simulated(entry) else None,
    )
    cars = await _cars(hass, entry)
    places = await _places(base, cars)
    energy = await _energy(hass, entry, places.chargers)
    planning = await _planning(base, cars, places, energy)
    sentences = await async_load_sentences(hass)
    controller = _controller(base, cars, places, energy, planning, sentences)
    modbus = await _modbus(hass, entry)
    sessions = await _sessions(base, cars, places, energy, planning)
    site = SunfuseData(
        central_system=base.central_system,
        coordinator=base.coordinator,
        settings=settings,
        simulated_house=base.house,
        battery_hold=battery_hold,
        modbus=modbus,
        sentences=sentences,
        vehicles=cars.vehicles,
        departures=cars.departures,
        car_sessions=cars.sessions,
        demands=cars.demands,
        persons=places.persons,
        cards=places.cards,
        passwords=places.passwords,
        chargers=places.chargers,
        prices=energy.prices,
        peaks=energy.peaks,
        forecasts=energy.forecasts,
        observed=energy.observed,
        planning=planning,
        controller=controller,
        ledger=sessions.ledger,
        statistics=sessions.statistics,
        figures=sessions.figures,
        today=sessions.today,
    )
    _follow_clock(timekeeper, site)
    return site


def _is_simulated(entry: SunfuseConfigEntry) -> bool:
    return bool(entry.data[CONF_KIND] == KIND_SIMULATED)


async def _cars(hass: HomeAssistant, entry: SunfuseConfigEntry) -> _Cars:
    vehicles = Vehicles(hass, entry)
    departures = await async_load_departures(hass, entry)
    if _is_simulated(entry) and entry.data.get(CONF_SPEED, 1.0) == 1:
        # In a hurry drivers say themselves when they leave: the clock of weekly departures is the wall's.
        set_first_departures(departures, vehicles)
    sessions = await async_load_car_sessions(hass, entry, vehicles, departures)
    return _Cars(
        vehicles=vehicles,
        departures=departures,
        sessions=sessions,
        demands=Demands(vehicles=vehicles, sessions=sessions, departures=departures),
    )


async def _places(base: _Base, cars: _Cars) -> _ChargingPlaces:
    hass, entry = base.hass, base.entry
    # Before the chargers are loaded: what a crash left unstored is valid for them.
    passwords = SentPasswords(hass, entry)
    await passwords.async_load()
    persons = Persons(hass, entry)
    cards = Cards(hass, entry, base.central_system.stations, persons)
    base.central_system.set_cards(cards.policy())
    chargers = Chargers(
        hass,
        entry,
        central_system=base.central_system,
        settings=base.settings,
        memory_file=base.memory_file,
        cards=cards,
        persons=persons,
        known_vehicle=cars.demands.known_vehicle,
        is_reserved=cars.departures.is_reserved,
    )
    return _ChargingPlaces(
        persons=persons, cards=cards, passwords=passwords, chargers=chargers
    )


async def _energy(
    hass: HomeAssistant, entry: SunfuseConfigEntry, chargers: Chargers
) -> _Energy:
    simulated = _is_simulated(entry)
    return _Energy(
        peaks=await async_load_peaks(hass, entry),
        prices=await async_load_prices(hass, entry),
        forecasts=await async_load_forecasts(
            hass, entry, simulated=simulated, connectors=chargers.connector_keys
        ),
        observed=await async_load_observed(hass, entry, simulated=simulated),
    )


async def _planning(
    base: _Base, cars: _Cars, places: _ChargingPlaces, energy: _Energy
) -> SitePlanning:
    planning = SitePlanning(
        base.hass,
        base.entry,
        ticks=base.coordinator,
        chargers=places.chargers,
        demands=SiteDemands(cars.demands, SiteClock(base.house)),
        prices=energy.prices,
        forecasts=energy.forecasts,
        peaks=energy.peaks,
        settings=base.settings,
    )
    await planning.async_load()
    base.entry.async_on_unload(planning.async_save)
    return planning


def _controller(
    base: _Base,
    cars: _Cars,
    places: _ChargingPlaces,
    energy: _Energy,
    planning: SitePlanning,
    sentences: Mapping[str, str],
) -> Controller:
    situations = SituationReader(
        base.hass,
        base.entry,
        chargers=places.chargers,
        demands=cars.demands,
        persons=places.persons,
        peaks=energy.peaks,
        planning=planning,
        settings=base.settings,
        sentences=sentences,
    )
    return Controller(
        base.hass,
        base.entry,
        situations=situations,
        chargers=places.chargers,
        central_system=base.central_system,
        coordinator=base.coordinator,
        settings=base.settings,
        memory_file=base.memory_file,
        timekeeper=base.timekeeper,
    )


async def _sessions(
    base: _Base,
    cars: _Cars,
    places: _ChargingPlaces,
    energy: _Energy,
    planning: SitePlanning,
) -> _Sessions:
    hass, entry = base.hass, base.entry
    ledger = await async_load_ledger(
        hass,
        entry,
        cards=places.cards,
        persons=places.persons,
        central_system=base.central_system,
        demands=cars.demands,
        observed=energy.observed,
        prices=energy.prices,
    )
    return _Sessions(
        ledger=ledger,
        statistics=SessionStatistics(hass, entry, ledger, planning.currency),
        figures=LedgerFigures(
            hass,
            entry,
            ledger,
            places.chargers.connector_keys,
            cars.demands.judge_habits,
        ),
        today=TodaysSessions(hass, entry, ledger),
    )


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
    memory_file = MemoryFile(hass, entry.entry_id, simulated=_is_simulated(entry))
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
