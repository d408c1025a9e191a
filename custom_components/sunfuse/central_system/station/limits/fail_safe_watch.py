"""The fail-safe current of a station: whether it accepted it, and whether it falls back to it."""

from datetime import datetime, timedelta
import logging

from ....engine.cars.confirmed_offer import exceeds
from ...adapter import Adapter
from ...station_state import CommandError, FailSafe
from ..metering.meters import Meters
from ..metering.sampled_values import Reading
from ..quirks import Kind
from ..shared_state import SharedState

_LOGGER = logging.getLogger(__name__)

_TOLERANCE_A = 0.5
# No charger limits to less than this, except to zero (IEC 61851-1: charging starts at 6 A).
_LEAST_A = 1.0
# The station lost its fail-safe current when it booted; stored among its variables.
FORGETS = "ForgetsFailSafe"
# Stored among the station's variables if it has no composite schedule.
NO_SCHEDULE = "GetCompositeSchedule"


class FailSafeWatch:
    """Concludes from what a station confirms, intends and measures whether it falls back."""

    def __init__(self, shared: SharedState, meters: Meters) -> None:
        """Start with nothing known."""
        self._shared = shared
        self._meters = meters
        # The fail-safe current that the station accepted, and in which shape of profile.
        self.lasting: tuple[float, tuple[Kind, int, bool]] | None = None
        self._left_at: datetime | None = None  # when it was last disconnected
        self._back_at: datetime | None = None  # and reconnected

    def confirmed_set(self, *, taken: bool) -> None:
        """Note whether the station accepted its fail-safe current; one that did not cannot fall back to it."""
        refused_before = self._shared.state.fail_safe_set is False
        self._shared.update(fail_safe_set=taken)
        if not taken:
            if not refused_before:
                _LOGGER.warning(
                    "Charger %s did not take its fail-safe current: its maximum is reserved while it is away. "
                    "Set a low current in the charger itself, if it has such a setting",
                    self._shared.identity,
                )
            self.conclude(FailSafe.DOES_NOT_FALL_BACK)
        elif refused_before:
            self.conclude(FailSafe.NOT_VERIFIED)

    def conclude(self, fail_safe: FailSafe) -> None:
        """Note whether the station falls back when it loses its connection to us, also after a power cut."""
        shared = self._shared
        if FORGETS in shared.variables:
            fail_safe = FailSafe.DOES_NOT_FALL_BACK
        news = fail_safe is not shared.state.fail_safe
        said = shared.state.fail_safe_set is False
        if news and not said and fail_safe is FailSafe.DOES_NOT_FALL_BACK:
            _LOGGER.warning(
                "Charger %s does not fall back to its fail-safe current: its maximum is reserved while it is away. "
                "Set a low current in the charger itself, if it has such a setting, and test it again",
                shared.identity,
            )
        shared.update(fail_safe=fail_safe, fall_back_a=shared.fall_back_a(fail_safe))

    # After it booted

    async def present_a(self, adapter: Adapter) -> float | None:
        """Return what the station intends without a car now; None if it does not report that."""
        if NO_SCHEDULE in self._shared.variables:
            return None
        try:
            return (await adapter.schedule(1, 60)).at(0)
        except CommandError as err:
            _LOGGER.debug("%s: after it booted: %s", self._shared.identity, err)
            return None

    def judge_boot(self, before_a: float, after_a: float) -> None:
        """Conclude from what a station intended before and after its fail-safe current was sent again.

        Nothing else changed in between: what it intends only now, it had lost when it booted.
        """
        if not self._is_fail_safe(after_a):
            return  # something else limits it, or it reports transactions only
        if not self._is_fail_safe(before_a):
            self._shared.variables[FORGETS] = "true"
            self.conclude(FailSafe.DOES_NOT_FALL_BACK)
        elif self._shared.variables.pop(FORGETS, None):
            self.conclude(FailSafe.NOT_VERIFIED)

    # While it was disconnected

    def left(self) -> None:
        """Note that the station is disconnected from now on."""
        self._left_at, self._back_at = self._shared.now(), None

    def back(self) -> None:
        """Note that the station is connected again."""
        self._back_at = self._shared.now()

    def judge_away(self, readings: tuple[Reading, ...], at: datetime) -> None:
        """Conclude from what was measured while the station was disconnected, after its limit had expired."""
        config, timing = self._shared.config, self._shared.timing
        if self._left_at is None or self._back_at is None:
            return
        lapse = timedelta(seconds=config.expiry_s + timing.react_s)
        if self._left_at + lapse < at < self._back_at:
            then = self._meters.new().update(readings, at)
            drawn_a = then.drawn_a(config.phases, config.voltage_v)
            if exceeds(drawn_a, config.fail_safe_a):
                self.conclude(FailSafe.DOES_NOT_FALL_BACK)

    # While a car charges

    def judge_lapse(self, offer_a: float, later_a: float) -> None:
        """Conclude from what the station intends after the present limit has expired."""
        state = self._shared.state
        if state.fail_safe is not FailSafe.NOT_VERIFIED:
            return
        if state.fail_safe_set is None:
            return  # a car charged before the station was sent its fail-safe current
        fail_safe_a = self._shared.config.fail_safe_a
        if later_a > fail_safe_a + _TOLERANCE_A:
            self.conclude(FailSafe.DOES_NOT_FALL_BACK)
        elif self._is_fail_safe(later_a) and abs(offer_a - fail_safe_a) > _TOLERANCE_A:
            self.conclude(FailSafe.VERIFIED)

    def _is_fail_safe(self, limit_a: float) -> bool:
        """Whether a limit of a station is its fail-safe current, or less."""
        fail_safe_a = self._shared.config.fail_safe_a
        least_a = _LEAST_A if fail_safe_a else 0.0
        return least_a <= limit_a <= fail_safe_a + _TOLERANCE_A
