"""Which entities a site is read from. Stored in the config entry as plain dictionaries."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSource:
    """A power with a direction: one signed sensor, standard or inverted, or two sensors.

    The signs are Home Assistant's: grid power is positive on import, battery power on discharge. `positive` and
    `negative` are sensors of one direction each, which are never negative.
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
class MeterConfig:
    """The entities of one meter: the total, the phases (L1 first), or both.

    `phases` are currents, powers or counters; with `phases_export`, `phases` are one direction and `phases_export` the other.
    `phase_powers` give currents without a sign the sign of each phase's power.
    """

    power: PowerSource | None = None
    phases: tuple[str, ...] = ()
    phases_inverted: bool = False
    phases_export: tuple[str, ...] = ()
    phase_powers: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_dict` stored."""
        power = stored.get("power")
        return cls(
            power=PowerSource(**power) if power else None,
            phases=tuple(stored.get("phases", ())),
            phases_inverted=stored.get("phases_inverted", False),
            phases_export=tuple(stored.get("phases_export", ())),
            phase_powers=tuple(stored.get("phase_powers", ())),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a form for the config entry."""
        return {
            "power": _power_dict(self.power) if self.power else None,
            "phases": list(self.phases),
            "phases_inverted": self.phases_inverted,
            "phases_export": list(self.phases_export),
            "phase_powers": list(self.phase_powers),
        }

    @property
    def fuse_entities(self) -> tuple[str, ...]:
        """Return the sensors that protect a fuse: those of the phases, otherwise the total's."""
        total = self.power.entities if self.power else ()
        return (*self.phases, *self.phases_export) or total

    @property
    def entities(self) -> tuple[str, ...]:
        """Return every sensor that the meter is read from."""
        total = self.power.entities if self.power else ()
        return (*total, *self.phases, *self.phases_export, *self.phase_powers)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSources:
    """The entities of a circuit: its meter and its temperature, if it has them."""

    meter: MeterConfig | None = None
    temperature: str | None = None

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_dict` stored."""
        meter = stored.get("meter")
        return cls(
            meter=MeterConfig.from_dict(meter) if meter else None,
            temperature=stored.get("temperature"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a form for the sub-entry."""
        return {
            "meter": self.meter.to_dict() if self.meter else None,
            "temperature": self.temperature,
        }

    @property
    def entities(self) -> tuple[str, ...]:
        """Return every sensor that the circuit is read from."""
        meter = self.meter.entities if self.meter else ()
        return (*meter, self.temperature) if self.temperature else meter

    def renamed(self, new_name: Callable[[str], str]) -> Self:
        """Return the same sources with the present names of their entities."""
        return type(self).from_dict(_renamed(self.to_dict(), new_name))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesConfig:
    """The entities of a site. Fields that begin with `grid` are its meter, as `MeterConfig` describes it."""

    grid: PowerSource | None = None
    grid_phases: tuple[str, ...] = ()
    grid_phases_inverted: bool = False
    grid_phases_export: tuple[str, ...] = ()
    grid_phase_powers: tuple[str, ...] = ()
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
            grid_phases_inverted=stored.get("grid_phases_inverted", False),
            grid_phases_export=tuple(stored.get("grid_phases_export", ())),
            grid_phase_powers=tuple(stored.get("grid_phase_powers", ())),
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
        """Return a form for the config entry."""
        return {
            "grid": _power_dict(self.grid) if self.grid else None,
            "grid_phases": list(self.grid_phases),
            "grid_phases_inverted": self.grid_phases_inverted,
            "grid_phases_export": list(self.grid_phases_export),
            "grid_phase_powers": list(self.grid_phase_powers),
            "solar": list(self.solar),
            "battery": [_power_dict(source) for source in self.battery],
            "battery_soc": self.battery_soc,
            "battery_capacity_wh": self.battery_capacity_wh,
            "price_import": self.price_import,
            "price_export": self.price_export,
            "solar_forecasts": list(self.solar_forecasts),
        }

    @property
    def meter(self) -> MeterConfig:
        """Return the meter of the grid connection."""
        return MeterConfig(
            power=self.grid,
            phases=self.grid_phases,
            phases_inverted=self.grid_phases_inverted,
            phases_export=self.grid_phases_export,
            phase_powers=self.grid_phase_powers,
        )

    @property
    def entities(self) -> tuple[str, ...]:
        """Return every sensor that the site is read from."""
        return tuple(self._entities())

    def _entities(self) -> Iterator[str]:
        yield from self.meter.entities
        yield from self.solar
        for source in self.battery:
            yield from source.entities
        if self.battery_soc:
            yield self.battery_soc

    def renamed(self, new_name: Callable[[str], str]) -> Self:
        """Return the same sources with the present names of their entities."""
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
