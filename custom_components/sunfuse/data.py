"""What a site holds while it runs, and what it shows to its entities."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from .central_system import CentralSystem
from .central_system.model import ConnectorState, StationState
from .const import CONF_IDENTITY, MAIN_CIRCUIT
from .engine.model import ConnectorDecision, Decision, MeterReading, PerPhase, Snapshot
from .site.settings import ConnectorSettings, Settings
from .sources.config import SourcesConfig
from .sources.modbus.site import SiteDevices
from .sources.states import SourceProblem

if TYPE_CHECKING:
    from .coordinator import SunfuseCoordinator
    from .site.authorization import Cards, Holder
    from .site.battery_hold import BatteryHold
    from .site.controller import Controller
    from .site.forecasting import SiteForecasts
    from .site.observing import Observed
    from .site.peaks import PeakData, SitePeaks
    from .site.prices import SitePrices
    from .site.simulation import SimulatedHouse


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorKey:
    """Names one connector of one charger of a site."""

    identity: str
    connector: int

    @property
    def id(self) -> str:
        """Return the id by which the engine knows it."""
        return f"{self.identity}/{self.connector}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorData:
    """A connector with all that there is to show about it."""

    key: ConnectorKey
    station: StationState
    connector: ConnectorState
    decision: ConnectorDecision
    settings: ConnectorSettings
    holder: Holder | None = None  # whose card the running transaction is on


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteData:
    """The outcome of one control tick, and what it was decided on."""

    snapshot: Snapshot
    decision: Decision
    connectors: Mapping[ConnectorKey, ConnectorData]
    problems: tuple[SourceProblem, ...] = ()
    # By the sub-entry of the capacity tariff.
    peaks: Mapping[str, PeakData] = field(default_factory=dict)

    @property
    def meter(self) -> MeterReading | None:
        """Return what was read at the main fuse."""
        return dict(self.snapshot.meters).get(MAIN_CIRCUIT)

    @property
    def grid_power_w(self) -> float | None:
        """Return the power from the grid: as metered, else the sum of the phases at the nominal voltage."""
        meter = self.meter
        if meter is None:
            return None
        if meter.power_w is not None or meter.current_a is None:
            return meter.power_w
        return sum(meter.current_a) * self.snapshot.site.voltage_v


@dataclass(kw_only=True)
class SunfuseData:
    """What a loaded config entry holds."""

    central_system: CentralSystem
    controller: Controller
    coordinator: SunfuseCoordinator
    settings: Settings
    battery_hold: BatteryHold
    sentences: Mapping[str, str]
    cards: Cards
    modbus: SiteDevices
    simulated_house: SimulatedHouse | None = None  # None where the site is real
    prices: SitePrices | None = None  # None where the site has no tariff
    peaks: SitePeaks
    forecasts: SiteForecasts
    observed: Observed
    sources: SourcesConfig = SourcesConfig()
    # What the house leaves on each phase to chargers that nobody commands; None while it is not known.
    unwatched_a: PerPhase | None = None


type SunfuseConfigEntry = ConfigEntry[SunfuseData]


def identity_of(subentry: ConfigSubentry) -> str:
    """Return the OCPP identity of a charger's sub-entry."""
    identity: str = subentry.data[CONF_IDENTITY]
    return identity
