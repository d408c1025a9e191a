"""The grid's sensors are found among those that real integrations make, by the names that these give them.

Unique ids, translation keys and names are those of Home Assistant 2026.10.4, as far as they exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.sources.config import MeterConfig, PowerSource
from custom_components.sunfuse.sources.meters.meter_sensors import suggest_meter
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

# entity, device class, unique id, original name
type Named = tuple[str, ...]


def phased(entity: str, device_class: str, unique_id: str, name: str) -> list[Named]:
    """Return three sensors: {n} is 1 to 3, {z} 0 to 2, {l} and {u} a letter."""
    return [
        tuple(
            text.format(n=n, z=n - 1, l="abc"[n - 1], u="ABC"[n - 1])
            for text in (entity, device_class, unique_id, name)
        )
        for n in (1, 2, 3)
    ]


def of(entity: str) -> tuple[str, ...]:
    """Return three entities."""
    return tuple(f"sensor.{entity}".format(n=n, l="abc"[n - 1]) for n in (1, 2, 3))


def shelly_phase(called: str, index: int) -> list[Named]:
    """Return the sensors of one phase of a first Shelly 3EM."""
    return [
        (f"{key}_{called}", device_class, f"AABB-emeter_{index}-{key}", name)
        for key, device_class, name in (
            ("power", "power", "Power"),
            ("current", "current", "Current"),
            ("energy", "energy", "Energy"),
            ("energyReturned", "energy", "Returned energy"),
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A device, what is known of it, and what is to be found."""

    sensors: Sequence[Named]
    known: str | Sequence[str]
    expected: MeterConfig
    below: Sequence[Sequence[Named]] = field(default_factory=list)
    inverted: bool = False
    platform: str = "meter"


