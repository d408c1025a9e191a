"""What a loaded config entry holds: the site's parts, for entities, actions and forms. The parts do not import it."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from .central_system import CentralSystem
from .const import DOMAIN
from .coordinator import SunfuseCoordinator
from .site.battery.battery_hold import BatteryHold
from .site.cars.car_sessions import CarSessions
from .site.cars.demands import Demands
from .site.cars.departures import Departures
from .site.cars.vehicles import Vehicles
from .site.chargers.chargers import Chargers
from .site.chargers.sent_passwords import SentPasswords
from .site.controller import Controller
from .site.ledger.ledger import SiteLedger
from .site.ledger.ledger_figures import LedgerFigures
from .site.ledger.session_statistics import SessionStatistics
from .site.ledger.todays_sessions import TodaysSessions
from .site.observing import Observed
from .site.people.cards import Cards
from .site.people.persons import Persons
from .site.planning.forecasting import SiteForecasts
from .site.planning.peaks import SitePeaks
from .site.planning.planning import SitePlanning
from .site.prices import SitePrices
from .site.settings import Settings
from .site.simulated.simulated_house import SimulatedHouse
from .site.usual_loads import UsualLoads
from .sources.config import SourcesConfig
from .sources.modbus.site_devices import SiteDevices


@dataclass(kw_only=True)
class SunfuseData:
    """The parts of a site that is set up."""

    central_system: CentralSystem
    chargers: Chargers
    vehicles: Vehicles
    departures: Departures
    car_sessions: CarSessions
    demands: Demands
    controller: Controller
    coordinator: SunfuseCoordinator
    settings: Settings
    battery_hold: BatteryHold
    sentences: Mapping[str, str]
    cards: Cards
    persons: Persons
    passwords: SentPasswords
    modbus: SiteDevices
    simulated_house: SimulatedHouse | None = None  # None if the site is real
    prices: SitePrices | None = None  # None if the site has no tariff
    peaks: SitePeaks
    forecasts: SiteForecasts
    planning: SitePlanning
    observed: Observed
    ledger: SiteLedger
    figures: LedgerFigures
    today: TodaysSessions
    statistics: SessionStatistics
    sources: SourcesConfig = SourcesConfig()
    usual_loads: UsualLoads = UsualLoads()


type SunfuseConfigEntry = ConfigEntry[SunfuseData]


def loaded_sites(hass: HomeAssistant) -> list[SunfuseConfigEntry]:
    """Return the sites that are set up."""
    entries: list[SunfuseConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    return [entry for entry in entries if entry.state is ConfigEntryState.LOADED]


def loaded_site(hass: HomeAssistant, entry_id: str) -> SunfuseConfigEntry | None:
    """Return a site; None if there is no such site, or it is not set up."""
    return next((one for one in loaded_sites(hass) if one.entry_id == entry_id), None)
