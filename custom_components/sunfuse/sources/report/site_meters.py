"""The site's own sensors in the recorder: which of them have a past to learn from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from ..config import PowerSource, SourcesConfig
from ..forecasts.forecast_config import MeterStatistic
from ..history import async_kinds
from .report_reader import PhaseMeter

_CURRENT = "electric_current"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMeters:
    """The statistics of a site.

    Attributes:
        grid, solar, battery: what the house's load is learned from; all of it is empty
            if a part is not recorded, as the rest would be wrong.
        phases, shared_by: the sources of the site report, as in `ReportConfig`.
        without: sensors without statistics.

    """

    grid: tuple[MeterStatistic, ...] = ()
    solar: tuple[MeterStatistic, ...] = ()
    battery: tuple[MeterStatistic, ...] = ()
    phases: tuple[PhaseMeter, ...] = ()
    shared_by: int = 1
    without: tuple[str, ...] = ()


async def async_site_meters(
    hass: HomeAssistant, sources: SourcesConfig, *, phases: int, voltage_v: float
) -> SiteMeters:
    """Return what the recorder has of a site with this many phases of this voltage."""
    solar = [PowerSource(entity=entity) for entity in sources.solar]
    total = [sources.grid] if sources.grid else []
    powers = (*total, *solar, *sources.battery)
    named = [entity for source in powers for entity in source.entities]
    named += [*sources.grid_phases, *sources.grid_phases_export]
    kinds = await async_kinds(hass, named)
    by_phase = _by_phase(sources, phases, kinds)
    grid = tuple(_meters(total, kinds)) or tuple(_added(by_phase, voltage_v))
    needed = [
        entity for source in (*solar, *sources.battery) for entity in source.entities
    ]
    complete = all(entity in kinds for entity in needed)
    whole = () if by_phase else _whole(total, kinds)
    return SiteMeters(
        grid=grid if complete else (),
        solar=tuple(_meters(solar, kinds)),
        battery=tuple(_meters(sources.battery, kinds)),
        phases=by_phase or whole,
        shared_by=phases if whole else 1,
        without=tuple(entity for entity in named if entity not in kinds),
    )


def _meters(
    sources: Iterable[PowerSource], kinds: Mapping[str, str]
) -> Iterator[MeterStatistic]:
    """Yield the meters of sources that are recorded with all of their directions."""
    for source in sources:
        if not all(entity in kinds for entity in source.entities):
            continue
        if source.entity:
            yield MeterStatistic(statistic_id=source.entity, inverted=source.inverted)
        if source.positive:
            yield MeterStatistic(statistic_id=source.positive)
        if source.negative:
            yield MeterStatistic(statistic_id=source.negative, inverted=True)


def _by_phase(
    sources: SourcesConfig, phases: int, kinds: Mapping[str, str]
) -> tuple[PhaseMeter, ...]:
    """Return a meter for each phase; none if one of them is not recorded.

    Currents without a sign stay without one here: export counts as import, which
    promises too little rather than too much.
    """
    drawn, given = sources.grid_phases, sources.grid_phases_export
    needed = (*drawn, *given)
    if len(drawn) != phases or any(entity not in kinds for entity in needed):
        return ()
    backs = given or (None,) * phases
    return tuple(
        PhaseMeter(
            consumption=entity,
            production=back,
            power=kinds[entity] != _CURRENT,
            inverted=sources.grid_phases_inverted,
        )
        for entity, back in zip(drawn, backs, strict=False)
    )


def _added(phases: Iterable[PhaseMeter], voltage_v: float) -> Iterator[MeterStatistic]:
    """Yield the meters whose sum is the total."""
    for one in phases:
        factor = 1.0 if one.power else voltage_v
        yield MeterStatistic(
            statistic_id=one.consumption, inverted=one.inverted, factor=factor
        )
        if one.production:
            # Not as `inverted`, which currents are not that were never negative.
            yield MeterStatistic(statistic_id=one.production, factor=-factor)


def _whole(
    sources: Iterable[PowerSource], kinds: Mapping[str, str]
) -> tuple[PhaseMeter, ...]:
    """Return the meter of all phases together."""
    return tuple(
        PhaseMeter(
            consumption=consumption,
            production=source.negative,
            power=True,
            inverted=source.inverted,
        )
        for source in sources
        if (consumption := source.entity or source.positive)
        and all(entity in kinds for entity in source.entities)
    )
