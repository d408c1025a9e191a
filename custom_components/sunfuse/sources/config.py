"""Which entities tell what of the site. Stored in the config entry as plain dictionaries."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSource:
    """A power with a direction: one signed sensor, standard or inverted, or two sensors.

    Home Assistant's own signs: the grid's power is positive on import, the battery's on discharge. `positive` and
    `negative` are sensors of two directions that are each never negative.
    """

    entity: str | None = None
    inverted: bool = False
    positive: str | None = None
    negative: str | None = None

    @property
    def entities(self) -> tuple[str, ...]:
        """Return the sensors that are read."""
        named = (self.entity, self.positive, self.negative)
        return tuple(entity for entity in named if entity)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesConfig:
    """The entities of a site. `grid_phases` are currents or powers, L1 first."""

    grid: PowerSource | None = None
    grid_phases: tuple[str, ...] = ()
    solar: tuple[str, ...] = ()
    battery: tuple[PowerSource, ...] = ()
    battery_soc: str | None = None
    battery_capacity_wh: float | None = None
    price_import: str | None = None
    price_export: str | None = None
    solar_forecasts: tuple[str, ...] = ()  # config entries

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_dict` stored."""
        grid = stored.get("grid")
        return cls(
            grid=PowerSource(**grid) if grid else None,
            grid_phases=tuple(stored.get("grid_phases", ())),
            solar=tuple(stored.get("solar", ())),
            battery=tuple(
                PowerSource(**source) for source in stored.get("battery", ())
            ),
            battery_soc=stored.get("battery_soc"),
            battery_capacity_wh=stored.get("battery_capacity_wh"),
            price_import=stored.get("price_import"),
            price_export=stored.get("price_export"),
            solar_forecasts=tuple(stored.get("solar_forecasts", ())),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a form that a config entry can hold."""
        return {
            "grid": _power_dict(self.grid) if self.grid else None,
            "grid_phases": list(self.grid_phases),
            "solar": list(self.solar),
            "battery": [_power_dict(source) for source in self.battery],
            "battery_soc": self.battery_soc,
            "battery_capacity_wh": self.battery_capacity_wh,
            "price_import": self.price_import,
            "price_export": self.price_export,
            "solar_forecasts": list(self.solar_forecasts),
        }

    @property
    def entities(self) -> tuple[str, ...]:
        """Return every sensor that the site is read from."""
        return tuple(self._entities())

    def _entities(self) -> Iterator[str]:
        if self.grid:
            yield from self.grid.entities
        yield from self.grid_phases
        yield from self.solar
        for source in self.battery:
            yield from source.entities
        if self.battery_soc:
            yield self.battery_soc

    def renamed(self, new_name: Callable[[str], str]) -> Self:
        """Return the same sources under the names that their entities have now."""
        return type(self).from_dict(_renamed(self.to_dict(), new_name))


def _power_dict(source: PowerSource) -> dict[str, Any]:
    return {
        "entity": source.entity,
        "inverted": source.inverted,
        "positive": source.positive,
        "negative": source.negative,
    }


def _renamed(value: Any, new_name: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, new_name) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, new_name) for item in value]
    return new_name(value) if isinstance(value, str) else value
