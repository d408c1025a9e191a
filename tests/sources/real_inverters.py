"""Inverters and batteries that know the grid: which sensors each has, and which of them are the grid's."""

from custom_components.sunfuse.sources.config import MeterConfig, PowerSource

from .real_devices import RealDevice, of, phased

INVERTERS = {
    # One device with the inverter's own currents, its strings, and the grid's meter.
    "sma": RealDevice(
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
    "sma without a meter": RealDevice(
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
    "fronius, site": RealDevice(
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
    "fronius, smart meter": RealDevice(
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
    "powerwall": RealDevice(
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
    # Its meter has the other sign, and so have its phases: known by the integration.
    "huawei_solar, counters": RealDevice(
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
    "solaredge_modbus_multi": RealDevice(
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
    "solaredge_modbus_multi, inverted": RealDevice(
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
    "goodwe": RealDevice(
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
    "solax_modbus": RealDevice(
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
    "foxess": RealDevice(
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
    "foxess_modbus": RealDevice(
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
    # Its own phases are "Phase 1 current"; the counter beside them is the grid's.
    "growatt_local": RealDevice(
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
    "solarman": RealDevice(
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
    "solarman, its successor": RealDevice(
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
    "solis_modbus": RealDevice(
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
    "givenergy_local": RealDevice(
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
    "e3dc_rscp": RealDevice(
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
    "huawei_solar": RealDevice(
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
    "solax_modbus, Growatt": RealDevice(
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
    "solarman, an inverter without a battery": RealDevice(
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
    "solax_modbus, Sofar": RealDevice(
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
}
