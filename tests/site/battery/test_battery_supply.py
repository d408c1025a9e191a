"""A battery that the plan tells to discharge gives no more than house and cars lack: the rest would be exported."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.sunfuse.engine.model import BatteryReading, Decision
from custom_components.sunfuse.planner import BatteryCommand, SiteSlot
from custom_components.sunfuse.site.battery.battery_orders import BatteryOrders
from custom_components.sunfuse.site.battery.battery_supply import BatterySupply
from custom_components.sunfuse.site.battery_commands import follow_orders
from custom_components.sunfuse.site.engine_options import HoldRule

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def slot(
    command: BatteryCommand = BatteryCommand.DISCHARGE, power_w: float = 3000.0
) -> SiteSlot:
    """Return a slot of a plan that discharges."""
    return SiteSlot(
        start=NOW,
        end=NOW + timedelta(hours=1),
        grid_w=0.0,
        house_w=0.0,
        sun_w=0.0,
        cars_w=3000.0,
        battery_w=power_w,
        battery_wh=None,
        command=command,
        price=0.3,
        export_price=0.07,
    )


def told_w(
    supply: BatterySupply,
    at_s: float,
    lacks_w: float | None,
    *,
    of: SiteSlot | None = None,
    read_s: float | None = None,
) -> float:
    """Return the power of the order at a time, with a reading of the battery of then or of another time."""
    now = NOW + timedelta(seconds=at_s)
    read_at = now if read_s is None else NOW + timedelta(seconds=read_s)
    ordered = supply.ordered(of or slot(), now, lacks_w, read_at)
    assert ordered is not None
    return ordered.battery_w


def test_it_gives_what_is_planned_until_the_car_had_time_to_start() -> None:
    """Nothing lacks yet when the order comes: a car starts within half a minute."""
    supply = BatterySupply()
    assert [told_w(supply, at_s, 300) for at_s in (0, 30, 59)] == [3000] * 3
    assert told_w(supply, 60, 3300) == 3000


def test_a_car_that_takes_less_gets_no_more() -> None:
    """Of 3 kW a car takes 1: 2 kW would be exported. When it takes more again, it gets more, and never more than planned."""
    supply = BatterySupply()
    lacks = ((0, 3000), (60, 1000), (100, 2500), (120, 2500), (180, 9000))
    assert [told_w(supply, at_s, lacks_w) for at_s, lacks_w in lacks] == [
        3000,
        1000,
        1000,  # once a minute
        2500,
        3000,
    ]


def test_a_little_less_is_no_new_order() -> None:
    """Inverters write their settings to flash: 200 W, or a tenth of what is planned, is not worth it."""
    supply = BatterySupply()
    lacks = ((0, 3000), (60, 2750), (61, 2650), (130, 2900), (131, 2360), (200, 2340))
    assert [told_w(supply, at_s, lacks_w) for at_s, lacks_w in lacks] == [
        3000,
        3000,
        2650,
        2650,
        2650,
        2340,
    ]


def test_it_waits_for_a_reading_of_after_the_order() -> None:
    """One that is polled each five minutes still shows what the battery gave before: with the grid's power of now that is nothing that lacks."""
    supply = BatterySupply()
    assert told_w(supply, 0, 3000) == 3000
    assert told_w(supply, 70, 1000) == 1000
    assert told_w(supply, 140, 3000, read_s=70) == 1000
    assert told_w(supply, 200, 3000, read_s=140) == 3000


@pytest.mark.parametrize("command", [BatteryCommand.NORMAL, BatteryCommand.CHARGE])
def test_another_command_is_as_planned_and_ends_it(command: BatteryCommand) -> None:
    """The next order to discharge begins with what is planned again."""
    supply = BatterySupply()
    told_w(supply, 0, 3000)
    assert told_w(supply, 60, 500) == 500
    charge = slot(command, -2000)
    assert supply.ordered(charge, NOW, 500, NOW) is charge
    assert supply.ordered(None, NOW, 500, NOW) is None
    assert told_w(supply, 120, 500) == 3000


