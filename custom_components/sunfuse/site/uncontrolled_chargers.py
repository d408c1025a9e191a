"""The current that a site leaves to uncontrolled chargers, by its history, updated once a day."""

from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import CONF_VOLTAGE
from ..data import SunfuseConfigEntry
from ..sources.config import MeterConfig, SourcesConfig
from ..sources.report.report_reader import ReportConfig, async_usual_loads
from ..sources.report.site_meters import async_site_meters
from ..sources.report.site_report import GridConnection
from .circuits import CircuitTree
from .reporting import DAYS, async_report, car_meters
from .usual_loads import CircuitLoad, UsualLoads

_EVERY = timedelta(days=1)


async def async_loads(
    hass: HomeAssistant, entry: SunfuseConfigEntry, tree: CircuitTree | None = None
) -> UsualLoads:
    """Return it for a running site, with other circuits than it has now if a tree is given."""
    if "recorder" not in hass.config.components:
        return UsualLoads()
    asked = await async_report(hass, entry, {"days": DAYS})
    unwatched_a = asked.report.proposals.unwatched_a if asked.report else None
    circuits = await async_circuit_loads(hass, entry, tree or CircuitTree.of(entry))
    return UsualLoads(unwatched_a=unwatched_a, circuits=circuits)


async def async_circuit_loads(
    hass: HomeAssistant, entry: SunfuseConfigEntry, tree: CircuitTree
) -> dict[str, CircuitLoad]:
    """Return what the circuits below the main fuse carry whose meters are recorded."""
    found = {
        circuit: await _async_load(hass, entry, tree, circuit)
        for circuit in tree.circuits
    }
    return {circuit: load for circuit, load in found.items() if load is not None}


async def _async_load(
    hass: HomeAssistant, entry: SunfuseConfigEntry, tree: CircuitTree, circuit: str
) -> CircuitLoad | None:
    """Return what a circuit carries; None without a meter, or if that is not recorded."""
    source = tree.sources()[circuit]
    if (meter := source.sources.meter) is None or not source.wired:
        return None
    found = await async_site_meters(
        hass,
        _as_site(meter),
        phases=len(source.wired),
        voltage_v=tree.site[CONF_VOLTAGE],
    )
    if not found.phases:
        return None
    config = ReportConfig(
        connection=GridConnection(
            fuse_a=max(tree.limit_a(circuit)), voltage_v=tree.site[CONF_VOLTAGE]
        ),
        phases=found.phases,
        shared_by=found.shared_by,
        cars=car_meters(
            hass,
            entry,
            of_circuit=lambda at: circuit in tree.path(at),
            wired=source.wired,
        ),
    )
    figures = await async_usual_loads(hass, config, dt_util.utcnow(), days=DAYS)
    if not figures:
        return None
    usual_a, highest_a = [0.0] * tree.phases, [0.0] * tree.phases
    for phase, one in zip(source.wired, figures, strict=True):
        usual_a[phase], highest_a[phase] = one.p95_a, one.peak_a
    return CircuitLoad(usual_a=tuple(usual_a), highest_a=tuple(highest_a))


def _as_site(meter: MeterConfig) -> SourcesConfig:
    """Return the meter of a circuit as that of a site with its phases."""
    return SourcesConfig(
        grid=meter.power,
        grid_phases=meter.phases,
        grid_phases_inverted=meter.phases_inverted,
        grid_phases_export=meter.phases_export,
        grid_phase_powers=meter.phase_powers,
    )


def follow_unwatched(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Keep it up to date for the repair issues, in the background."""

    async def update(_now: datetime | None = None) -> None:
        entry.runtime_data.usual_loads = await async_loads(hass, entry)

    entry.async_create_background_task(hass, update(), "Sunfuse: what the house leaves")
    entry.async_on_unload(
        async_track_time_interval(hass, update, _EVERY, cancel_on_shutdown=True)
    )
