"""What is known when a tick begins: the engine's snapshot, and what is shown beside its decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..central_system.protocol.fault import FaultBoundary
from ..const import MAIN_CIRCUIT
from ..engine import Memory
from ..engine.model import Connector, ExternalLimit, MeterReading, Snapshot
from ..sources.dimming_signal import Dimming, DimmingSignal
from ..sources.live_readings import SiteReadings
from ..sources.states import SourceProblem
from .cars.demands import Demands
from .chargers.chargers import Chargers, States
from .circuits import CircuitTree
from .engine_options import CONF_DIMMING_ENTITY, dimming_limit
from .entry_data import site_of
from .outcome import ConnectorKey, Holder, PeakData
from .people.persons import Persons
from .planning.peaks import SitePeaks
from .planning.planning import SitePlanning
from .settings import Settings
from .snapshot import build_snapshot

_LOGGER = logging.getLogger(__name__)

type _Holders = Mapping[ConnectorKey, Holder | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision starts from, and what is shown beside it."""

    snapshot: Snapshot
    states: States
    holders: _Holders
    gathered: Mapping[ConnectorKey, object]
    peaks: Mapping[str, PeakData]
    problems: tuple[SourceProblem, ...]


class SituationReader:
    """Asks the parts of a site what they know at the moment."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        chargers: Chargers,
        demands: Demands,
        persons: Persons,
        peaks: SitePeaks,
        planning: SitePlanning,
        settings: Settings,
        sentences: Mapping[str, str],
    ) -> None:
        """Ask these parts; `sentences` has the names of limits in the user's language."""
        self._entry = entry
        self._chargers = chargers
        self._demands = demands
        self._persons = persons
        self._peaks = peaks
        self._planning = planning
        self._settings = settings
        self._sentences = sentences
        self._signal = DimmingSignal(hass, entry.options.get(CONF_DIMMING_ENTITY))
        self._demanding = FaultBoundary(_LOGGER, "What drivers ask for")
        self._peaking = FaultBoundary(_LOGGER, "Adding up peaks")

    @callback
    def start(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `changed` when the grid operator's signal or the plan changes, until the returned function is called."""
        stops = (
            self._signal.start(changed),
            self._planning.async_add_listener(changed),
        )

        @callback
        def stop() -> None:
            for stop_one in stops:
                stop_one()

        return stop

    def read(
        self,
        states: States,
        readings: SiteReadings,
        memory: Memory,
        unconfirmed_a: Callable[[ConnectorKey], float | None],
    ) -> Situation:
        """Return what is known now, with these states of the chargers and readings of the site.

        `memory` is that of the last decision; `unconfirmed_a` is the current of a command that is not answered yet.
        """
        dimming, lost_signal = self._signal.read()
        now = dt_util.utcnow()
        with self._demanding:
            self._demands.update(now, states)
        holders = {
            key: self._chargers.holder_at(key, state)
            for key, (_, state) in states.items()
        }
        peaks, peak_limits = self._peak_limits(now, readings.meter, memory)
        snapshot = build_snapshot(
            now=now,
            name=self._sentences["main_circuit"],
            tree=CircuitTree.of(self._entry),
            settings=self._settings,
            readings=readings,
            connectors=self._connectors(states, holders, unconfirmed_a),
            limits=(*self._dimming_limit(dimming), *peak_limits),
            boost_quotas=self._persons.boost_quotas,
            solar_ahead_w=self._planning.solar_ahead_w(),
        )
        tuning = self._planning.clock.hastened(snapshot.tuning)
        return Situation(
            snapshot=replace(snapshot, tuning=tuning),
            states=states,
            holders=holders,
            gathered={key: self._demands.gathered(key) for key in states},
            peaks=peaks,
            problems=(*readings.problems, *([lost_signal] if lost_signal else [])),
        )

    def _peak_limits(
        self, now: datetime, meter: MeterReading | None, memory: Memory
    ) -> tuple[dict[str, PeakData], tuple[ExternalLimit, ...]]:
        """Return what to show of peaks, and the limits that follow. If they fail, the fuse is still protected."""
        with self._peaking:
            clock = self._planning.clock
            if meter is not None:
                meter = replace(meter, at=clock.there(meter.at))
            self._peaks.update(clock.there(now), meter)
            peaks = self._peaks.data(clock.there(now), self._house_w(memory))
            return peaks, tuple(
                replace(limit, until=limit.until and clock.here(limit.until))
                for limit in self._peaks.limits(peaks)
            )
        return {}, ()

    def _house_w(self, memory: Memory) -> float | None:
        """Return what was drawn besides the cars at the last decision; None if it was not known."""
        known = memory.circuit(MAIN_CIRCUIT)
        if known.uncontrolled_w is not None or not known.uncontrolled_a:
            return known.uncontrolled_w
        return sum(known.uncontrolled_a) * site_of(self._entry.data).voltage_v

    def _dimming_limit(self, dimming: Dimming | None) -> tuple[ExternalLimit, ...]:
        """Return the limit that the grid operator sets at the moment."""
        return dimming_limit(
            dimming, self._entry.options, self._sentences["limit_dimming"]
        )

    def _connectors(
        self,
        states: States,
        holders: _Holders,
        unconfirmed_a: Callable[[ConnectorKey], float | None],
    ) -> list[Connector]:
        """Return every connector for the engine."""
        voltage_v = site_of(self._entry.data).voltage_v
        return [
            self._planning.with_plan(
                self._chargers.for_engine(
                    key,
                    station,
                    state,
                    holders[key],
                    unconfirmed_a(key),
                    self._planning.demands.controlled(key),
                    self._demands.priority_at(key),
                ),
                voltage_v,
            )
            for key, (station, state) in states.items()
        ]
