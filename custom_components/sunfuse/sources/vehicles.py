"""What entities of car integrations say of a car: its state of charge, where it stops charging, and its plug."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State

from .states import StateReader, as_percent

# What car integrations say of the plug where it is no binary sensor: volvo, polestar_api, myskoda, mbapi2020, audiconnect.
_UNPLUGGED = frozenset(
    (
        "disconnected",
        "unplugged",
        "not_connected",
        "not_plugged",
        "connect_cable",
        "false",
        "no",
    )
)
_PLUGGED = ("connected", "plugged", "charging", "ready", "conserving", "true", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarEntities:
    """The entities of a car; None: it has none for that."""

    soc: str | None = None
    limit: str | None = None  # at which state of charge the car stops
    plug: str | None = None

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what a vehicle's sub-entry keeps.

        Raises:
            TypeError: an entity is no text.

        """
        found = {field.name: stored.get(field.name) or None for field in fields(cls)}
        for name, entity in found.items():
            if not isinstance(entity, str | None):
                raise TypeError(f"{name} is no entity: {entity!r}")
        return cls(**found)

    def to_dict(self) -> dict[str, str]:
        """Return what a vehicle's sub-entry keeps."""
        return {
            field.name: entity
            for field in fields(self)
            if (entity := getattr(self, field.name)) is not None
        }

    @property
    def entities(self) -> Iterable[str]:
        """Return all entities."""
        return self.to_dict().values()

    def renamed(self, named: Callable[[str], str]) -> Self:
        """Return the entities by the names that they have now."""
        return replace(self, **{k: named(v) for k, v in self.to_dict().items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class CarReading:
    """What a car says; None: nothing. `plugged_at` is since when it says so."""

    soc: float | None = None
    soc_at: datetime | None = None
    limit_soc: float | None = None
    plugged: bool | None = None
    plugged_at: datetime | None = None


def read_car(hass: HomeAssistant, car: CarEntities) -> CarReading:
    """Return what the entities of a car say now.

    Raises nothing: a car that sleeps says nothing, which is no fault of the site.
    """
    soc = _percent(hass, car.soc)
    limit = _percent(hass, car.limit)
    plug = hass.states.get(car.plug) if car.plug else None
    plugged = is_plugged(plug) if plug else None
    return CarReading(
        soc=soc[0] if soc else None,
        soc_at=soc[1] if soc else None,
        # A limit of nothing is an integration that does not know.
        limit_soc=limit[0] if limit and limit[0] > 0 else None,
        plugged=plugged,
        plugged_at=plug.last_changed if plug and plugged is not None else None,
    )


def _percent(
    hass: HomeAssistant, entity_id: str | None
) -> tuple[float, datetime] | None:
    if entity_id is None:
        return None
    reader = StateReader(hass)
    value = reader.percent(entity_id)
    if value is None or not 0 <= value.number <= 100:
        return None
    return value.number, value.at


def is_plugged(state: State) -> bool | None:
    """Return whether a state says that the car is plugged in, None where it says neither."""
    said = state.state.casefold().replace(" ", "_").replace("-", "_")
    if said in (STATE_UNAVAILABLE, STATE_UNKNOWN, ""):
        return None
    if said == STATE_ON:
        return True
    if said == STATE_OFF or said in _UNPLUGGED:
        return False
    return True if said.startswith(_PLUGGED) else None


def is_percent(state: State) -> bool:
    """Return whether a state can be a state of charge."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    return as_percent(0, unit) is not None
