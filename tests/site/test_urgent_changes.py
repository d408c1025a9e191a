"""How soon a change of a charger is decided on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.central_system.station_state import (
    ConnectorState,
    MeterSample,
    StationState,
)
from custom_components.sunfuse.engine.model import ConnectorStatus
from custom_components.sunfuse.site.chargers.urgent_changes import (
    AT_ONCE,
    SOON,
    UrgentChanges,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def _meter(*current_a: float | None, **changes: Any) -> MeterSample:
    first, second, third = (*current_a, None, None, None)[:3]
    return MeterSample(at=NOW, current_a=(first, second, third), **changes)


def _station(
    meter: MeterSample, *, offer_a: float | None = 16.0, **changes: Any
) -> StationState:
    connector = ConnectorState(
        id=1, status=ConnectorStatus.CHARGING, offer_a=offer_a, meter=meter
    )
    state = StationState(
        identity="CP1", accepted=True, connected=True, connectors=(connector,)
    )
    return replace(state, **changes)


@pytest.mark.parametrize(
    ("before", "now", "due"),
    [
        # The meter's last digit, and what it counts.
        (_meter(10.0, energy_wh=1.0), _meter(10.3, energy_wh=20.0), None),
        # A draw that moves within its offer is reserved for its car.
        (_meter(10.0), _meter(15.9), SOON),
        (_meter(15.9), _meter(10.0), SOON),
        (_meter(10.0, 10.0, 10.0), _meter(10.0, 0.0, 0.0), SOON),
        # The meter is up to half an ampere from what the car takes.
        (_meter(15.0), _meter(16.4), SOON),
        # More than it is offered, and each step further.
        (_meter(15.0), _meter(16.6), AT_ONCE),
        (_meter(20.0), _meter(20.6), AT_ONCE),
        (_meter(25.0), _meter(20.0), SOON),
        # On phases for which nothing was reserved.
        (_meter(10.0, 0.0, 0.0), _meter(10.0, 10.0, 10.0), AT_ONCE),
        (_meter(0.0), _meter(6.0), AT_ONCE),
        # The first report, and none any more.
        (_meter(), _meter(6.0), AT_ONCE),
        (_meter(6.0), _meter(), AT_ONCE),
        # A power alone does not say on which phases.
        (_meter(power_w=6900), _meter(power_w=7100), AT_ONCE),
        (_meter(power_w=6900), _meter(power_w=7000), None),
        (_meter(10.0, power_w=6900), _meter(10.0, power_w=7100), SOON),
        # The charger says that it allows its car something else.
        (_meter(10.0, offered_a=16.0), _meter(10.0, offered_a=10.0), AT_ONCE),
    ],
)
def test_what_a_car_draws(
    before: MeterSample, now: MeterSample, due: timedelta | None
) -> None:
    """What could load a fuse with what is not reserved is decided on at once."""
    urgent = UrgentChanges()
    urgent.decided([_station(before)])
    assert urgent.due_in(_station(now)) == due


def test_nothing_is_reserved_where_no_offer_is_known() -> None:
    """Each rise of a car's draw may be an overload then."""
    urgent = UrgentChanges()
    urgent.decided([_station(_meter(10.0), offer_a=None)])
    assert urgent.due_in(_station(_meter(11.0), offer_a=None)) == AT_ONCE
    assert urgent.due_in(_station(_meter(9.0), offer_a=None)) == SOON


def test_what_a_charger_says_of_itself() -> None:
    """That it connects, or that a car comes, is decided on at once; that it was heard is nothing."""
    urgent, known = UrgentChanges(), _station(_meter(10.0))
    assert urgent.due_in(known) == AT_ONCE
    urgent.decided([known])
    assert urgent.due_in(known) is None
    assert urgent.due_in(replace(known, last_seen=NOW)) is None
    assert urgent.due_in(replace(known, connected=False)) == AT_ONCE
    second = ConnectorState(id=2)
    both = replace(known, connectors=(*known.connectors, second))
    assert urgent.due_in(both) == AT_ONCE
    (one,) = known.connectors
    stopped = replace(one, status=ConnectorStatus.FINISHING)
    assert urgent.due_in(replace(known, connectors=(stopped,))) == AT_ONCE
