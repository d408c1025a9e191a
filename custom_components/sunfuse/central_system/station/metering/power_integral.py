"""The energy of a charger that reports only its power."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from ....engine.codec import from_jsonable

# Readings further apart do not show what flowed between them: only what both show is counted.
NEAR = timedelta(minutes=5)
# A charger that reports its power this often without its energy has no register.
_CONVINCING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerIntegral:
    """The last power, when it was reported, and the energy that has flowed in this session."""

    power_w: float | None = None
    at: datetime | None = None
    session_wh: float = 0.0
    waiting_wh: float = 0.0  # until it is clear that the charger has no register
    readings: int = 0

    def read(self, power_w: float, at: datetime, *, speed: float) -> tuple[Self, float]:
        """Return the integral after another reading, and the energy that it adds, `speed` times faster than the clock."""
        power_w = max(power_w, 0.0)
        wh = self.waiting_wh
        if self.power_w is not None and self.at is not None:
            passed = max(at - self.at, timedelta())
            mean_w = (self.power_w + power_w) / 2
            sure_w = mean_w if passed <= NEAR else min(self.power_w, power_w)
            wh += sure_w * speed * passed.total_seconds() / 3600
        readings = self.readings + 1
        if readings < _CONVINCING:
            added_wh, waiting_wh = 0.0, wh
        else:
            added_wh, waiting_wh = wh, 0.0
        return (
            replace(
                self,
                power_w=power_w,
                at=at,
                session_wh=self.session_wh + added_wh,
                waiting_wh=waiting_wh,
                readings=readings,
            ),
            added_wh,
        )

    def counted(self) -> Self:
        """Return it when a register has shown what flowed until now."""
        return replace(self, power_w=None, at=None, waiting_wh=0.0)

    def begin_session(self) -> Self:
        """Return the integral at the start of a session."""
        return replace(self, session_wh=0.0)

    def moved(self, by: timedelta) -> Self:
        """Return it after the wall clock was set forward by so much."""
        return replace(self, at=None if self.at is None else self.at + by)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "power_w": self.power_w,
            "at": self.at and self.at.isoformat(),
            "session_wh": self.session_wh,
            "waiting_wh": self.waiting_wh,
            "readings": self.readings,
        }

    @classmethod
    def load(cls, data: dict[str, Any] | None, now: datetime) -> Self:
        """Return a stored one; a time in the future becomes now."""
        if data is None:
            return cls()
        stored = from_jsonable(cls, data)
        return replace(stored, at=stored.at and min(stored.at, now))
