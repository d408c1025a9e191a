"""The outcome of one control tick, for entities and the site's other parts. It imports none of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from homeassistant.config_entries import ConfigSubentry

from ..central_system.station_state import ConnectorState, StationState
from ..const import CONF_CONNECTORS, CONF_IDENTITY, CONF_MORE_CONNECTORS, MAIN_CIRCUIT
from ..drivers.person_terms import PersonStanding
from ..engine.meters.living_sensors import reported_since
from ..engine.model import (
    CircuitState,
    ConnectorDecision,
    Decision,
    MeterReading,
    Snapshot,
)
from ..sources.states import SourceProblem
from ..sources.tariffs.month_peaks import PeakInterval
from ..sources.tariffs.peak_allowance import Allowance
from .settings import ConnectorSettings


class ConnectorKey(NamedTuple):
    """Identifies one connector of one charger of a site. It is looked up thousands of times per tick: a tuple is fastest."""

    identity: str
    connector: int

    @property
    def id(self) -> str:
        """Return its id in the engine."""
        return f"{self.identity}/{self.connector}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The person who charges at a connector: whose card, or else whose vehicle, it is."""

    subentry_id: str
    name: str
    priority: int | None = None
    standing: PersonStanding = PersonStanding.VALID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorData:
    """A connector with everything that is shown about it."""

    key: ConnectorKey
    station: StationState
    connector: ConnectorState
    decision: ConnectorDecision
    settings: ConnectorSettings
    holder: Holder | None = None  # who charges
    # What is set, asked and known of the car: the identical object while all of that is.
    gathered: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakData:
    """What is shown of a capacity tariff. `may_draw_w` is bounded by the main fuse."""

    allowance: Allowance
    may_draw_w: float
    measure_w: float
    billed_w: float
    peaks: tuple[PeakInterval, ...]
    cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteData:
    """The outcome of one control tick, and its input."""

    snapshot: Snapshot
    decision: Decision
    connectors: Mapping[ConnectorKey, ConnectorData]
    problems: tuple[SourceProblem, ...] = ()
    # By the sub-entry of the capacity tariff.
    peaks: Mapping[str, PeakData] = field(default_factory=dict)

    @property
    def meter(self) -> MeterReading | None:
        """Return what was read at the main fuse."""
        return self.snapshot.meter(MAIN_CIRCUIT)

    def measured(self, circuit_id: str) -> MeterReading | None:
        """Return what a circuit's meter shows of now: its reading without the values that are so old that they no longer say it."""
        reading = self.snapshot.meter(circuit_id)
        decided = {one.id: one for one in self.decision.circuits}.get(circuit_id)
        if reading is None or decided is None:
            return reading
        if decided.state is not CircuitState.METER_LOST:
            return reading
        [circuit] = [one for one in self.snapshot.circuits if one.id == circuit_id]
        since = self.snapshot.now - timedelta(seconds=circuit.meter_max_age_s)
        return reported_since(reading, since)

    @property
    def grid_power_w(self) -> float | None:
        """Return the power from the grid: as measured, otherwise the sum of the phases at the nominal voltage."""
        meter = self.measured(MAIN_CIRCUIT)
        return meter.watts(self.snapshot.site.voltage_v) if meter else None


def phase_current(meter: MeterReading | None, phase: int) -> float | None:
    """Return the current of a phase, None if nothing shows it."""
    currents = (meter.current_a or meter.known_a) if meter else ()
    return currents[phase] if currents else None


def identity_of(subentry: ConfigSubentry) -> str:
    """Return the OCPP identity of a charger's sub-entry."""
    identity: str = subentry.data[CONF_IDENTITY]
    return identity


def connector_numbers(charger: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of the connectors that a charger's sub-entry has."""
    count: int = charger.get(CONF_CONNECTORS, 1)
    return *range(1, count + 1), *charger.get(CONF_MORE_CONNECTORS, ())
