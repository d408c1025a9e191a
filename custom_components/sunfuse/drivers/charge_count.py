"""The state of charge of a car, counted from the energy that it was given since it was last known."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .demand import CHARGE_EFFICIENCY, FULL_SOC, ChargeSource

# An entered state of charge is used if the car is plugged in within this time; after that, it has probably been driven.
TYPED_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMark:
    """A state of charge that was known, and what the connector's meter had counted then; None: no car was there."""

    soc: float
    at: datetime
    source: ChargeSource
    connector: str | None = None
    register_wh: float | None = None

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
    if said is not None and (
        mark is None or (mark.source is ChargeSource.ENTITY and mark.soc != said)
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
    if mark.is_typed and mark.connector is None and now - mark.at > TYPED_LASTS:
        return None
    if mark.connector != where or mark.register_wh is None:
        return replace(mark, connector=where, register_wh=register_wh)
    return mark
