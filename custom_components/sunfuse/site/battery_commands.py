"""Who commands the home battery: the plan where it says so, else the engine, which keeps it from discharging into cars."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback

from ..coordinator import SunfuseCoordinator
from .battery.battery_hold import BatteryHold
from .battery.battery_orders import BatteryOrders
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
    orders = BatteryOrders.of(entry.options)

    @callback
    def update() -> None:
        if not ticks.last_update_success:
            battery.update(False)
            return
        decision = ticks.data.decision
        planned = orders.rule(planning.slot_now(), decision)
        reading = ticks.data.snapshot.battery
        soc = reading.soc if reading else None
        battery.update(decision.hold_battery, planned, soc=soc)

    entry.async_on_unload(ticks.async_add_listener(update))
    update()
