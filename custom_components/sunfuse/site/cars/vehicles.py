"""The vehicles of a site, as their sub-entries describe them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from ...central_system.security.card_policy import folded
from ...const import (
    CARD_RFID,
    CONF_CAPACITY_KWH,
    CONF_CARD_KIND,
    CONF_CARD_NUMBER,
    CONF_CHARGE_EFFICIENCY,
    CONF_CONSUMPTION,
    CONF_IDENTIFIERS,
    CONF_MAX_CURRENT,
    CONF_PHASES,
    CONF_PRIORITY,
    CONF_SOURCES,
    CONF_USUAL_CONNECTOR,
    SUBENTRY_CARD,
    SUBENTRY_VEHICLE,
    WH_PER_KWH,
)
from ...drivers.demand import CarFacts
from ...sources.vehicles import CarEntities
from ..subentries import shown_name, usable

# Lorries have up to about 700 kWh.
LARGEST_BATTERY_KWH = 1000.0
EFFICIENCY_PERCENT = (50.0, 100.0)
CONSUMPTION_KWH = (5.0, 300.0)
_KM_PER_100KM = 100
# What the choice of a vehicle means by these is something else.
RESERVED_NAMES = frozenset(("automatic", "guest"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle. `tokens` are the cards and ids that it uses, `identities` those of them that the car itself has."""

    id: str
    name: str
    facts: CarFacts
    entities: CarEntities
    tokens: frozenset[str]
    identities: frozenset[str]
    usual: str | None
    priority: int | None


def vehicle_of(
    subentry: ConfigSubentry, cards: Mapping[str, ConfigSubentry]
) -> Vehicle:
    """Return what a sub-entry describes; its cards are the site's, or numbers that were typed."""
    data: Mapping[str, Any] = subentry.data
    tokens, identities = set(), set()
    for identifier in data.get(CONF_IDENTIFIERS, ()):
        card = cards.get(identifier)
        token = folded(card.data[CONF_CARD_NUMBER] if card else identifier)
        tokens.add(token)
        if card is None or card.data.get(CONF_CARD_KIND) != CARD_RFID:
            identities.add(token)
    percent = data.get(CONF_CHARGE_EFFICIENCY)
    consumption_kwh = data.get(CONF_CONSUMPTION)
    return Vehicle(
        id=subentry.subentry_id,
        name=shown_name(subentry),
        facts=CarFacts(
            capacity_wh=data[CONF_CAPACITY_KWH] * WH_PER_KWH,
            max_a=data.get(CONF_MAX_CURRENT),
            phases=data.get(CONF_PHASES),
            charge_efficiency=percent / 100 if percent else None,
            wh_per_km=consumption_kwh * WH_PER_KWH / _KM_PER_100KM
            if consumption_kwh
            else None,
        ),
        entities=CarEntities.from_dict(data.get(CONF_SOURCES, {})),
        tokens=frozenset(tokens),
        identities=frozenset(identities),
        usual=data.get(CONF_USUAL_CONNECTOR),
        priority=data.get(CONF_PRIORITY),
    )


class Vehicles:
    """The vehicles of a site; one that is added while it runs gets its entities at once."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take them from the entry's sub-entries."""
        self._hass = hass
        self._entry = entry
        self._vehicles: dict[str, Vehicle] = {}
        self._listeners: list[Callable[[list[str]], None]] = []
        self._changed: Callable[[], None] | None = None
        self._stop: Callable[[], None] | None = None
        self.load()

    @callback
    def load(self) -> list[str]:
        """Take over the sub-entries as they are now; returns the vehicles that are new."""
        cards = {card.subentry_id: card for card in usable(self._entry, SUBENTRY_CARD)}
        before = self._vehicles
        self._vehicles = {
            subentry.subentry_id: vehicle_of(subentry, cards)
            for subentry in usable(self._entry, SUBENTRY_VEHICLE)
        }
        if self._changed is not None and before != self._vehicles:
            self._follow()
        return [name for name in self._vehicles if name not in before]

    @callback
    def announce(self, new: list[str]) -> None:
        """Give vehicles that are new their entities."""
        for listener in self._listeners if new else ():
            listener(new)

    @callback
    def listen(self, listener: Callable[[list[str]], None]) -> Callable[[], None]:
        """Call the listener with vehicles that are added while the site runs."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def start(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever an entity of a car says something; returns what ends that."""
        self._changed = changed
        self._follow()

        def stop() -> None:
            self._changed = None
            if self._stop is not None:
                self._stop()
                self._stop = None

        return stop

    def _follow(self) -> None:
        if self._stop is not None:
            self._stop()
        changed = self._changed
        assert changed is not None
        entities = {e for car in self for e in car.entities.entities}
        self._stop = async_track_state_change_event(
            self._hass, entities, callback(lambda _event: changed())
        )

    def __iter__(self) -> Iterator[Vehicle]:
        """Go through the vehicles."""
        return iter(self._vehicles.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._vehicles)

    @property
    def listed(self) -> Mapping[str, Vehicle]:
        """Return the vehicles by id: the identical object until they are loaded again."""
        return self._vehicles

    def get(self, vehicle_id: str | None) -> Vehicle | None:
        """Return a vehicle; None where the site has no such one."""
        return self._vehicles.get(vehicle_id) if vehicle_id else None

    def names(self) -> dict[str, str]:
        """Return the names of the vehicles by id, each different: of two alike the second has a number."""
        found: dict[str, str] = {}
        for vehicle in self._vehicles.values():
            name, number = vehicle.name, 2
            while name in found.values() or name in RESERVED_NAMES:
                name, number = f"{vehicle.name} ({number})", number + 1
            found[vehicle.id] = name
        return found
