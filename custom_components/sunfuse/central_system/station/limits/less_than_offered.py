"""Chargers that report that they allow a car less than they were offered: a setting of their own, heat, a rotary switch."""

from datetime import datetime, timedelta

_NOTICEABLE_A = 1.0
_ALIKE_A = 0.5


class LessThanOffered:
    """Compares what a connector reports that it allows a car (Current.Offered) with its offer."""

    def __init__(self, wait: timedelta) -> None:
        """Be certain once the same was reported for this long."""
        self._wait = wait
        self._low: tuple[float, datetime] | None = None  # what is reported, since when

    def sure(
        self, reported_a: float, at: datetime, *, offer_a: float, draw_a: float
    ) -> bool:
        """Whether the connector has a lower limit of its own, given what it reported at `at`.

        A value that the car exceeds, or that leaves it nothing, is not a limit but a mistake or a pause.
        """
        low = (
            reported_a < offer_a - _NOTICEABLE_A
            and draw_a <= reported_a + _NOTICEABLE_A
        )
        if not low or reported_a <= 0:
            self._low = None
            return False
        if self._low is None or abs(reported_a - self._low[0]) > _ALIKE_A:
            self._low = (reported_a, at)
        return at - self._low[1] >= self._wait

    def forget(self) -> None:
        """Start again: there is no offer to compare with."""
        self._low = None
