"""Who commands the home battery: the plan where it says so, else the engine, which keeps it from discharging into cars."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback

from ..coordinator import SunfuseCoordinator
from .battery.battery_hold import BatteryHold
from .battery.battery_orders import BatteryOrders
from .battery.battery_supply import BatterySupply
from .planning.planning import SitePlanning


@callback
def follow_orders(
    entry: ConfigEntry,
    *,
    ticks: SunfuseCoordinator,
    planning: SitePlanning,
    battery: BatteryHold,
) -> None:
    """Command the battery from now on, with each tick, for as long as the site is loaded."""
    orders, supply = BatteryOrders.of(entry.options), BatterySupply()

    @callback
    def update() -> None:
        if not ticks.last_update_success:
            battery.update(False)
            return
        decision = ticks.data.decision
        reading = ticks.data.snapshot.battery
        slot = supply.ordered(
            planning.slot_now(),
            decision.now,
            decision.lacks_w,
            reading.at if reading else None,
        )
        planned = orders.rule(slot, decision)
        soc = reading.soc if reading else None
        battery.update(decision.hold_battery, planned, soc=soc)

    entry.async_on_unload(ticks.async_add_listener(update))
    update()
