"""The meters of a station: one for each connector."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ...station_state import MeterSample
from ..shared_state import SharedState
from .meter import Meter
from .register_readings import SessionReadings


class Meters:
    """Holds the meter of each connector, which is made on first use."""

    def __init__(self, shared: SharedState) -> None:
        """Start with none."""
        self._shared = shared
        self._meters: dict[int, Meter] = {}

    def of(self, connector: int) -> Meter:
        """Return the meter of a connector."""
        if connector not in self._meters:
            self._meters[connector] = self.new()
        return self._meters[connector]

    def new(self) -> Meter:
        """Return a meter of a connector that has measured nothing yet."""
        config = self._shared.config
        return Meter(
            phases=config.phases,
            voltage_v=config.voltage_v,
            max_a=config.max_a,
            time_factor=config.time_factor,
        )

    def configure(self) -> None:
        """Apply a changed configuration."""
        config = self._shared.config
        for meter in self._meters.values():
            meter.configure(
                phases=config.phases, voltage_v=config.voltage_v, max_a=config.max_a
            )

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        for meter in self._meters.values():
            meter.clock_was_set(by)

    def booted(self) -> None:
        """Note that the station says that it booted."""
        for meter in self._meters.values():
            meter.booted(self._shared.now())

    def memory(self) -> dict[int, dict[str, Any]]:
        """Return what is to be stored of each connector's energy, as plain data."""
        return {
            connector: meter.energy_memory()
            for connector, meter in self._meters.items()
        }

    def restore(
        self,
        connector: int,
        energy: dict[str, Any],
        finished: Iterable[SessionReadings] = (),
    ) -> MeterSample:
        """Continue from the stored energy of a connector and its `finished` sessions; raises what reading raises."""
        return self.of(connector).restore_energy(energy, self._shared.now(), finished)

    def forget(self, connector: int) -> None:
        """Start again with a new meter for a connector."""
        del self._meters[connector]
