"""The state of charge of a car, counted from the energy that it was given since it was last known."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .demand import CHARGE_EFFICIENCY, FULL_SOC, ChargeSource

# An entered state of charge is used if the car is plugged in within this time; after that, it has probably been driven.
TYPED_LASTS = timedelta(hours=12)
# A car that is plugged in again within this time has been moved to another connector: what it was given before counts on.
MOVED_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMark:
    """A state of charge that was known, and what the connector's meter had counted then; None: no car was there.

    Of a car that was unplugged at `left` it is what was counted until then; `said` is what the car itself said last.
    """

    soc: float
    at: datetime
    source: ChargeSource
    connector: str | None = None
    register_wh: float | None = None
    said: float | None = None
    left: datetime | None = None

    @property
    def last_said(self) -> float:
        """Return what the car said last, or its driver."""
        return self.soc if self.said is None else self.said

    def is_stale(self, now: datetime) -> bool:
        """Return whether it was typed so long before the car is plugged in that it has probably been driven since.

        One that was just moved was at a connector until then.
        """
        waits = self.is_typed and self.connector is None and self.left is None
        return waits and now - self.at > TYPED_LASTS

    def has_driven(self, now: datetime) -> bool:
        """Return whether the car has been away for so long that it was probably driven."""
        return self.left is not None and now - self.left > MOVED_WITHIN

    @property
    def is_typed(self) -> bool:
        """Whether a driver entered it."""
        return self.source is ChargeSource.TYPED


def counted_soc(
    mark: ChargeMark,
    register_wh: float | None,
    capacity_wh: float | None,
    efficiency: float | None,
) -> float:
    """Return the state of charge now; it stays what it was where nothing can be counted."""
    if register_wh is None or mark.register_wh is None or not capacity_wh:
        return mark.soc
    given_wh = max(register_wh - mark.register_wh, 0.0)
    gained = given_wh * (efficiency or CHARGE_EFFICIENCY) / capacity_wh * FULL_SOC
    # A car that reports more than full is not corrected downwards by counting.
    return max(mark.soc, min(mark.soc + gained, FULL_SOC))


def left_with(mark: ChargeMark, soc: float, now: datetime) -> ChargeMark:
    """Return what is known of a car that was unplugged with this state of charge."""
    return replace(
        mark,
        soc=soc,
        said=mark.last_said,
        left=now,
        connector=None,
        register_wh=None,
    )


def followed(
    mark: ChargeMark | None,
    *,
    said: float | None,
    said_at: datetime | None,
    where: str | None,
    register_wh: float | None,
    now: datetime,
) -> ChargeMark | None:
    """Return what is known after a report of the car, given the energy counted at its connector.

    What a sleeping car repeats is older than the energy that it was given since: only a change is used.
    """
    if mark is not None and mark.has_driven(now):
        # What was counted is used up by now; what the car says is not.
        known = mark.last_said
        mark = None if mark.is_typed else replace(mark, soc=known, said=None, left=None)
    if said is not None and (
        mark is None or (mark.source is ChargeSource.ENTITY and mark.last_said != said)
    ):
        return ChargeMark(
            soc=said,
            at=said_at or now,
            source=ChargeSource.ENTITY,
            connector=where,
            register_wh=register_wh,
        )
    if mark is None:
        return None
    if where is None:
        return replace(mark, connector=None, register_wh=None)
    if mark.is_stale(now):
        return None
    if mark.connector != where or mark.register_wh is None:
        return replace(mark, connector=where, register_wh=register_wh, left=None)
    return mark
