"""Which car somebody means: by its name, its charger's, or because there is only one."""

from collections.abc import Iterator
from dataclasses import dataclass
import re

from homeassistant.components.homeassistant import async_should_expose
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..data import SunfuseConfigEntry, loaded_sites
from ..devices import connector_identifier, station_identifier, subentry_identifier
from ..rights import Viewer
from ..site.cars.driver_words import Owner, owners
from ..site.outcome import ConnectorKey

# What has a meaning in the grammar of sentences, and what is taken out of a sentence before it is compared.
_SPECIAL = re.compile(r"[^\w\s'-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarPlace:
    """A car, and the connector at which it is; or a connector with any car or none."""

    entry: SunfuseConfigEntry
    owner: Owner  # of what is said: the vehicle, else the connector
    name: str
    names: tuple[str, ...]  # all by which it may be called
    key: ConnectorKey | None  # None: the car is at none
    plugged_in: bool


class AssistError(Exception):
    """What somebody asks for cannot be done; `key` and `values` are the sentence that says why."""

    def __init__(self, key: str, **values: str) -> None:
        """Remember why."""
        super().__init__(key)
        self.key = key
        self.values = values


async def async_places(
    hass: HomeAssistant, context: Context | None, assistant: str | None
) -> list[CarPlace]:
    """Return the cars and chargers that are exposed to an assistant, and that the user may see."""
    user = None
    if context is not None and context.user_id is not None:
        user = await hass.auth.async_get_user(context.user_id)
        if user is None:
            raise AssistError("assist_not_allowed")
    viewer = Viewer(hass, user) if user else None
    return [
        place
        for entry in loaded_sites(hass)
        for place in _of_site(hass, entry)
        if _exposed(hass, place, assistant) and _sees(viewer, place)
    ]


@callback
def any_exposed(hass: HomeAssistant, assistant: str | None) -> bool:
    """Return whether a car or charger is exposed to an assistant."""
    return any(
        _exposed(hass, place, assistant)
        for entry in loaded_sites(hass)
        for place in _of_site(hass, entry)
    )


def plain(name: str) -> str:
    """Return a name as it is spoken: without what a sentence cannot contain."""
    return " ".join(_SPECIAL.sub(" ", name).split())


@callback
def spoken_names(hass: HomeAssistant) -> set[str]:
    """Return all names by which cars and chargers may be called."""
    return {
        spoken
        for entry in loaded_sites(hass)
        for place in _of_site(hass, entry)
        for name in place.names
        if (spoken := plain(name))
    }


def chosen(places: list[CarPlace], name: str | None) -> list[CarPlace]:
    """Return what is meant: what is called so, else the cars that are plugged in, else all.

    Raises:
        AssistError: there is none, or none of that name.

    """
    if not places:
        raise AssistError("assist_no_car")
    if name is None:
        return [place for place in places if place.plugged_in] or places
    wanted = plain(name).casefold()
    called = [
        place
        for place in places
        if wanted in (plain(known).casefold() for known in place.names)
    ]
    if not called:
        raise AssistError("assist_no_such_car", name=name, names=_listed(places))
    # A charger may be called like a car that is elsewhere: the car is meant.
    return [place for place in called if place.owner.key is None] or called


def the_one(places: list[CarPlace], name: str | None) -> CarPlace:
    """Return the only one that is meant.

    Raises:
        AssistError: there is none, or there are several.

    """
    found = chosen(places, name)
    if len(found) > 1:
        raise AssistError("assist_which_one", names=_listed(found))
    return found[0]


def _listed(places: list[CarPlace]) -> str:
    return ", ".join(sorted({place.name for place in places}))


def _of_site(hass: HomeAssistant, entry: SunfuseConfigEntry) -> Iterator[CarPlace]:
    runtime = entry.runtime_data
    known = owners(entry)
    at: dict[str, tuple[str, Owner]] = {}
    for name, owner in known.items():
        if owner.key is None:
            continue
        vehicle = runtime.demands.vehicle_at(owner.key)
        if vehicle is not None:
            at[vehicle.id] = name, owner
            continue
        yield CarPlace(
            entry=entry,
            owner=owner,
            name=name,
            names=_names(hass, entry, name, owner),
            key=owner.key,
            plugged_in=runtime.planning.is_there(owner.key),
        )
    for name, owner in known.items():
        if owner.key is not None:
            continue
        names = _names(hass, entry, name, owner)
        key = None
        if owner.id in at:
            charger, of_charger = at[owner.id]
            names += _names(hass, entry, charger, of_charger)
            key = of_charger.key
        yield CarPlace(
            entry=entry,
            owner=owner,
            name=name,
            names=names,
            key=key,
            plugged_in=key is not None,
        )


def _names(
    hass: HomeAssistant, entry: SunfuseConfigEntry, name: str, owner: Owner
) -> tuple[str, ...]:
    """Return how a car or charger is called: as it was added, and as its device was renamed."""
    device = _device(hass, entry, owner)
    renamed = device.name_by_user if device else None
    return (name,) if renamed is None else (name, renamed)


def _device(
    hass: HomeAssistant, entry: SunfuseConfigEntry, owner: Owner
) -> dr.AnyDeviceEntry | None:
    registry = dr.async_get(hass)
    identifiers = (
        [subentry_identifier(entry, owner.id)]
        if owner.key is None
        else [
            connector_identifier(entry, owner.key),
            station_identifier(entry, owner.key.identity),
        ]
    )
    for identifier in identifiers:
        device = registry.async_get_device_by_identifier(identifier, entry.entry_id)
        if device is not None:
            return device
    return None


def _exposed(hass: HomeAssistant, place: CarPlace, assistant: str | None) -> bool:
    """Return whether any entity of the car or charger is exposed to the assistant, as its user decides."""
    if assistant is None:
        return True
    device = _device(hass, place.entry, place.owner)
    if device is None:
        return False
    return any(
        async_should_expose(hass, assistant, entity.entity_id)
        for entity in er.async_entries_for_device(er.async_get(hass), device.id)
    )


def _sees(viewer: Viewer | None, place: CarPlace) -> bool:
    if viewer is None or viewer.user.is_admin:
        return True
    if place.key is not None:
        return viewer.sees_connector(place.entry, place.key.id)
    return (
        viewer.entity(place.entry, "sensor", f"{place.owner.id}_departure") is not None
    )
