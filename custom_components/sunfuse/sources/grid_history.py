"""What the recorder knows of a site's grid power."""

from datetime import datetime

from homeassistant.core import HomeAssistant

from .config import SourcesConfig
from .history import async_statistics
from .series import Series, Slot, is_turned, layered, scaled


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
    inverted = False
    if sources.grid is not None and (named := sources.grid.entity):
        names: tuple[str, ...] = (named,)
        inverted = sources.grid.inverted
    elif sources.grid is not None and (named := sources.grid.positive):
        names = (named,)
    else:
        names, inverted = sources.grid_phases, sources.grid_phases_inverted
    fine = await async_statistics(hass, names, start, end, "5minute")
    coarse = await async_statistics(hass, names, start, end, "hour")
    total: Series = ()
    for index, name in enumerate(names):
        layers = [known[name].mean for known in (fine, coarse) if name in known]
        if not layers:
            return ()
        state = hass.states.get(name)
        unit = state.attributes.get("unit_of_measurement") if state else None
        current = unit in {"A", "mA"}
        shown = layered(*layers)
        sign = -1 if is_turned(shown, inverted=inverted, current=current) else 1
        watts = scaled(shown, sign * (voltage_v if current else 1.0))
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
