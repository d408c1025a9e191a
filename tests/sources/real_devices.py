"""Devices of real integrations, with the names that these give their sensors.

Unique ids, translation keys and names are those of Home Assistant 2026.10.4, as far as they exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from custom_components.sunfuse.sources.config import MeterConfig

# entity, device class, unique id, original name
type Named = tuple[str, ...]


def phased(entity: str, device_class: str, unique_id: str, name: str) -> list[Named]:
    """Return three sensors: {n} is 1 to 3, {z} 0 to 2, {l} and {u} a letter."""
    return [
        tuple(
            text.format(n=n, z=n - 1, l="abc"[n - 1], u="ABC"[n - 1])
            for text in (entity, device_class, unique_id, name)
        )
        for n in (1, 2, 3)
    ]


def of(entity: str) -> tuple[str, ...]:
    """Return three entities."""
    return tuple(f"sensor.{entity}".format(n=n, l="abc"[n - 1]) for n in (1, 2, 3))


@dataclass(frozen=True, kw_only=True)
class RealDevice:
    """A device, what is known of it, and what is to be found."""

    sensors: Sequence[Named]
    known: str | Sequence[str]
    expected: MeterConfig
    below: Sequence[Sequence[Named]] = field(default_factory=list)
    inverted: bool = False
    platform: str = "meter"
