"""The outcome of one control tick, for entities and the site's other parts. It imports none of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from homeassistant.config_entries import ConfigSubentry

from ..central_system.station_state import ConnectorState, StationState
from ..const import CONF_CONNECTORS, CONF_IDENTITY, CONF_MORE_CONNECTORS, MAIN_CIRCUIT
from ..drivers.person_terms import PersonStanding
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
        return dict(self.snapshot.meters).get(MAIN_CIRCUIT)

    @property
    def grid_power_w(self) -> float | None:
        """Return the power from the grid: as measured, otherwise the sum of the phases at the nominal voltage.

        None if it was last measured so long ago that it says nothing of now, nor of what the house takes.
        """
        if (meter := self.meter) is None or self._is_lost(meter):
            return None
        return meter.watts(self.snapshot.site.voltage_v)

    def _is_lost(self, meter: MeterReading) -> bool:
        [main] = [one for one in self.snapshot.circuits if one.id == MAIN_CIRCUIT]
        [decided] = [one for one in self.decision.circuits if one.id == MAIN_CIRCUIT]
        if decided.state is not CircuitState.METER_LOST:
            return False
        age_s = (self.snapshot.now - (meter.total_at or meter.at)).total_seconds()
        return age_s > main.meter_max_age_s


def identity_of(subentry: ConfigSubentry) -> str:
    """Return the OCPP identity of a charger's sub-entry."""
    identity: str = subentry.data[CONF_IDENTITY]
    return identity


def connector_numbers(charger: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of the connectors that a charger's sub-entry has."""
    count: int = charger.get(CONF_CONNECTORS, 1)
    return *range(1, count + 1), *charger.get(CONF_MORE_CONNECTORS, ())
