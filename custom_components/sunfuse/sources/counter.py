"""Derives power from an energy counter, for meters that report nothing else."""

from dataclasses import dataclass
from datetime import datetime

# A counter that stands still for this long without ever having moved shows that little flows.
STILL_S = 60.0
# No site draws more; a larger power means that the counter was replaced, or returned from zero.
_MOST_W = 1_000_000.0
# Smaller differences are rounding of the same reading.
_NOTHING_WH = 0.01
# The first step is shortened by the time at which we began to read; that is negligible if it is this many times the
# resolution.
_MANY_STEPS = 10
# At 16 A of one phase (3.7 kW) such a counter moves every 20 s.
COARSE_WH = 20.0
_OFTEN = 3


@dataclass(slots=True)
class Counter:
    """A counter of energy, in Wh, that is read repeatedly.

    Its power is that between its last two steps. While it stands still for longer than that, less than one step can
    have flowed, and that becomes the power. A counter that went back was reset; it counts from there.
    """

    _energy_wh: float | None = None
    _read_at: datetime | None = None
    _changed_at: datetime | None = None
    _stepped: bool = False  # `_changed_at` is a step of the counter, not the time of the first reading
    _rate_w: float | None = None
    _step_wh: float | None = None  # the smallest step so far
    _steps: int = 0
    _still: int = 0
    power_w: float | None = None
    at: datetime | None = None  # the time to which `power_w` applies

    @property
    def is_coarse(self) -> bool:
        """Whether its steps are so large that a fuse blows between two of them."""
        return (
            self._steps >= _OFTEN
            and self._still > self._steps
            and (self._step_wh or 0.0) >= COARSE_WH
        )

    def read(self, energy_wh: float, resolution_wh: float, at: datetime) -> None:
        """Take a reading; `resolution_wh` is the step of its digits."""
        before, read_at, changed_at = self._energy_wh, self._read_at, self._changed_at
        if before is None or read_at is None or changed_at is None:
            self._start(energy_wh, at)
            return
        if at <= read_at:
            return
        risen_wh = energy_wh - before
        elapsed_s = (at - changed_at).total_seconds()
        if risen_wh < -_NOTHING_WH or risen_wh * 3600 / elapsed_s > _MOST_W:
            self._start(energy_wh, at)
            return
        if risen_wh > _NOTHING_WH:
            self._step(energy_wh, risen_wh, resolution_wh, at)
        else:
            self._stand_still(elapsed_s, resolution_wh)
        self._read_at = at
        if self.power_w is not None:
            # It is an average, so it applies to the middle of the time since the previous reading.
            self.at = read_at + (at - read_at) / 2

    def _start(self, energy_wh: float, at: datetime) -> None:
        self._energy_wh = energy_wh
        self._read_at = self._changed_at = at
        self._stepped = False

    def _step(
        self, energy_wh: float, risen_wh: float, resolution_wh: float, at: datetime
    ) -> None:
        assert self._changed_at
        if self._stepped or risen_wh >= _MANY_STEPS * resolution_wh:
            elapsed_s = (at - self._changed_at).total_seconds()
            self.power_w = self._rate_w = risen_wh * 3600 / elapsed_s
            self._step_wh = min(self._step_wh or risen_wh, risen_wh)
            self._steps += 1
        self._stepped = True
        self._energy_wh = energy_wh
        self._changed_at = at

    def _stand_still(self, elapsed_s: float, resolution_wh: float) -> None:
        self._still += 1
        most_w = (self._step_wh or resolution_wh) * 3600 / elapsed_s
        if self._rate_w is not None:
            self.power_w = min(self._rate_w, most_w)
        elif elapsed_s >= STILL_S:
            self.power_w = most_w