def test_what_is_not_measured_is_not_followed() -> None:
    """Without a meter, or with none of the battery, it gives what is planned."""
    supply = BatterySupply()
    told_w(supply, 0, 3000)
    assert told_w(supply, 60, 500) == 500
    assert told_w(supply, 65, None) == 3000


def test_a_clock_that_is_set_back_does_not_keep_it() -> None:
    """An hour back, it follows a minute later as ever."""
    supply = BatterySupply()
    told_w(supply, 0, 3000)
    told_w(supply, -3600, 3000)
    assert told_w(supply, -3540, 1000) == 1000


def test_where_nothing_lacks_the_battery_is_left_to_itself() -> None:
    """A mode without a power ends, and so does a number: the battery then stores what the sun leaves."""
    decision = Decision(
        now=NOW, connectors=(), circuits=(), surplus_w=0.0, given_a=(0.0,)
    )
    orders = BatteryOrders.of({"discharge_entity": "number.discharge"})
    supply = BatterySupply()
    values = []
    for at_s, lacks_w in ((0, 3000), (60, -800), (120, 1230)):
        now = NOW + timedelta(seconds=at_s)
        rule = orders.rule(supply.ordered(slot(), now, lacks_w, now), decision)
        values.append(rule.value if rule else None)
    assert values == ["3000", None, "1200"]


@pytest.mark.parametrize(
    ("options", "grid_w", "value"),
    [
        ({"charge_entity": "select.mode", "charge_value": "eco_charge"}, -1500.0, None),
        ({"charge_entity": "select.mode", "charge_value": "eco_charge"}, 0.0, None),
        (
            {"charge_entity": "select.mode", "charge_value": "eco_charge"},
            800.0,
            "eco_charge",
        ),
        ({"charge_entity": "number.charge"}, -1500.0, "0"),
        ({"charge_entity": "script.battery"}, -1500.0, "charge 0 -1500"),
    ],
)
def test_a_mode_that_charges_is_not_chosen_for_sun_that_is_to_be_exported(
    options: dict[str, str], grid_w: float, value: str | None
) -> None:
    """To charge with nothing is a number or a script's; a mode would buy. Where the plan buys, it is the mode."""
    decision = Decision(
        now=NOW, connectors=(), circuits=(), surplus_w=0.0, given_a=(0.0,)
    )
    planned = replace(slot(BatteryCommand.CHARGE, 0.0), grid_w=grid_w)
    rule = BatteryOrders.of(options).rule(planned, decision)
    assert (rule.value if rule else None) == value


class Told:
    """What a battery's entity is to have."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.values: list[str | None] = []

    def update(self, _: bool, planned: HoldRule | None, *, soc: float | None) -> None:
        """Remember what a tick orders."""
        assert soc == 50
        self.values.append(planned.value if planned else None)


def test_a_site_tells_its_battery_what_lacks() -> None:
    """From the decision of each tick, and when the battery was read."""
    ticks: Any = SimpleNamespace(last_update_success=True)
    told: Any = Told()
    listeners: list[Callable[[], None]] = []
    ticks.async_add_listener = listeners.append

    def tick(at_s: float, lacks_w: float) -> None:
        now = NOW + timedelta(seconds=at_s)
        ticks.data = SimpleNamespace(
            decision=Decision(
                now=now,
                connectors=(),
                circuits=(),
                surplus_w=0.0,
                given_a=(0.0,),
                lacks_w=lacks_w,
            ),
            snapshot=SimpleNamespace(
                battery=BatteryReading(at=now, power_w=3000.0, soc=50.0)
            ),
        )
        for listener in listeners:
            listener()

    tick(0, 300)
    entry: Any = SimpleNamespace(
        options={"discharge_entity": "number.discharge"}, async_on_unload=id
    )
    planning: Any = SimpleNamespace(slot_now=slot)
    follow_orders(entry, ticks=ticks, planning=planning, battery=told)
    tick(60, 2000)
    assert told.values == ["3000", "2000"]
