"""How much a battery that the plan tells to discharge gives: no more than house and cars lack."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from ...planner import BatteryCommand, SiteSlot

# So long after an order the battery and its meter have followed it. Inverters are not written to more often either.
FOLLOWED = timedelta(seconds=60)
# A smaller difference is not worth another order: this part of what is planned, and at least so many watts.
_BAND = 0.1
_BAND_W = 200.0


@dataclass(kw_only=True)
class BatterySupply:
    """What house and cars lack while the plan discharges, as the last order assumes."""

    lacks_w: float = inf  # it begins with what is planned
    since: datetime | None = None  # of the last order; None: there is none to discharge

    def ordered(
        self,
        slot: SiteSlot | None,
        now: datetime,
        lacks_w: float | None,
        read_at: datetime | None,
    ) -> SiteSlot | None:
        """Return the slot with the power that the battery should give now, by a reading of the battery of then."""
        if slot is None or slot.command is not BatteryCommand.DISCHARGE:
            self.lacks_w, self.since = inf, None
            return slot
        # A clock that is set back must not keep the order as it is.
        self.since = now if self.since is None else min(self.since, now)
        if lacks_w is None or read_at is None:
            self.lacks_w = inf
        elif read_at >= self.since + FOLLOWED and self._is_off(slot, lacks_w):
            self.lacks_w, self.since = lacks_w, now
        return replace(slot, battery_w=slot.discharge_w(self.lacks_w))

    def _is_off(self, slot: SiteSlot, lacks_w: float) -> bool:
        """Whether another order is worth it."""
        more_w = slot.discharge_w(lacks_w) - slot.discharge_w(self.lacks_w)
        return abs(more_w) > max(_BAND * slot.battery_w, _BAND_W)
