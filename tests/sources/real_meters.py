"""Meters that measure, and devices that look like one: which sensors each has, and which of them are the grid's."""

from custom_components.sunfuse.sources.config import MeterConfig, PowerSource

from .real_devices import Named, RealDevice, of, phased


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


METERS = {
    # Meters in the Netherlands and Belgium: both directions apart, currents in whole amperes without a sign.
    "dsmr": RealDevice(
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
    "dsmr in Dutch": RealDevice(
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
    "p1_monitor": RealDevice(
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
    "homewizard": RealDevice(
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
    "shelly pro 3em": RealDevice(
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
    "shelly 3em": RealDevice(
        sensors=[("rssi", "signal_strength", "AABB-rssi", "Signal strength")],
        below=[shelly_phase(f"phase_{one}", index) for index, one in enumerate("abc")],
        known=of("energy_phase_{l}"),
        expected=MeterConfig(
            phases=of("current_phase_{l}"), phase_powers=of("power_phase_{l}")
        ),
    ),
    # Its numbers begin at 0: 1 and 2 are the second and the third phase.
    "shelly 3em, renamed": RealDevice(
        sensors=[("rssi", "signal_strength", "AABB-rssi", "Signal strength")],
        below=[shelly_phase(f"p{one}", index) for index, one in enumerate("xyz")],
        known=("sensor.energy_px", "sensor.energy_py", "sensor.energy_pz"),
        expected=MeterConfig(),
    ),
    # "Power" is that of the first phase (Koenkk/zigbee2mqtt issue 32596).
    "zigbee2mqtt, three phases": RealDevice(
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
    "tibber pulse": RealDevice(
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
    "iammeter": RealDevice(
        sensors=[
            *phased("c_{l}", "current", "SN_Current_{u}", "Current {u}"),
            *phased("p_{l}", "power", "SN_Power_{u}", "Power {u}"),
            ("energy_a", "energy", "SN_ImportEnergy_A", "Import energy A"),
        ],
        known="sensor.energy_a",
        expected=MeterConfig(phases=of("c_{l}"), phase_powers=of("p_{l}")),
    ),
    # Clamps with names of the user's own: a number is no phase, and a lone car no grid connection.
    "iotawatt": RealDevice(
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
    "iotawatt, numbered": RealDevice(
        platform="iotawatt",
        sensors=[
            ("main", "energy", "AA-output-main-WattHours", "Main"),
            *phased("i{n}", "power", "AA-input-{n}-Watts", "Input {n}"),
            *phased("a{n}", "current", "AA-input-{n}-Amps", "Input {n} Amps"),
        ],
        known="sensor.main",
        expected=MeterConfig(),
    ),
    "a lone car": RealDevice(
        sensors=[
            ("counter", "energy", "x_total_energy", "Energy"),
            ("car_power", "power", "x_car_power", "Car power"),
        ],
        known="sensor.counter",
        expected=MeterConfig(),
    ),
    "numbered loads": RealDevice(
        sensors=[
            ("counter", "energy", "x_energy", "Energy"),
            ("a", "power", "x_power_1", "Mains"),
            ("b", "power", "x_power_2", "Dryer"),
            ("c", "power", "x_power_3", "Office"),
        ],
        known="sensor.counter",
        expected=MeterConfig(),
    ),
    # P1 is the port of a Dutch meter, not its first phase.
    "earn_e_p1": RealDevice(
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
