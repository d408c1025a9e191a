"""Phases in the names of sensors and devices."""

from collections.abc import Sequence, Set as AbstractSet
import re

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
# L1, p2, phase3, phaseA: an "a" alone may be a phase as well as the unit.
_NAMED_PHASE = re.compile(r"(?:l|p|ph|phase)([123abc])")
_PHASE_WORDS = frozenset(("l", "ph", "phase"))
PHASE_NUMBERS = {"1": 1, "2": 2, "3": 3, "a": 1, "b": 2, "c": 3}


def words_in(name: str) -> list[str]:
    """Return the words of a name, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def named_phase(
    words: Sequence[str], shared: AbstractSet[str] = frozenset()
) -> tuple[int, int] | None:
    """Return the phase of "l1" or "phase a", and where it is; `shared` words do not tell it."""
    for place, word in enumerate(words):
        if word in shared:
            continue
        if match := _NAMED_PHASE.fullmatch(word):
            return PHASE_NUMBERS[match[1]], place
        if place and words[place - 1] in _PHASE_WORDS and word in PHASE_NUMBERS:
            return PHASE_NUMBERS[word], place
    return None


def bare_phase(
    words: Sequence[str], shared: AbstractSet[str]
) -> tuple[int, int] | None:
    """Return the phase of "current 1" or "a_current", and where it is; `shared` words do not tell it."""
    for place in range(len(words) - 1, -1, -1):
        if words[place] in PHASE_NUMBERS and words[place] not in shared:
            return PHASE_NUMBERS[words[place]], place
    return None


def phase_devices(hass: HomeAssistant, device_id: str) -> tuple[str, ...]:
    """Return this device, and those that differ from it only by the phase in their name.

    A Shelly 3EM has a device for each phase, below its own.
    """
    registry = dr.async_get(hass)
    device = registry.async_get(device_id)
    name = _without_phase(device)
    if device is None or name is None or (above := _above(device)) is None:
        return (device_id,)
    beside = (
        other.id
        for entry in sorted(device.config_entries)
        for other in dr.async_entries_for_config_entry(registry, entry)
        if _above(other) == above and _without_phase(other) == name
    )
    return tuple(dict.fromkeys((device_id, *beside)))


def _above(device: dr.DeviceEntry | dr.ChildDeviceEntry) -> str | None:
    if isinstance(device, dr.ChildDeviceEntry):
        return device.parent_device_id
    return device.via_device_id


def _without_phase(
    device: dr.DeviceEntry | dr.ChildDeviceEntry | None,
) -> tuple[str, ...] | None:
    words = words_in(device.name or "") if device else []
    if (found := named_phase(words)) is None:
        return None
    _, place = found
    return (*words[:place], *words[place + 1 :])
