"""Repair issues about the sensors and meters that a site is read from: missing, lost, slow, or with contradicting signs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from homeassistant.core import CoreState, HomeAssistant

from ..const import CONF_SOURCES, MAIN_CIRCUIT
from ..data import SunfuseConfigEntry
from ..engine.model import MeterQuality, MeterReading
from ..site.circuits import CircuitTree
from ..site.outcome import SiteData
from ..sources.config import SourcesConfig
from ..sources.meters.energy_dashboard import async_grid_counters
from ..sources.meters.sign_conventions import signed_sensors
from ..sources.meters.sign_watch import SignWatch
from ..sources.states import ProblemKind, StateReader
from ..translated_reasons import explain
from .fix_actions import ABOUT, FIX, RAISE_MARGIN, TURN_GRID, TURN_PHASES, VALUE
from .repair_issue import RepairIssue
from .sign_repair import SIGNS
from .source_repair import ENTITY

# A sensor that is unavailable for a moment, as when its device restarts, needs no repair.
METER_LOST_AFTER = timedelta(seconds=20)

# Unavailable sensors, and those without a number, come back by themselves; these do not.
_TO_REPLACE = (ProblemKind.MISSING, ProblemKind.WRONG_UNIT, ProblemKind.TOO_COARSE)


def source_issues(
    hass: HomeAssistant, data: SiteData, entry: SunfuseConfigEntry
) -> Iterator[RepairIssue]:
    """Yield the sensors that do not exist, or whose values cannot be used."""
    for problem in data.problems:
        if problem.kind is ProblemKind.MISSING and hass.state is not CoreState.running:
            # Other integrations start later than this one, and stop sooner.
            continue
        if problem.kind in _TO_REPLACE:
            yield RepairIssue(
                translation_key=f"source_{problem.kind}",
                about=problem.entity_id,
                placeholders=(("entity", problem.entity_id), ("site", entry.title)),
                fix=((ENTITY, problem.entity_id),),
            )


class SignIssues:
    """Finds out whether the signs of grid power, phases and energy counters contradict each other."""

    def __init__(self, hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
        """Check the meters of this site."""
        self._hass = hass
        self._entry = entry
        self._sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
        self._counters: tuple[list[str], list[str]] = ([], [])
        self._watch = SignWatch()

    async def async_start(self) -> None:
        """Find the dashboard's counters; counters that the power is derived from prove nothing."""
        drawn, given = await async_grid_counters(self._hass)
        own = self._sources.grid.entities if self._sources.grid else ()
        if not set(own) & {*drawn, *given}:
            self._counters = (drawn, given)

    def issues(self, data: SiteData) -> Iterator[RepairIssue]:
        """Yield contradictions in what is known now."""
        if (meter := data.meter) is None:
            return
        phases_w = (
            sum(meter.current_a) * data.snapshot.site.voltage_v
            if meter.current_a and self._shows_direction(meter)
            else None
        )
        self._watch.see(
            data.snapshot.now,
            power_w=meter.power_w if meter.power_w is not None else phases_w,
            phases_w=phases_w if meter.power_w is not None else None,
            counted_wh=self._counted_wh(),
        )
        placeholders = (
            ("site", self._entry.title),
            ("entities", ", ".join(self._sources.meter.entities)),
        )
        if self._watch.counters_contradict:
            yield RepairIssue(
                translation_key="sign_counters",
                about="grid",
                placeholders=placeholders,
                fix=self._turn(),
            )
        if self._watch.phases_contradict:
            yield RepairIssue(
                translation_key="sign_phases",
                about="grid",
                placeholders=placeholders,
                fix=((SIGNS, "grid"),),
            )

    def _shows_direction(self, meter: MeterReading) -> bool:
        """Whether the phases tell import from export: currents that were never negative count as import, whatever flows."""
        return (
            meter.power_w is not None
            or not meter.unsigned
            or bool(signed_sensors(self._hass, self._sources.meter))
        )

    def _turn(self) -> tuple[tuple[str, str], ...]:
        """Return what turns the sign of the meter."""
        grid, phases = self._sources.grid, bool(self._sources.grid_phases)
        if grid is None:
            return ((FIX, TURN_PHASES),)
        both = phases and not self._watch.phases_contradict
        return ((FIX, TURN_GRID), (VALUE, "both" if both else "grid"))

    def _counted_wh(self) -> float | None:
        """Return what the counters have counted, import less export; None if one of them has no value."""
        drawn, given = self._counters
        reader = StateReader(self._hass)
        sides = [
            (sign, reader.energy_wh(entity))
            for sign, entities in ((1, drawn), (-1, given))
            for entity in entities
        ]
        if not sides or any(value is None for _, value in sides):
            return None
        return sum(sign * value.number for sign, value in sides if value)


def lost_meters(
    data: SiteData, entry: SunfuseConfigEntry, lost_since: dict[str, datetime]
) -> Iterator[RepairIssue]:
    """Yield the meters that have been lost for a while, with the sensors that are the cause."""
    names = {circuit.id: circuit.name for circuit in data.snapshot.circuits}
    now = data.snapshot.now
    for circuit in data.decision.circuits:
        reason = circuit.meter_lost(names[circuit.id])
        if reason is None or circuit.meter is MeterQuality.AWAITED:
            lost_since.pop(circuit.id, None)
            continue
        if now - lost_since.setdefault(circuit.id, now) < METER_LOST_AFTER:
            continue
        sensors = circuit.sensors or _fuse_sensors(entry, circuit.id)
        yield RepairIssue(
            translation_key="meter_lost",
            about=circuit.id,
            placeholders=(
                ("circuit", names[circuit.id]),
                ("site", entry.title),
                ("sensors", ", ".join(sensors) or names[circuit.id]),
                ("why", explain(entry.runtime_data.sentences, reason)),
            ),
        )


def _fuse_sensors(entry: SunfuseConfigEntry, circuit: str) -> tuple[str, ...]:
    """Return the sensors that protect a circuit."""
    if circuit == MAIN_CIRCUIT:
        return entry.runtime_data.sources.meter.fuse_entities
    meter = CircuitTree.of(entry).sources()[circuit].sources.meter
    return meter.fuse_entities if meter else ()


def slow_meters(data: SiteData, entry: SunfuseConfigEntry) -> Iterator[RepairIssue]:
    """Yield the meters that report too rarely for their margin."""
    for slow in entry.runtime_data.observed.too_slow(data.snapshot.circuits):
        main = slow.circuit == MAIN_CIRCUIT
        usual_s = slow.interval.usual_s
        yield RepairIssue(
            translation_key=f"slow_{'meter' if main else 'circuit_meter'}",
            about="grid" if main else slow.circuit,
            placeholders=(
                ("entity", slow.entity),
                ("site", entry.title),
                ("circuit", slow.name),
                # Rounded, so that the issue does not change with every reading.
                ("interval", f"{10 * round(usual_s / 10) or usual_s:.0f}"),
                ("margin", f"{slow.margin_a:.0f}"),
            ),
            fix=(
                (FIX, RAISE_MARGIN),
                (ABOUT, slow.circuit),
                (VALUE, f"{slow.margin_a:.0f}"),
            ),
        )
