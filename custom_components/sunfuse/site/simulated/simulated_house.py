"""A simulated site inside Home Assistant: its meters are entities, its chargers connect over a WebSocket."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ...const import CONF_SPEED, DOMAIN
from ...drivers.demand import Demand
from ...drivers.timetable import Said
from ...simulator import Simulation
from ...simulator.house import HouseSpec, house_power_w
from ...simulator.sun import clear_sky_w
from ...sources.config import SourcesConfig
from ...sources.forecasts.forecast_reader import Forecasts
from ...sources.forecasts.power_forecast import ForecastSlot
from ...sources.series import QUARTER, quarter_start

_FORECAST_SLOTS = int(timedelta(days=3) / QUARTER)
# The average share of clear-sky power under the simulated clouds.
_USUAL_SKY = 0.8
# Cars and chargers react in real time, which is long where time runs faster: at 60 times the speed about so much of what is
# planned at a full fuse is not charged (two nights, side by side with the same ones at 6 times the speed), and no plan
# can do anything about it.
_LOST_AT_60 = 0.04
_LEAST_LEFT = 0.5
# Seeds of households that are like the simulated one.
_OTHER_DAYS = (101, 102, 103)


class SimulatedHouse:
    """The house of a simulated site. Sunfuse reads its meters like a user's inverter."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Build the house; its time does not run yet."""
        self._entry = entry
        self.simulation = Simulation(url=None, speed=entry.data.get(CONF_SPEED, 1.0))
        # What was expected since the beginning of a quarter hour: every tick asks for it.
        self._expected: tuple[datetime, Forecasts] | None = None

    async def async_start(self, hass: HomeAssistant, port: int) -> None:
        """Start the time, and connect the chargers to this port of this machine."""
        self.simulation.set_url(f"ws://127.0.0.1:{port}")
        await self.simulation.start(async_get_clientsession(hass))

    async def async_stop(self) -> None:
        """Stop the time, and disconnect the chargers."""
        await self.simulation.stop()

    def sources(self, hass: HomeAssistant) -> SourcesConfig:
        """Return the house's meters, found in the entity registry as the user may have renamed them."""
        return SourcesConfig.from_dict(
            {
                "grid": {"entity": self._entity(hass, "grid_power")},
                "grid_phases": [
                    self._entity(hass, f"grid_current_l{phase}") for phase in (1, 2, 3)
                ],
                "solar": [self._entity(hass, "solar_power")],
                "battery": [{"entity": self._entity(hass, "battery_power")}],
                "battery_soc": self._entity(hass, "battery_soc"),
            }
        )

    def forecasts(self, hass: HomeAssistant) -> tuple[str, ...]:
        """Return the entities of the weather service that forecasts this house's solar power."""
        return (self._entity(hass, "solar_forecast"),)

    def expected_w(self, now: datetime) -> dict[str, float]:
        """Return what a weather service would forecast: the solar power of two days by quarter hour, with the usual clouds.

        It knows the time of the simulated site, which runs at its own speed.
        """
        simulation = self.simulation
        start = quarter_start(now)
        powers: dict[str, float] = {}
        for slot in range(_FORECAST_SLOTS):
            at = start + slot * QUARTER
            there = [
                simulation.state.at + (at + QUARTER * share - now) * simulation.speed
                for share in (0.1, 0.3, 0.5, 0.7, 0.9)
            ]
            light_w = [clear_sky_w(one, simulation.site.solar) for one in there]
            powers[at.isoformat()] = round(_USUAL_SKY * sum(light_w) / len(light_w))
        return powers

    def asks(
        self,
        identity: str,
        connector: int,
        demand: Demand,
        *,
        target_soc: float | None = None,
        minimum_soc: float = 0.0,
    ) -> Demand:
        """Return what a driver of the simulated site says: when the car leaves, and how full it is to be unless that is set."""
        charger = self.simulation.chargers.get(identity)
        if charger is None or not charger.cars[connector - 1].plugged:
            return replace(demand, departure=None)
        spec, car = charger.spec.cars[connector - 1], charger.cars[connector - 1]
        if target_soc is None:
            target_soc = 100 * spec.target_soc
        missing_wh = max(target_soc / 100 * spec.battery_wh - car.stored_wh, 0.0)
        at_once_wh = minimum_soc / 100 * spec.battery_wh - car.stored_wh
        return replace(
            demand,
            departure=car.until,
            said=Said.ONCE,
            energy_wh=missing_wh,
            energy_guessed=False,
            # Where the car itself stops, whatever is set.
            full_wh=max(spec.target_soc * spec.battery_wh - car.stored_wh, missing_wh),
            soc=100 * car.stored_wh / spec.battery_wh,
            capacity_wh=spec.battery_wh,
            target_soc=target_soc,
            minimum_wh=max(at_once_wh, 0.0),
            max_a=spec.max_a,
            phases=spec.phases,
            charge_efficiency=spec.efficiency * self._arrives(),
        )

    def _arrives(self) -> float:
        """Return the part of the planned energy that is charged at the speed of time."""
        speed = self.simulation.speed
        if speed <= 1:
            return 1.0
        return max(1 - _LOST_AT_60 * speed / 60, _LEAST_LEFT)

    def expected(self, now: datetime) -> Forecasts:
        """Return the sun and the load to come, in the time of the simulated site."""
        start = quarter_start(now)
        if self._expected is None or self._expected[0] != start:
            self._expected = start, self._expected_from(start)
        return self._expected[1]

    def _expected_from(self, first: datetime) -> Forecasts:
        site = self.simulation.site
        solar, load = [], []
        for slot in range(_FORECAST_SLOTS):
            start = first + slot * QUARTER
            times = [start + QUARTER * share for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
            light_w = sum(clear_sky_w(at, site.solar) for at in times) / len(times)
            house_w = _usual_w(start, site.house)
            solar.append(_slot(start, _USUAL_SKY * light_w, low=0.5, high=1.2))
            load.append(_slot(start, house_w, low=0.6, high=1.8))
        return Forecasts(
            solar=tuple(solar),
            load=tuple(load),
            solar_source="forecast",
            load_days=28.0,
        )

    def _entity(self, hass: HomeAssistant, meter: str) -> str:
        unique_id = f"{self._entry.entry_id}_simulated_{meter}"
        entity_id = er.async_get(hass).async_get_entity_id(
            Platform.SENSOR, DOMAIN, unique_id
        )
        # The sensor platform has been set up, so every meter is registered.
        assert entity_id
        return entity_id


@lru_cache(maxsize=1024)
def _usual_w(start: datetime, house: HouseSpec) -> float:
    """Return what such a household takes in a quarter hour, on other days."""
    powers = [
        sum(house_power_w(start + QUARTER * share, house, seed))
        for share in (0.25, 0.75)
        for seed in _OTHER_DAYS
    ]
    return sum(powers) / len(powers)


def _slot(start: datetime, likely_w: float, *, low: float, high: float) -> ForecastSlot:
    return ForecastSlot(
        start=start,
        end=start + QUARTER,
        p10_w=low * likely_w,
        p50_w=likely_w,
        p90_w=high * likely_w,
    )
