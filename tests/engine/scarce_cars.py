"""Cars that need energy by a time, and their past: by these a shortage is shared."""

from datetime import timedelta
from typing import Any

from custom_components.sunfuse.engine import Memory
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import Connector
from custom_components.sunfuse.engine.tuning import Policy

from .common import HOUR, NOW, car

MINUTE = timedelta(minutes=1)
ONE_AMPERE_WH = 690.0  # in an hour on three phases
BY_TIME = [Policy.NEED, Policy.DEADLINE, Policy.LAXITY]


def needs(name: str, hours: float, ampere_hours: float, **changes: Any) -> Connector:
    """Return a car that leaves in so many hours and lacks so many ampere-hours on three phases."""
    return car(
        name,
        departure=NOW + hours * HOUR,
        energy_needed_wh=ampere_hours * ONE_AMPERE_WH,
        **changes,
    )


def waits(minutes: float) -> ConnectorMemory:
    """Return the past of a car that has waited for so long."""
    return ConnectorMemory(asked_at=NOW - HOUR, off_since=NOW - minutes * MINUTE)


def runs(minutes: float, **changes: Any) -> ConnectorMemory:
    """Return the past of a car that has charged for so long."""
    return ConnectorMemory(
        asked_at=NOW - HOUR, on_since=NOW - minutes * MINUTE, **changes
    )


def asleep(*names: str) -> Memory:
    """Return a past in which all have waited for a minute."""
    return Memory(connectors={name: waits(1) for name in names})