CASES = {
    # Meters in the Netherlands and Belgium: both directions apart, currents in whole amperes without a sign.
    "dsmr": Case(
        sensors=[
            (
                "used",
                "energy",
                "E1_electricity_used_tariff_1",
                "Energy consumption (tarif 1)",
            ),
            ("usage", "power", "E1_current_electricity_usage", "Power consumption"),
            (
                "delivery",
                "power",
                "E1_current_electricity_delivery",
                "Power production",
            ),
            *phased(
                "in_l{n}",
                "power",
                "E1_instantaneous_active_power_l{n}_positive",
                "Power consumption phase L{n}",
            ),
            *phased(
                "out_l{n}",
                "power",
                "E1_instantaneous_active_power_l{n}_negative",
                "Power production phase L{n}",
            ),
            *phased(
                "voltage_l{n}",
                "voltage",
                "E1_instantaneous_voltage_l{n}",
                "Voltage phase L{n}",
            ),
            *phased(
                "current_l{n}",
                "current",
                "E1_instantaneous_current_l{n}",
                "Current phase L{n}",
            ),
            (
                "max_power",
                "power",
                "E1_belgium_max_power_per_phase",
                "Max power per phase",
            ),
            (
                "max_current",
                "current",
                "E1_belgium_max_current_per_phase",
                "Max current per phase",
            ),
        ],
        known="sensor.used",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.usage", negative="sensor.delivery"),
            phases=of("in_l{n}"),
            phases_export=of("out_l{n}"),
        ),
    ),
    # The same in the user's language: only ids are left to distinguish them.
    "dsmr in Dutch": Case(
        sensors=[
            ("used", "energy", "E1_electricity_used_tariff_1", "Energieverbruik"),
            ("usage", "power", "E1_current_electricity_usage", "Stroomverbruik"),
            ("delivery", "power", "E1_current_electricity_delivery", "Stroomproductie"),
        ],
        known="sensor.used",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.usage", negative="sensor.delivery")
        ),
    ),
    "p1_monitor": Case(
        sensors=[
            (
                "low",
                "energy",
                "X_smartmeter_energy_consumption_low",
                "Energy consumption - Low tariff",
            ),
            ("in", "power", "X_smartmeter_power_consumption", "Power consumption"),
            ("out", "power", "X_smartmeter_power_production", "Power production"),
            *phased(
                "c_l{n}", "current", "X_phases_current_phase_l{n}", "Current phase L{n}"
            ),
            *phased(
                "in_l{n}",
                "power",
                "X_phases_power_consumed_phase_l{n}",
                "Power consumed phase L{n}",
            ),
            *phased(
                "out_l{n}",
                "power",
                "X_phases_power_produced_phase_l{n}",
                "Power produced phase L{n}",
            ),
        ],
        known="sensor.low",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.in", negative="sensor.out"),
            phases=of("in_l{n}"),
            phases_export=of("out_l{n}"),
        ),
    ),
    # The total current ends in the unit "a", which is no phase A.
    "homewizard": Case(
        sensors=[
            ("import", "energy", "HWE-P1_5c2f_total_power_import_kwh", "Energy import"),
            ("power", "power", "HWE-P1_5c2f_active_power_w", "Power"),
            *phased(
                "p_l{n}", "power", "HWE-P1_5c2f_active_power_l{n}_w", "Power phase {n}"
            ),
            ("current", "current", "HWE-P1_5c2f_active_current_a", "Current"),
            *phased(
                "c_l{n}",
                "current",
                "HWE-P1_5c2f_active_current_l{n}_a",
                "Current phase {n}",
            ),
            (
                "average",
                "power",
                "HWE-P1_5c2f_active_power_average_w",
                "Average demand",
            ),
            (
                "peak",
                "power",
                "HWE-P1_5c2f_monthly_power_peak_w",
                "Peak demand current month",
            ),
        ],
        known="sensor.import",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.power"),
            phases=of("c_l{n}"),
            phase_powers=of("p_l{n}"),
        ),
    ),
    "shelly pro 3em": Case(
        sensors=[
            ("energy", "energy", "AABB-emdata:0-total_act", "Energy"),
            ("power", "power", "AABB-em:0-total_act_power", "Power"),
            ("total_current", "current", "AABB-em:0-total_current", "Current"),
            ("n_current", "current", "AABB-em:0-n_current", "Neutral current"),
        ],
        below=[
            [
                (f"current_{one}", "current", f"AABB-em:0-{one}_current", "Current"),
                (f"power_{one}", "power", f"AABB-em:0-{one}_act_power", "Power"),
                (f"voltage_{one}", "voltage", f"AABB-em:0-{one}_voltage", "Voltage"),
            ]
            for one in "abc"
        ],
        known="sensor.energy",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.power"),
            phases=of("current_{l}"),
            phase_powers=of("power_{l}"),
        ),
    ),
    # Each phase is a device of its own, and no sensor is of all three.
    "shelly 3em": Case(
        sensors=[("rssi", "signal_strength", "AABB-rssi", "Signal strength")],
        below=[shelly_phase(f"phase_{one}", index) for index, one in enumerate("abc")],
        known=of("energy_phase_{l}"),
        expected=MeterConfig(
            phases=of("current_phase_{l}"), phase_powers=of("power_phase_{l}")
        ),
    ),
    # Its numbers begin at 0: 1 and 2 are the second and the third phase.
    "shelly 3em, renamed": Case(
        sensors=[("rssi", "signal_strength", "AABB-rssi", "Signal strength")],
        below=[shelly_phase(f"p{one}", index) for index, one in enumerate("xyz")],
        known=("sensor.energy_px", "sensor.energy_py", "sensor.energy_pz"),
        expected=MeterConfig(),
    ),
    # "Power" is that of the first phase (Koenkk/zigbee2mqtt issue 32596).
    "zigbee2mqtt, three phases": Case(
        sensors=[
            ("energy", "energy", "0x1_energy_zigbee2mqtt", "Energy"),
            *(
                (f"{kind}{after}", kind, f"0x1_{kind}{after}_zigbee2mqtt", kind + said)
                for kind in ("power", "current")
                for after, said in (
                    ("", ""),
                    ("_phase_b", " phase b"),
                    ("_phase_c", " phase c"),
                )
            ),
        ],
        known="sensor.energy",
        expected=MeterConfig(),
    ),
    # One device with the inverter's own currents, its strings, and the grid's meter.
    "sma": Case(
        sensors=[
            ("absorbed", "energy", "S-6400_00462500_0", "STP Metering Total Absorbed"),
            ("supplied_w", "power", "S-6100_40463600_0", "STP Metering Power Supplied"),
            ("absorbed_w", "power", "S-6100_40463700_0", "STP Metering Power Absorbed"),
            ("grid_power", "power", "S-6100_40263F00_0", "STP Grid Power"),
            *phased("pv_{l}", "power", "S-6380_40251E00_{z}", "STP PV Power {u}"),
            *phased("pv_c_{l}", "current", "S-6380_40452100_{z}", "STP PV Current {u}"),
            *phased("c_l{n}", "current", "S-6100_4046500{n}_0", "STP Current L{n}"),
            *phased("p_l{n}", "power", "S-6100_4046400{n}_0", "STP Power L{n}"),
            *phased(
                "in_l{n}",
                "power",
                "S-6100_0046EA0{n}_0",
                "STP Metering Active Power Draw L{n}",
            ),
            *phased(
                "out_l{n}",
                "power",
                "S-6100_0046E70{n}_0",
                "STP Metering Active Power Feed L{n}",
            ),
            *phased(
                "m_c_l{n}",
                "current",
                "S-6100_4046690{n}_0",
                "STP Metering Current L{n}",
            ),
        ],
        known="sensor.absorbed",
        expected=MeterConfig(
            # "Grid Power" is what the inverter feeds; the meter is named as its counter is.
            power=PowerSource(
                positive="sensor.absorbed_w", negative="sensor.supplied_w"
            ),
            phases=of("in_l{n}"),
            phases_export=of("out_l{n}"),
        ),
    ),
    # An inverter alone: its currents are not the house's.
    "sma without a meter": Case(
        sensors=[
            ("pv_power", "power", "S-6100_0046C200_0", "Tripower PV Power"),
            *phased("pv_{l}", "power", "S-6380_40251E00_{z}", "Tripower PV Power {u}"),
            *phased(
                "pv_c_{l}", "current", "S-6380_40452100_{z}", "Tripower PV Current {u}"
            ),
            ("yield", "energy", "S-6400_00260100_0", "Tripower Total Yield"),
        ],
        known="sensor.yield",
        expected=MeterConfig(),
    ),
    "fronius, site": Case(
        sensors=[
            ("import", "energy", "solar_net_1-power_flow-energy_total", "Energy total"),
            (
                "battery",
                "power",
                "solar_net_1-power_flow-power_battery",
                "Power battery",
            ),
            ("load", "power", "solar_net_1-power_flow-power_load", "Power load"),
            (
                "pv",
                "power",
                "solar_net_1-power_flow-power_photovoltaics",
                "Power photovoltaics",
            ),
            (
                "grid_in",
                "power",
                "solar_net_1-power_flow-power_grid_import",
                "Power grid import",
            ),
            (
                "grid_out",
                "power",
                "solar_net_1-power_flow-power_grid_export",
                "Power grid export",
            ),
        ],
        known="sensor.import",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.grid_in", negative="sensor.grid_out")
        ),
    ),
    "fronius, smart meter": Case(
        sensors=[
            ("consumed", "energy", "1234-energy_real_consumed", "Real energy consumed"),
            *phased(
                "c_{n}", "current", "1234-current_ac_phase_{n}", "Current phase {n}"
            ),
            *phased(
                "apparent_{n}",
                "apparent_power",
                "1234-power_apparent_phase_{n}",
                "Apparent power phase {n}",
            ),
            *phased(
                "real_{n}", "power", "1234-power_real_phase_{n}", "Real power phase {n}"
            ),
            ("real", "power", "1234-power_real", "Real power"),
        ],
        known="sensor.consumed",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.real"),
            phases=of("c_{n}"),
            phase_powers=of("real_{n}"),
        ),
    ),
    "powerwall": Case(
        sensors=[
            (
                f"{one}_power",
                "power",
                f"DIN_{one}_instant_power",
                f"{one.title()} power",
            )
            for one in ("site", "battery", "load", "solar")
        ]
        + [("site_import", "energy", "DIN_site_import", "Site import")],
        known="sensor.site_import",
        expected=MeterConfig(power=PowerSource(entity="sensor.site_power")),
    ),
    "tibber pulse": Case(
        sensors=[
            (
                "total",
                "energy",
                "h1_rt_last_meter_consumption",
                "Last meter consumption",
            ),
            ("average", "power", "h1_rt_averagePower", "Average power"),
            ("power", "power", "h1_rt_power", "Power"),
            ("production", "power", "h1_rt_powerProduction", "Power production"),
            ("least", "power", "h1_rt_minPower", "Min power"),
            ("most", "power", "h1_rt_maxPower", "Max power"),
            *phased("c_l{n}", "current", "h1_rt_currentL{n}", "Current L{n}"),
        ],
        known="sensor.total",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.power", negative="sensor.production"),
            phases=of("c_l{n}"),
        ),
    ),
    "iammeter": Case(
        sensors=[
            *phased("c_{l}", "current", "SN_Current_{u}", "Current {u}"),
            *phased("p_{l}", "power", "SN_Power_{u}", "Power {u}"),
            ("energy_a", "energy", "SN_ImportEnergy_A", "Import energy A"),
        ],
        known="sensor.energy_a",
        expected=MeterConfig(phases=of("c_{l}"), phase_powers=of("p_{l}")),
    ),
    # Its meter has the other sign, and so have its phases: known by the integration.
    "huawei_solar, counters": Case(
        platform="huawei_solar",
        sensors=[
            ("drawn", "energy", "M_grid_accumulated_energy", "Consumption"),
            ("power", "power", "M_power_meter_active_power", "Active power"),
            *phased(
                "c_{l}", "current", "M_active_grid_{u}_current", "Phase {u} current"
            ),
            *phased(
                "p_{l}", "power", "M_active_grid_{u}_power", "Phase {u} active power"
            ),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.power", inverted=True),
            phases=of("c_{l}"),
            phases_inverted=True,
        ),
    ),
    "solaredge_modbus_multi": Case(
        platform="solaredge_modbus_multi",
        sensors=[
            ("drawn", "energy", "SE10K_7E_M1_imported_kwh", "Imported"),
            ("power", "power", "SE10K_7E_M1_ac_power", "AC Power"),
            ("current", "current", "SE10K_7E_M1_ac_current", "AC Current"),
            *phased("p_{l}", "power", "SE10K_7E_M1_ac_power_{l}", "AC Power {u}"),
            *phased("c_{l}", "current", "SE10K_7E_M1_ac_current_{l}", "AC Current {u}"),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.power", inverted=True),
            phases=of("p_{l}"),
            phases_inverted=True,
        ),
    ),
    "solaredge_modbus_multi, inverted": Case(
        platform="solaredge_modbus_multi",
        sensors=[
            ("power", "power", "SE10K_7E_M1_ac_power", "AC Power"),
            ("inverted", "power", "SE10K_7E_M1_ac_power_inverted", "AC Power Inverted"),
            *phased("p_{l}", "power", "SE10K_7E_M1_ac_power_{l}", "AC Power {u}"),
            *phased("c_{l}", "current", "SE10K_7E_M1_ac_current_{l}", "AC Current {u}"),
        ],
        known="sensor.inverted",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.inverted"),
            phases=of("p_{l}"),
            phases_inverted=True,
        ),
    ),
    "goodwe": Case(
        platform="goodwe",
        sensors=[
            (
                "drawn",
                "energy",
                "goodwe-meter_e_total_imp-9010",
                "Meter Total Energy (import)",
            ),
            ("pgrid", "power", "goodwe-pgrid-9010", "On-grid L1 Power"),
            ("pgrid2", "power", "goodwe-pgrid2-9010", "On-grid L2 Power"),
            ("pgrid3", "power", "goodwe-pgrid3-9010", "On-grid L3 Power"),
            ("igrid", "current", "goodwe-igrid-9010", "On-grid L1 Current"),
            ("igrid2", "current", "goodwe-igrid2-9010", "On-grid L2 Current"),
            ("igrid3", "current", "goodwe-igrid3-9010", "On-grid L3 Current"),
            ("active", "power", "goodwe-active_power-9010", "Active Power"),
            (
                "active_total",
                "power",
                "goodwe-active_power_total-9010",
                "Active Power Total",
            ),
            (
                "power",
                "power",
                "goodwe-meter_active_power_total-9010",
                "Meter Active Power Total",
            ),
            *phased(
                "a_{n}", "power", "goodwe-active_power{n}-9010", "Active Power L{n}"
            ),
            *phased(
                "p_{n}",
                "power",
                "goodwe-meter_active_power{n}-9010",
                "Meter Active Power L{n}",
            ),
            ("house", "power", "goodwe-house_consumption-9010", "House Consumption"),
            ("ppv", "power", "goodwe-ppv-9010", "PV Power"),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.power", inverted=True),
            phases=of("p_{n}"),
            phases_inverted=True,
        ),
    ),
    "solax_modbus": Case(
        platform="solax_modbus",
        sensors=[
            ("drawn", "energy", "SolaX_grid_import_total", "SolaX Grid Import Total"),
            ("measured", "power", "SolaX_measured_power", "SolaX Measured Power"),
            ("in", "power", "SolaX_grid_import", "SolaX Grid Import"),
            ("out", "power", "SolaX_grid_export", "SolaX Grid Export"),
            *phased(
                "p_l{n}",
                "power",
                "SolaX_measured_power_l{n}",
                "SolaX Measured Power L{n}",
            ),
            ("load", "power", "SolaX_house_load", "SolaX House Load"),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.in", negative="sensor.out"),
            phases=of("p_l{n}"),
            phases_inverted=True,
        ),
    ),
    # macxq/foxess-ha: kilowatts of each direction, beside counters that are read every five minutes.
    "foxess": Case(
        platform="foxess",
        sensors=[
            ("drawn", "energy", "60BHgrid-consumption", "FoxESS - Grid Consumption"),
            (
                "in",
                "power",
                "60BHgrid-consumption-power",
                "FoxESS - Grid Consumption Power",
            ),
            ("out", "power", "60BHfeedIn-power", "FoxESS - FeedIn Power"),
            ("gen", "power", "60BHgeneration-power", "FoxESS - Generation Power"),
            ("pv1", "power", "60BHpv1-power", "FoxESS - PV1 Power"),
            ("pv", "power", "60BHpv-power", "FoxESS - PV Power"),
            ("charge", "power", "60BHbat-charge-power", "FoxESS - Bat Charge Power"),
            (
                "discharge",
                "power",
                "60BHbat-discharge-power",
                "FoxESS - Bat Discharge Power",
            ),
            ("load", "power", "60BHload-power", "FoxESS - Load Power"),
            ("r", "power", "60BHr-power", "FoxESS - R Power"),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.in", negative="sensor.out")
        ),
    ),
    "foxess_modbus": Case(
        platform="foxess_modbus",
        sensors=[
            (
                "drawn",
                "energy",
                "grid_consumption_energy_total",
                "Grid Consumption Total",
            ),
            ("ct", "power", "grid_ct", "Grid CT"),
            ("in", "power", "grid_consumption", "Grid Consumption"),
            ("out", "power", "feed_in", "Feed-in"),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.in", negative="sensor.out")
        ),
    ),
    # Clamps with names of the user's own: a number is no phase, and a lone car no grid connection.
    "iotawatt": Case(
        platform="iotawatt",
        sensors=[
            ("main", "energy", "AA-output-main-WattHours", "Main"),
            ("main_w", "power", "AA-input-1-Watts", "Main"),
            ("pump", "power", "AA-input-2-Watts", "Heat pump"),
            ("car", "power", "AA-input-3-Watts", "Car"),
        ],
        known="sensor.main",
        expected=MeterConfig(),
    ),
    "iotawatt, numbered": Case(
        platform="iotawatt",
        sensors=[
            ("main", "energy", "AA-output-main-WattHours", "Main"),
            *phased("i{n}", "power", "AA-input-{n}-Watts", "Input {n}"),
            *phased("a{n}", "current", "AA-input-{n}-Amps", "Input {n} Amps"),
        ],
        known="sensor.main",
        expected=MeterConfig(),
    ),
    "a lone car": Case(
        sensors=[
            ("counter", "energy", "x_total_energy", "Energy"),
            ("car_power", "power", "x_car_power", "Car power"),
        ],
        known="sensor.counter",
        expected=MeterConfig(),
    ),
    "numbered loads": Case(
        sensors=[
            ("counter", "energy", "x_energy", "Energy"),
            ("a", "power", "x_power_1", "Mains"),
            ("b", "power", "x_power_2", "Dryer"),
            ("c", "power", "x_power_3", "Office"),
        ],
        known="sensor.counter",
        expected=MeterConfig(),
    ),
    # Its own phases are "Phase 1 current"; the counter beside them is the grid's.
    "growatt_local": Case(
        sensors=[
            ("input_1", "power", "S_input_1_power", "Input 1 power"),
            *phased("c_{n}", "current", "S_output_{n}_amperage", "Phase {n} current"),
            *phased("p_{n}", "power", "S_output_{n}_power", "Phase {n} power"),
            ("to_user", "power", "S_power_to_user", "Power to user"),
            ("to_grid", "power", "S_power_to_grid", "Power to grid"),
            ("load", "power", "S_power_user_load", "Power user load"),
            ("total", "energy", "S_energy_to_grid_total", "Energy To Grid (Total)"),
        ],
        known="sensor.total",
        platform="growatt_local",
        expected=MeterConfig(),
    ),
    # A Deye hybrid by StephanJoubert/home_assistant_solarman (deye_sg04lp3.yaml): "Current L1" is what the inverter supplies.
    "solarman": Case(
        sensors=[
            ("pv1", "power", "Deye_123_PV1 Power", "PV1 Power"),
            ("grid", "power", "Deye_123_Total Grid Power", "Total Grid Power"),
            *phased("c_{n}", "current", "Deye_123_Current L{n}", "Current L{n}"),
            *phased(
                "inv_{n}",
                "power",
                "Deye_123_Inverter L{n} Power",
                "Inverter L{n} Power",
            ),
            *phased("load_{n}", "power", "Deye_123_Load L{n} Power", "Load L{n} Power"),
            ("b", "energy", "Deye_123_Total Energy Bought", "Total Energy Bought"),
        ],
        known="sensor.b",
        platform="solarman",
        expected=MeterConfig(power=PowerSource(entity="sensor.grid")),
    ),
    # The same by davidrapan/ha-solarman (deye_p3.yaml): the grid's powers are no companions of the output's currents.
    "solarman, its successor": Case(
        sensors=[
            ("grid", "power", "123_grid_power", "Grid Power"),
            *phased("grid_{n}", "power", "123_grid_l{n}_power", "Grid L{n} Power"),
            *phased(
                "out_{n}", "current", "123_output_l{n}_current", "Output L{n} Current"
            ),
            *phased("out_p{n}", "power", "123_output_l{n}_power", "Output L{n} Power"),
            ("bat", "power", "123_battery_power", "Battery Power"),
            ("b", "energy", "123_total_energy_import", "Total Energy Import"),
        ],
        known="sensor.b",
        platform="solarman",
        expected=MeterConfig(
            power=PowerSource(entity="sensor.grid"), phases=of("grid_{n}")
        ),
    ),
    # Pho3niX90/solis_modbus: register 33151 is the inverter's port to the grid, positive when it supplies.
    "solis_modbus": Case(
        sensors=[
            ("port", "power", "S_ac_grid_port_power", "AC Grid Port Power"),
            ("backup", "power", "S_backup_load_power", "Backup Load Power"),
            ("bat", "power", "S_battery_power", "Battery Power"),
            *phased(
                "m_{l}", "current", "S_meter_ac_current_{l}", "Meter AC Current {u}"
            ),
            *phased("i_{l}", "current", "S_{l}_phase_current", "{u} Phase Current"),
            ("b", "energy", "S_total_grid_import", "Total Energy Imported From Grid"),
        ],
        known="sensor.b",
        platform="solis_modbus",
        expected=MeterConfig(phases=of("m_{l}")),
    ),
    # Its "Grid Export Power" has both directions.
    "givenergy_local": Case(
        sensors=[
            ("pv", "power", "CE_p_pv1", "PV Power (String 1)"),
            ("load", "power", "CE_p_load_demand", "Consumption Power"),
            ("grid", "power", "CE_p_grid_out", "Grid Export Power"),
            ("bat", "power", "CE_p_battery", "Battery Power"),
            ("in", "energy", "CE_e_grid_in_total", "Grid Import Total"),
        ],
        known="sensor.in",
        platform="givenergy_local",
        expected=MeterConfig(power=PowerSource(entity="sensor.grid", inverted=True)),
    ),
    "e3dc_rscp": Case(
        sensors=[
            ("in", "power", "X_grid-consumption", "Consumption from grid"),
            ("out", "power", "X_grid-production", "Export to grid"),
            ("house", "power", "X_house-consumption", "House consumption"),
            ("more", "power", "X_additional-production", "Additional production"),
            ("sun", "power", "X_solar-production", "Solar production"),
            ("set", "power", "X_pset-limit-charge", "Charge limit"),
            ("day", "energy", "X_db-day-grid-consumption", "Grid today"),
        ],
        known="sensor.day",
        platform="e3dc_rscp",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.in", negative="sensor.out")
        ),
    ),
    # Of an integration that nobody knows, the dashboard's sign holds for the phases as well.
    "huawei_solar": Case(
        sensors=[
            ("power", "power", "M_power_meter_active_power", "Active power"),
            *phased(
                "c_{l}", "current", "M_active_grid_{u}_current", "Phase {u} current"
            ),
            *phased(
                "p_{l}", "power", "M_active_grid_{u}_power", "Phase {u} active power"
            ),
        ],
        known="sensor.power",
        inverted=True,
        expected=MeterConfig(
            power=PowerSource(entity="sensor.power"),
            phases=of("c_{l}"),
            phases_inverted=True,
            phase_powers=of("p_{l}"),
        ),
    ),
    # The inverter's own currents are called the grid's.
    "solax_modbus, Growatt": Case(
        platform="solax_modbus",
        sensors=[
            ("drawn", "energy", "Growatt_total_grid_import", "Total Grid Import"),
            ("pv", "power", "Growatt_pv_power_total", "PV Power Total"),
            ("in", "power", "Growatt_total_forward_power", "Total Import Power"),
            ("out", "power", "Growatt_total_reverse_power", "Total Export Power"),
            *phased(
                "c_{n}", "current", "Growatt_grid_current_l{n}", "Grid Current L{n}"
            ),
            *phased("p_{n}", "power", "Growatt_grid_power_l{n}", "Grid Power L{n}"),
        ],
        known="sensor.drawn",
        expected=MeterConfig(
            power=PowerSource(positive="sensor.in", negative="sensor.out")
        ),
    ),
    "solarman, an inverter without a battery": Case(
        platform="solarman",
        sensors=[
            ("b", "energy", "1_total_energy_import_sensor", "Total Energy Import"),
            ("grid", "power", "1_grid_power_sensor", "Grid Power"),
            ("ac", "power", "1_output_ac_power_sensor", "Output AC Power"),
            *phased(
                "c_{n}", "current", "1_grid_l{n}_current_sensor", "Grid L{n} Current"
            ),
        ],
        known="sensor.b",
        expected=MeterConfig(power=PowerSource(entity="sensor.grid")),
    ),
    # What is connected to the backup output is off the grid.
    "solax_modbus, Sofar": Case(
        platform="solax_modbus",
        sensors=[
            ("b", "energy", "Sofar_import_energy_total", "Import Energy Total"),
            (
                "off_grid",
                "power",
                "Sofar_active_power_offgrid_total",
                "Active Power Off-Grid Total",
            ),
            ("pv", "power", "Sofar_pv_power_total", "PV Power Total"),
        ],
        known="sensor.b",
        expected=MeterConfig(),
    ),
    # P1 is the port of a Dutch meter, not its first phase.
    "earn_e_p1": Case(
        sensors=[
            (
                "e_p1_meter_energy",
                "energy",
                "E_energy_delivered_tariff1",
                "Energy imported tariff 1",
            ),
            ("e_p1_meter_in", "power", "E_power_delivered", "Power imported"),
            ("e_p1_meter_out", "power", "E_power_returned", "Power exported"),
            *phased(
                "e_p1_meter_c{n}", "current", "E_current_l{n}", "Current phase {n}"
            ),
        ],
        known="sensor.e_p1_meter_energy",
        expected=MeterConfig(
            power=PowerSource(
                positive="sensor.e_p1_meter_in", negative="sensor.e_p1_meter_out"
            ),
            phases=of("e_p1_meter_c{n}"),
        ),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_real_meters(hass: HomeAssistant, case: Case) -> None:
    """What is the grid's is found, and nothing else is taken for it."""
    entry = MockConfigEntry(domain="meter")
    entry.add_to_hass(hass)
    devices, entities = dr.async_get(hass), er.async_get(hass)

    def add(sensors: Sequence[Named], name: str, above: str | None) -> str:
        device = devices.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={("meter", name)},
            via_device_id=above,
        )
        for entity, device_class, unique_id, original_name in sensors:
            entities.async_get_or_create(
                "sensor",
                case.platform,
                unique_id,
                suggested_object_id=entity,
                config_entry=entry,
                device_id=device.id,
                original_device_class=device_class,
                original_name=original_name,
            )
        return device.id

    top = add(case.sensors, "main", None)
    for index, below in enumerate(case.below):
        add(below, str(index), top)
    known = [case.known] if isinstance(case.known, str) else case.known
    assert suggest_meter(hass, known, inverted=case.inverted) == case.expected
