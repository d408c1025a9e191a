"""Since when cars say that they are plugged in, or that they are not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from homeassistant.core import callback

from ...engine.clock_change import moved
from ...engine.codec import from_jsonable, to_jsonable
from ...engine.stored_items import Stored
from ...sources.vehicles import CarReading


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidPlug:
    """What the plug of a car said last, and since when."""

    plugged: bool
    at: datetime


class SaidPlugs:
    """Remembers what plugs said, by entity.

    After a restart of Home Assistant, and after an outage of its integration, a plug says again what it said before. The car
    was not plugged in at that time.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin with nothing remembered; `changed` is called when there is something to store."""
        self._changed = changed
        self._said: dict[str, SaidPlug] = {}

    def take_back(self, stored: Stored) -> None:
        """Take over what was stored."""
        self._said = stored.each(partial(from_jsonable, SaidPlug))

    def to_jsonable(self) -> Any:
        """Return what to store."""
        return to_jsonable(self._said)

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift with the wall clock, which was set forward by so much."""
        self._said = moved(self._said, by)

    @callback
    def since(self, entity: str | None, reading: CarReading) -> CarReading:
        """Return what a car says, with since when its plug says so."""
        if entity is None or reading.plugged is None or reading.plugged_at is None:
            return reading
        said = SaidPlug(plugged=reading.plugged, at=reading.plugged_at)
        before = self._said.get(entity)
        if before is not None and before.plugged is said.plugged:
            said = replace(said, at=min(before.at, said.at))
        if said != before:
            self._said[entity] = said
            self._changed()
        return replace(reading, plugged_at=said.at)

    @callback
    def forget_others(self, entities: Iterable[str]) -> None:
        """Forget the plugs that no vehicle of the site has."""
        self._said = {name: self._said[name] for name in entities if name in self._said}
