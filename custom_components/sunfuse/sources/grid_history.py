"""What the recorder knows of a site's grid power."""

from datetime import datetime

from homeassistant.core import HomeAssistant

from .config import SourcesConfig
from .history import async_statistics
from .series import Series, Slot, layered, scaled


async def async_grid_history(
    hass: HomeAssistant,
    sources: SourcesConfig,
    start: datetime,
    end: datetime,
    voltage_v: float,
) -> Series:
    """Return the mean power from the grid in watts, positive on import.

    Five minutes if the recorder still has them (ten days, usually), otherwise hours. From
    sensors of current per phase it is their sum at the nominal voltage. Of two sensors of
    two directions only the import is read. Empty without a recorder or its statistics.
    """
    if "recorder" not in hass.config.components:
        return ()
    factor = 1.0
    if sources.grid is not None and (named := sources.grid.entity):
        names: tuple[str, ...] = (named,)
        factor = -1.0 if sources.grid.inverted else 1.0
    elif sources.grid is not None and (named := sources.grid.positive):
        names = (named,)
    else:
        names = sources.grid_phases
    fine = await async_statistics(hass, names, start, end, "5minute")
    coarse = await async_statistics(hass, names, start, end, "hour")
    total: Series = ()
    for index, name in enumerate(names):
        layers = [known[name].mean for known in (fine, coarse) if name in known]
        if not layers:
            return ()
        state = hass.states.get(name)
        unit = state.attributes.get("unit_of_measurement") if state else None
        in_amperes = unit in {"A", "mA"}
        watts = scaled(layered(*layers), voltage_v if in_amperes else factor)
        total = watts if index == 0 else _sum(total, watts)
    return total


def _sum(one: Series, other: Series) -> Series:
    """Add series slot by slot; slots that one of them lacks are left out."""
    values = {(slot.start, slot.end): slot.value for slot in other}
    return tuple(
        Slot(
            start=slot.start,
            end=slot.end,
            value=slot.value + values[slot.start, slot.end],
        )
        for slot in one
        if (slot.start, slot.end) in values
    )
