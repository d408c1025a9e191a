"""Watches, while a site runs, whether its grid power, its phases and the Energy dashboard's counters agree in sign."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .sign_conventions import contradict

# This much energy, this often in a row: more than the error of a counter that lags behind a cloud.
_WINDOW_WH = 50.0
_WINDOWS = 3
_LASTING = timedelta(minutes=1)
# Over a longer gap between readings, the flow is unknown.
_LONGEST_GAP = timedelta(minutes=2)


@dataclass(slots=True)
class SignWatch:
    """What was observed of the signs of one site's meter."""

    counters_contradict: bool = False
    phases_contradict: bool = False
    _against: int = 0
    _energy_wh: float = 0.0
    _counted_from_wh: float | None = None
    _counted_wh: float | None = None
    _begun: bool = False  # whether the counters moved since this was begun
    _last: tuple[datetime, float] | None = field(default=None)
    _phases_since: datetime | None = None

    def see(
        self,
        now: datetime,
        *,
        power_w: float | None,
        phases_w: float | None,
        counted_wh: float | None,
    ) -> None:
        """Take what the meter shows: the total, the phases' sum, and the counters of import less export."""
        self._see_phases(now, power_w, phases_w)
        self._see_counters(now, power_w, counted_wh)

    def _see_phases(
        self, now: datetime, power_w: float | None, phases_w: float | None
    ) -> None:
        if power_w is None or phases_w is None:
            return
        if contradict(power_w, phases_w):
            since = self._phases_since = self._phases_since or now
            self.phases_contradict |= now - since >= _LASTING
        elif contradict(power_w, -phases_w):
            self._phases_since = None
            self.phases_contradict = False

    def _see_counters(
        self, now: datetime, power_w: float | None, counted_wh: float | None
    ) -> None:
        last, self._last = self._last, None if power_w is None else (now, power_w)
        if counted_wh is None or power_w is None or last is None:
            self._begin(counted_wh)
            return
        passed = now - last[0]
        if not timedelta(0) <= passed <= _LONGEST_GAP:
            self._begin(counted_wh)
            return
        self._energy_wh += last[1] * passed.total_seconds() / 3600
        if counted_wh == self._counted_wh:
            return
        first, self._counted_wh = not self._begun, counted_wh
        if first or self._counted_from_wh is None:
            # How long the counter stood at this value is not known.
            self._begin(counted_wh)
            self._begun = True
            return
        counted = counted_wh - self._counted_from_wh
        if min(abs(counted), abs(self._energy_wh)) < _WINDOW_WH:
            return
        self._against = self._against + 1 if counted * self._energy_wh < 0 else 0
        if self._against == 0:
            self.counters_contradict = False
        elif self._against >= _WINDOWS:
            self.counters_contradict = True
        self._begin(counted_wh)
        self._begun = True

    def _begin(self, counted_wh: float | None) -> None:
        self._energy_wh = 0.0
        self._counted_from_wh = self._counted_wh = counted_wh
        self._begun = False
