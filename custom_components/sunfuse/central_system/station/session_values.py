"""What the meter values that name a transaction show: they stand for its end where that carries none (OCPP 2.x)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from .energy_track import Most


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionValues:
    """The register in the first and in the last meter value of a transaction."""

    first_wh: float
    first_at: datetime
    last_wh: float
    last_at: datetime

    @classmethod
    def begin(cls, register_wh: float, at: datetime) -> Self:
        """Begin with one value."""
        return cls(first_wh=register_wh, first_at=at, last_wh=register_wh, last_at=at)

    def including(self, register_wh: float, at: datetime) -> Self:
        """Return these with another value, which may be of any time."""
        if at >= self.last_at:
            return replace(self, last_wh=register_wh, last_at=at)
        if at < self.first_at:
            return replace(self, first_wh=register_wh, first_at=at)
        return self

    def not_after(self, now: datetime) -> Self:
        """Return these as read by now at the latest: a clock that was ahead may have dated them."""
        first_at, last_at = min(self.first_at, now), min(self.last_at, now)
        return replace(self, first_at=first_at, last_at=last_at)

    def taken_wh(
        self,
        start_wh: float | None,
        started_at: datetime,
        most_wh: Most,
        *,
        restarts: bool,
    ) -> float | None:
        """Return the energy until the last value, from a register that showed `start_wh` at the start; None: not known.

        A first value below the start shows that values count from the start of the session, as does what earlier
        sessions showed (`restarts`). Where neither is known they are taken for the register of the start, and where the
        start carries none, what flowed before the first value is lost: too little, never too much.
        """
        if restarts or (start_wh is not None and self.first_wh < start_wh):
            from_wh, since = 0.0, started_at
        elif start_wh is not None:
            from_wh, since = start_wh, started_at
        else:
            from_wh, since = self.first_wh, self.first_at
        taken_wh = self.last_wh - from_wh
        return taken_wh if 0 <= taken_wh <= most_wh(since, self.last_at) else None
