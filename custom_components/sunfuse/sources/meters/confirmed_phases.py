"""A meter's total confirms phases whose sensors report only when they change, as those of MQTT or Zigbee often do.

It does so only where it knows better than they do. A total that Home Assistant adds up repeats what a sensor showed that has
failed since. One that gives currents their signs fits whatever they show, once something was fed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..config import MeterConfig
from ..freshness import Freshness
from ..states import Value

# Values that were reported further apart belong to different times.
SAME_TIME = timedelta(seconds=5)
# A meter without signs may be a little below zero when nothing flows.
CLEARLY_NEGATIVE_A = -0.25
# A phase that has risen by as little as rounded amperes differ trips no fuse.
_ROUNDED_A = 2.0
# Another voltage and motors make the total differ from the phases by this part at most, all the time.
_VOLTAGE = 0.05
# A total that does not differ at all is added up from the same sensors.
_SAME_W = 1.0
_HELPERS = frozenset(("group", "min_max", "template"))


@dataclass(slots=True)
class _Lately:
    """What is known of the phases of one meter."""

    # Since when the total gives one of them a negative sign, and whether it did so for longer than one of them is ahead of it.
    negative_since: datetime | None = None
    fed_in: bool = False
    usual_w: float = 0.0  # by which the total differs when all were reported at once
    confirmed_at: datetime | None = None
    differs_since: datetime | None = None
    left_at: datetime | None = None  # when they last did not follow the total

    def note_signs(self, phases: Sequence[Value], now: datetime) -> None:
        """Remember what the signs of currents that have none of their own show."""
        if all(phase.number >= CLEARLY_NEGATIVE_A for phase in phases):
            self.negative_since = None
            return
        self.negative_since = self.negative_since or now
        self.fed_in |= now - self.negative_since > SAME_TIME


class ConfirmedPhases:
    """Remembers of each meter when its total last confirmed its phases."""

    def __init__(
        self, hass: HomeAssistant, freshness: Freshness, voltage_v: float
    ) -> None:
        """Compare amperes with watts at this voltage."""
        self._hass = hass
        self._freshness = freshness
        self._voltage_v = voltage_v
        self._lately: dict[tuple[str, ...], _Lately] = {}

    def measures_its_total(self, meter: MeterConfig) -> bool:
        """Whether the total and the phases are of one device, as far as Home Assistant knows."""
        registry = er.async_get(self._hass)
        entries = [registry.async_get(name) for name in meter.entities]
        devices = {
            (one.device_id, one.platform) if one else (None, "") for one in entries
        }
        return len(devices) == 1 and all(
            device is not None and platform not in _HELPERS
            for device, platform in devices
        )

    def confirmed_at(
        self,
        meter: MeterConfig,
        total: Value,
        phases: Sequence[Value],
        *,
        unsigned: bool,
        now: datetime,
    ) -> datetime | None:
        """Return when a total of the meter's own last showed that the phases flow as they had reported.

        When something changes, the total may be reported before the phases: what was confirmed a moment ago still holds. If they
        do not follow, one of them has failed. A total as before does not tell then that all is as before: where two have not
        reported since, the one may hide what the other carries, and where currents have no sign, one may feed in what another takes.
        A sensor that repeats its value does not wait for a change: it has failed when it is silent.
        """
        lately = self._lately.setdefault(meter.phases, _Lately())
        times = [phase.at for phase in phases]
        if unsigned:
            lately.note_signs(phases, now)
        if lately.fed_in or self._freshness.repeats(meter.fuse_entities):
            return None
        sum_w = sum(phase.number for phase in phases) * self._voltage_v
        differs_w = total.number - sum_w
        rounded_w, most_w = _ROUNDED_A * self._voltage_v, _VOLTAGE * abs(sum_w)
        at_once = max(*times, total.at) - min(*times, total.at) <= SAME_TIME
        if at_once and abs(differs_w) <= most_w + rounded_w:
            lately.usual_w = min(max(differs_w, -most_w), most_w)
        if abs(differs_w - lately.usual_w) <= rounded_w:
            lately.differs_since = None
            left_at = lately.left_at
            unheard = sum(left_at is not None and at <= left_at for at in times)
            if abs(differs_w) > _SAME_W and unheard <= (0 if unsigned else 1):
                lately.confirmed_at = total.at
                self._freshness.confirmed(meter.fuse_entities, total.at)
        else:
            since = lately.differs_since = lately.differs_since or now
            if now - since > SAME_TIME:
                lately.confirmed_at, lately.left_at = None, now
        at = lately.confirmed_at
        return at if at is not None and at <= now else None
