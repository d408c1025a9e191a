"""What known devices hold in their registers, written down from their documents a second time, apart from the files.

Three-phase meters and grid connections all show one situation, so that one calculation checks them: 2300 W are drawn on
L1, 1155 W are fed in on L2 and 458 W are drawn on L3, 1603 W together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import struct

from custom_components.sunfuse.sources.modbus.registers import RegisterTable

type Image = dict[tuple[RegisterTable, int], int]

HOLDING = RegisterTable.HOLDING
INPUT = RegisterTable.INPUT

VOLTAGES = (230.0, 231.0, 229.0)
CURRENTS = (10.0, 5.0, 2.0)
POWERS = (2300.0, -1155.0, 458.0)
TOTAL = 1603.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A device's registers and what they say, in W, A, V, Wh, Hz, percent and degrees Celsius."""

    image: Image
    values: Mapping[str, float]
    unit_id: int = 1


def put(
    image: Image,
    table: RegisterTable,
    values: Mapping[int, float | str | bytes],
    code: str,
    *,
    swap: bool = False,
    times: float = 1,
) -> None:
    """Write values, packed as `struct` packs them, the words of each swapped where a device does so."""
    for address, value in values.items():
        if isinstance(value, str):
            packed = value.encode().ljust(int(code), b"\0")
        elif isinstance(value, bytes):
            packed = value
        elif code in "fd":
            packed = struct.pack(f">{code}", value * times)
        else:
            packed = struct.pack(f">{code}", round(value * times))
        words = list(struct.unpack(f">{len(packed) // 2}H", packed))
        for offset, word in enumerate(reversed(words) if swap else words):
            image[table, address + offset] = word


def phases(start: int, step: int, values: tuple[float, ...]) -> dict[int, float]:
    """Return the values of three phases by address."""
    return {start + step * index: value for index, value in enumerate(values)}


def three(prefix: str = "") -> dict[str, float]:
    """Return what all of them say of three phases."""
    powers = {f"{prefix}power_l{n}": p for n, p in enumerate(POWERS, 1)}
    currents = {
        f"{prefix}current_l{n}": c if p > 0 else -c
        for n, (c, p) in enumerate(zip(CURRENTS, POWERS, strict=True), 1)
    }
    return {f"{prefix}power": TOTAL} | powers | currents


def meter(**more: float) -> dict[str, float]:
    """Return what a three-phase meter says."""
    voltages = {f"voltage_l{n}": v for n, v in enumerate(VOLTAGES, 1)}
    energies = {"energy_import": 1234500.0, "energy_export": 678900.0}
    return three() | voltages | energies | more


def eastron(code: int) -> Image:
    """Return an SDM630 or SDM72D-M v2: floats at even input registers, the meter code at 0xFC02."""
    image: Image = {(INPUT, address): 0 for address in range(0x4C)}
    put(image, INPUT, phases(0x00, 2, VOLTAGES), "f")
    put(image, INPUT, phases(0x06, 2, CURRENTS), "f")
    put(image, INPUT, phases(0x0C, 2, POWERS), "f")
    put(image, INPUT, {0x34: TOTAL, 0x46: 50.0, 0x48: 1234.5, 0x4A: 678.9}, "f")
    put(image, HOLDING, {0xFC00: 19001234}, "I")
    put(image, HOLDING, {0xFC02: code}, "H")
    return image


def eastron_energy_only() -> Image:
    """Return an SDM72D-M, the first: total power and energies."""
    image: Image = {}
    put(image, INPUT, {0x34: TOTAL, 0x48: 1234.5, 0x4A: 678.9}, "f")
    put(image, HOLDING, {0xFC02: 0x84}, "H")
    return image


def eastron_one_phase(code: int) -> Image:
    """Return an SDM120 or SDM230, on a roof that feeds in 8.63 A."""
    image: Image = {}
    put(image, INPUT, {0x00: 237.0, 0x06: 8.63, 0x0C: -1919.7, 0x46: 50.0}, "f")
    put(image, INPUT, {0x48: 1551.37, 0x4A: 1335.69}, "f")
    put(image, HOLDING, {0xFC02: code}, "H")
    return image


ONE_PHASE = {
    "power": -1919.7,
    "current_l1": -8.63,
    "voltage_l1": 237.0,
    "frequency": 50.0,
    "energy_import": 1551370.0,
    "energy_export": 1335690.0,
}


def carlo_gavazzi(code: int, hertz: int, imported: int, exported: int) -> Image:
    """Return the models that count energy in tenths of a kWh: 32 bits, the less significant word first."""
    image: Image = {}
    for table in (INPUT, HOLDING):
        image |= {(table, address): 0 for address in range(0x60)}
        put(image, table, phases(0x00, 2, VOLTAGES), "i", swap=True, times=10)
        put(image, table, phases(0x0C, 2, CURRENTS), "i", swap=True, times=1000)
        put(image, table, phases(0x12, 2, POWERS), "i", swap=True, times=10)
        put(image, table, {0x28: TOTAL}, "i", swap=True, times=10)
        put(image, table, {hertz: 500}, "H")
        put(image, table, {imported: 12345, exported: 6789}, "i", swap=True)
        # The answer to a request for this one register.
        put(image, table, {0x0B: code}, "H")
    return image


def carlo_gavazzi_em530() -> Image:
    """Return an EM530: counters of 64 bits in Wh, the least significant word first."""
    image = carlo_gavazzi(1744, 0x33, 0x34, 0x4E)
    put(image, INPUT, {0x0500: 1234500, 0x051C: 678900}, "q", swap=True)
    return image


def abb() -> Image:
    """Return a B23: everything at holding registers, signed powers in hundredths of a watt."""
    image: Image = {}
    put(image, HOLDING, phases(0x5B00, 2, VOLTAGES), "I", times=10)
    put(image, HOLDING, phases(0x5B0C, 2, CURRENTS), "I", times=100)
    put(image, HOLDING, {0x5B14: TOTAL} | phases(0x5B16, 2, POWERS), "i", times=100)
    put(image, HOLDING, {0x5B2C: 5000}, "H")
    put(image, HOLDING, {0x5000: 123450, 0x5004: 67890}, "Q")
    put(image, HOLDING, {0x8960: "B23 112-100"}, "12")
    put(image, HOLDING, {0x8908: "2.18.2"}, "16")
    return image


def schneider() -> Image:
    """Return an iEM3255: the manual's 3060 at 3059, powers in kW."""
    image: Image = {}
    put(image, HOLDING, phases(2999, 2, CURRENTS), "f")
    put(image, HOLDING, phases(3027, 2, VOLTAGES), "f")
    put(image, HOLDING, phases(3053, 2, POWERS) | {3059: TOTAL}, "f", times=0.001)
    put(image, HOLDING, {3109: 50.0}, "f")
    put(image, HOLDING, {3203: 1234500, 3207: 678900}, "q")
    return image


def janitza() -> Image:
    """Return a UMG 96RM: the frequently required readings."""
    image: Image = {(HOLDING, address): 0 for address in range(19000, 19080)}
    put(image, HOLDING, phases(19000, 2, VOLTAGES), "f")
    put(image, HOLDING, phases(19012, 2, CURRENTS), "f")
    put(image, HOLDING, phases(19020, 2, POWERS) | {19026: TOTAL, 19050: 50.0}, "f")
    put(image, HOLDING, {19068: 1234500.0, 19076: 678900.0}, "f")
    return image


def siemens() -> Image:
    """Return a PAC2200: doubles for energy, in two tariffs."""
    image: Image = {}
    put(image, INPUT, phases(1, 2, VOLTAGES), "f")
    put(image, INPUT, phases(13, 2, CURRENTS), "f")
    put(image, INPUT, phases(25, 2, POWERS) | {57: 230.0, 65: TOTAL}, "f")
    put(image, INPUT, {211: 0}, "I")
    put(image, INPUT, {801: 1e6, 805: 234500.0, 809: 6e5, 813: 78900.0}, "d")
    return image


def victron_gx_of_old() -> Image:
    """Return a GX: the battery charges with 812 W, 500 and 1200 W come from the roof by two ways."""
    image: Image = {
        (INPUT, a): 0 for a in (*range(808, 823), 826, *range(840, 847), 850)
    }
    put(image, INPUT, {800: "c0619ab12345"}, "12")
    put(image, INPUT, {811: 500, 850: 1200}, "H")
    put(image, INPUT, {817: 700, 818: 300, 819: 200}, "H")
    put(image, INPUT, phases(820, 1, POWERS), "h")
    put(image, INPUT, {826: 1, 840: 520, 843: 55, 844: 1}, "H")
    put(image, INPUT, {842: 812}, "h")
    return image


def victron_gx() -> Image:
    """Return a GX whose firmware has the powers of the phases in 32 bits as well."""
    image = victron_gx_of_old()
    image |= {(INPUT, address): 0 for address in range(884, 920)}
    put(image, INPUT, {890: 500, 902: 700, 904: 300, 906: 200}, "i")
    put(image, INPUT, phases(908, 2, POWERS), "i")
    return image


def victron_grid_meter_of_old() -> Image:
    """Return the grid meter of a GX."""
    image: Image = {}
    put(image, INPUT, phases(2600, 1, POWERS), "h")
    put(image, INPUT, {2609: "BP98305081235"}, "14")
    put(image, INPUT, phases(2616, 2, VOLTAGES), "H", times=10)
    put(image, INPUT, phases(2617, 2, CURRENTS), "h", times=10)
    return image


def victron_grid_meter() -> Image:
    """Return the grid meter of a GX whose firmware has its powers in 32 bits as well."""
    image = victron_grid_meter_of_old()
    put(image, INPUT, phases(2638, 2, POWERS), "i")
    return image


def sma(device_class: int) -> Image:
    """Return an SMA inverter at 3000 W; a hybrid one draws 1603 W from the grid as well and charges with 400 W."""
    image: Image = {}
    put(image, INPUT, {30051: device_class, 30055: 461, 30057: 3001234567}, "I")
    put(image, INPUT, {30775: 3000}, "i")
    put(image, INPUT, phases(30783, 2, VOLTAGES), "I", times=100)
    put(image, INPUT, {30803: 5001}, "I")
    put(image, INPUT, phases(30977, 2, (4.35, 4.33, 4.37)), "i", times=1000)
    put(image, INPUT, {30773: 2000, 30961: 1500}, "i")
    put(image, INPUT, {30967: b"\x80\0\0\0"}, "i")
    put(image, INPUT, {30865: 1603, 30867: 0}, "i")
    put(image, INPUT, {31393: 400, 31395: 0, 30845: 81}, "I")
    return image


SMA_AC = {
    "power": 3000.0,
    "voltage_l1": 230.0,
    "voltage_l2": 231.0,
    "voltage_l3": 229.0,
    "current_l1": 4.35,
    "current_l2": 4.33,
    "current_l3": 4.37,
    "frequency": 50.01,
}


def sma_home_manager() -> Image:
    """Return a Sunny Home Manager that feeds in 750 W."""
    image: Image = {}
    put(image, INPUT, {30865: 0, 30867: 750}, "i")
    put(image, INPUT, {30581: 1234500, 30583: 678900}, "I")
    return image


def huawei() -> Image:
    """Return a SUN2000 whose meter counts export positive and whose battery counts charging positive."""
    image: Image = {}
    put(image, HOLDING, {30000: "SUN2000-10KTL-M1"}, "30")
    put(image, HOLDING, {30015: "HV2140123456"}, "20")
    put(image, HOLDING, {32064: 5200, 32080: 4100}, "i")
    put(image, HOLDING, phases(32069, 1, VOLTAGES), "H", times=10)
    put(image, HOLDING, phases(32072, 2, (5.94, 5.92, 5.97)), "i", times=1000)
    put(image, HOLDING, {32085: 4998}, "H")
    put(image, HOLDING, {32087: 412}, "h")
    put(image, HOLDING, {32106: 1234567}, "I")
    put(image, HOLDING, phases(37132, 2, (-2300, 1155, -458)) | {37113: -1603}, "i")
    put(image, HOLDING, phases(37107, 2, (-1000, 500, -200)), "i")
    put(image, HOLDING, {37100: 1}, "H")
    put(image, HOLDING, {37765: 1000}, "i")
    put(image, HOLDING, {37760: 633}, "H")
    return image


def sungrow_sh() -> Image:
    """Return an SH10RT: 6000 W from the roof, the battery discharges with 500 W, 1603 W are drawn."""
    image: Image = {}
    put(image, INPUT, {4989: "A2281234567"}, "20")
    put(image, INPUT, {4999: 0x0E03}, "H")
    put(image, INPUT, {5016: 6000}, "I", swap=True)
    put(image, INPUT, phases(5018, 1, VOLTAGES), "H", times=10)
    put(image, INPUT, {5007: 395}, "h")
    put(image, INPUT, phases(13030, 1, (9.0, 9.1, 8.9)), "h", times=10)
    put(
        image,
        INPUT,
        {13033: 6210, 13009: -1603, 13007: 7813, 5213: 500},
        "i",
        swap=True,
    )
    put(image, INPUT, {13022: 874}, "H")
    put(image, INPUT, {13002: 98765, 13036: 12345, 13045: 6789}, "I", swap=True)
    return image


def sungrow_sg() -> Image:
    """Return an SG10RT with a meter, on a day on which 2264 W are fed in."""
    image: Image = {}
    put(image, INPUT, {4989: "A2290000001"}, "20")
    put(image, INPUT, {4999: 0x2433}, "H")
    put(image, INPUT, {5016: 2292, 5030: 2264}, "I", swap=True)
    put(image, INPUT, {5018: 2392, 5019: 2424, 5020: 2448}, "H")
    put(image, INPUT, {5021: 32, 5022: 31, 5023: 31, 5035: 500}, "H")
    put(image, INPUT, {5007: 463}, "h")
    put(image, INPUT, {5082: -1500}, "i", swap=True)
    return image


def goodwe() -> Image:
    """Return a GW10K-ET with two inputs; the meter counts export positive, the battery discharging."""
    image: Image = {(HOLDING, address): 0 for address in range(35100, 35225)}
    image |= {(HOLDING, address): 0 for address in range(36000, 36045)}
    image |= {(HOLDING, address): 0 for address in range(37000, 37024)}
    put(image, HOLDING, {35003: "9010KETU21BW1234"}, "16")
    put(image, HOLDING, {35016: 10}, "H")
    put(image, HOLDING, {35011: "GW10K-ET"}, "10")
    put(image, HOLDING, {35105: 799, 35109: 337}, "I")
    put(image, HOLDING, {35113: b"\xff\xff\xff\xff", 35117: b"\xff\xff\xff\xff"}, "I")
    put(image, HOLDING, {35121: 2444, 35126: 2448, 35131: 2425}, "H")
    put(image, HOLDING, {35122: 5, 35127: 83, 35132: 55, 35123: 4994}, "H")
    put(image, HOLDING, {35125: 27, 35130: 1743, 35135: 968, 35138: 2738}, "h")
    put(image, HOLDING, {35172: 2900}, "h")
    put(image, HOLDING, {35182: 1650}, "i")
    put(image, HOLDING, {35191: 54321}, "I")
    put(image, HOLDING, {37007: 76}, "H")
    put(image, HOLDING, phases(36019, 2, (-2300, 1155, -458)) | {36025: -1603}, "i")
    put(image, HOLDING, {36004: 1}, "H")
    put(image, HOLDING, {36015: 678900.0, 36017: 1234500.0}, "f")
    return image


def kostal(*, swap: bool) -> Image:
    """Return a Plenticore in either order of words; texts and registers of one word have none."""
    image: Image = {}
    put(image, HOLDING, {5: 0 if swap else 1, 514: 71}, "H")
    put(image, HOLDING, {535: "KOSTAL", 559: "90600ABC00012"}, "32")
    put(image, HOLDING, {768: "PLENTICORE plus"}, "64")
    values = {1066: 5000.0, 1056: 9876543.0, 172: 4000.0, 152: 50.0}
    values |= phases(156, 6, (1340.0, 1330.0, 1330.0))
    values |= phases(154, 6, (5.83, 5.76, 5.81)) | phases(158, 6, VOLTAGES)
    values |= {252: TOTAL} | phases(224, 10, POWERS) | phases(222, 10, CURRENTS)
    put(image, HOLDING, values, "f", swap=swap)
    # Negative charges.
    put(image, HOLDING, {582: -850}, "h")
    return image


KOSTAL = (
    {
        "solar_power": 5000.0,
        "solar_energy": 9876543.0,
        "power": 4000.0,
        "frequency": 50.0,
        "battery_power": -850.0,
        "battery_soc": 71.0,
    }
    | {f"power_l{n}": p for n, p in enumerate((1340.0, 1330.0, 1330.0), 1)}
    | {f"current_l{n}": c for n, c in enumerate((5.83, 5.76, 5.81), 1)}
    | {f"voltage_l{n}": v for n, v in enumerate(VOLTAGES, 1)}
    | three("grid_")
)


def growatt(start: int, ac: int, energy: int, storage: tuple[int, ...] = ()) -> Image:
    """Return a Growatt: the more significant word first, tenths of a watt."""
    image: Image = {}
    put(image, INPUT, {start: 52000, ac: 49800, energy: 12345}, "I")
    put(image, INPUT, {ac + 2: 5002}, "H")
    put(image, INPUT, phases(ac + 3, 4, VOLTAGES), "H", times=10)
    put(image, INPUT, phases(ac + 4, 4, (7.2, 7.3, 7.1)), "H", times=10)
    if storage:
        discharge, charge, soc, user, grid, from_grid, to_grid = storage
        put(image, INPUT, {discharge: 0, charge: 6000, user: 0, grid: 31000}, "I")
        put(image, INPUT, {from_grid: 12345, to_grid: 6789}, "I")
        put(image, INPUT, {soc: 39}, "H")
    return image


GROWATT = {
    "solar_power": 5200.0,
    "solar_energy": 1234500.0,
    "power": 4980.0,
    "frequency": 50.02,
    "voltage_l1": 230.0,
    "current_l1": 7.2,
}
GROWATT_3 = GROWATT | {
    "voltage_l2": 231.0,
    "voltage_l3": 229.0,
    "current_l2": 7.3,
    "current_l3": 7.1,
}
# Charging with 600 W, feeding in 3100 W.
GROWATT_STORAGE = GROWATT_3 | {
    "battery_power": -600.0,
    "battery_soc": 39.0,
    "grid_power": -3100.0,
    "energy_import": 1234500.0,
    "energy_export": 678900.0,
}
SH = {
    "solar_power": 6000.0,
    "solar_energy": 9876500.0,
    "power": 6210.0,
    "voltage_l1": 230.0,
    "voltage_l2": 231.0,
    "voltage_l3": 229.0,
    "current_l1": 9.0,
    "current_l2": 9.1,
    "current_l3": 8.9,
    "temperature": 39.5,
    "grid_power": TOTAL,
    "load_power": 7813.0,
    "battery_power": 500.0,
    "battery_soc": 87.4,
    "energy_import": 1234500.0,
    "energy_export": 678900.0,
}
SG = {
    "power": 2264.0,
    "solar_power": 2292.0,
    "voltage_l1": 239.2,
    "voltage_l2": 242.4,
    "voltage_l3": 244.8,
    "current_l1": 3.2,
    "current_l2": 3.1,
    "current_l3": 3.1,
    "frequency": 50.0,
    "temperature": 46.3,
    "grid_power": -1500.0,
}
HUAWEI = three("grid_") | {
    "solar_power": 5200.0,
    "solar_energy": 12345670.0,
    "power": 4100.0,
    "voltage_l1": 230.0,
    "voltage_l2": 231.0,
    "voltage_l3": 229.0,
    "current_l1": 5.94,
    "current_l2": 5.92,
    "current_l3": 5.97,
    "frequency": 49.98,
    "temperature": 41.2,
    "battery_power": -1000.0,
    "battery_soc": 63.3,
}
GOODWE = {
    "solar_power": 1136.0,
    "solar_energy": 5432100.0,
    "power": 2738.0,
    "power_l1": 27.0,
    "power_l2": 1743.0,
    "power_l3": 968.0,
    "current_l1": 0.5,
    "current_l2": 8.3,
    "current_l3": 5.5,
    "voltage_l1": 244.4,
    "voltage_l2": 244.8,
    "voltage_l3": 242.5,
    "frequency": 49.94,
    "load_power": 2900.0,
    "battery_power": 1650.0,
    "battery_soc": 76.0,
    "energy_import": 1234500.0,
    "energy_export": 678900.0,
} | {k: v for k, v in three("grid_").items() if "current" not in k}
GX = {
    "grid_power": TOTAL,
    "grid_power_l1": 2300.0,
    "grid_power_l2": -1155.0,
    "grid_power_l3": 458.0,
    "solar_power": 1700.0,
    "load_power": 1200.0,
    "battery_power": -812.0,
    "battery_soc": 55.0,
}
GRID_METER = {k: v for k, v in meter().items() if "energy" not in k}
PAC2200 = meter()
ENERGY_ONLY = {k: v for k, v in meter().items() if k == "power" or "energy" in k}


def known() -> Iterator[tuple[str, Known]]:
    """Yield every device of the catalogue by its id."""
    full = meter(frequency=50.0)
    yield "eastron_sdm72", Known(image=eastron_energy_only(), values=ENERGY_ONLY)
    yield "eastron_sdm72_v2", Known(image=eastron(0x89), values=full)
    yield "eastron_sdm120", Known(image=eastron_one_phase(0x20), values=ONE_PHASE)
    yield "eastron_sdm230", Known(image=eastron_one_phase(0), values=ONE_PHASE)
    yield "eastron_sdm630", Known(image=eastron(0x70), values=full)
    for name, arguments in {
        "em24": (71, 0x37, 0x3E, 0x5C),
        "em24_ethernet": (1648, 0x33, 0x34, 0x4E),
        "em340": (341, 0x33, 0x34, 0x4E),
    }.items():
        image = carlo_gavazzi(*arguments)
        yield f"carlo_gavazzi_{name}", Known(image=image, values=full)
    yield "carlo_gavazzi_em530", Known(image=carlo_gavazzi_em530(), values=full)
    yield "abb_b23_b24", Known(image=abb(), values=full)
    yield "schneider_iem3000", Known(image=schneider(), values=full)
    yield "janitza_umg", Known(image=janitza(), values=full)
    yield "siemens_pac2200", Known(image=siemens(), values=PAC2200)
    yield "victron_gx", Known(image=victron_gx(), values=GX, unit_id=100)
    yield (
        "victron_grid_meter",
        Known(image=victron_grid_meter(), values=GRID_METER, unit_id=30),
    )
    yield (
        "sma_inverter",
        Known(image=sma(8001), values=SMA_AC | {"solar_power": 3000.0}, unit_id=3),
    )
    yield (
        "sma_hybrid",
        Known(
            image=sma(8009),
            values=SMA_AC
            | {"solar_power": 3500.0, "battery_power": -400.0, "battery_soc": 81.0}
            | {"grid_power": TOTAL},
            unit_id=3,
        ),
    )
    yield (
        "sma_home_manager",
        Known(
            image=sma_home_manager(),
            values=ENERGY_ONLY | {"power": -750.0},
            unit_id=2,
        ),
    )
    yield "huawei_sun2000", Known(image=huawei(), values=HUAWEI)
    yield "sungrow_sh", Known(image=sungrow_sh(), values=SH)
    yield "sungrow_sg", Known(image=sungrow_sg(), values=SG)
    yield "goodwe_et", Known(image=goodwe(), values=GOODWE, unit_id=247)
    yield "kostal_plenticore", Known(image=kostal(swap=True), values=KOSTAL, unit_id=71)
    yield (
        "kostal_plenticore_abcd",
        Known(image=kostal(swap=False), values=KOSTAL, unit_id=71),
    )
    yield "growatt_tl3x", Known(image=growatt(1, 35, 91), values=GROWATT_3)
    yield "growatt_min_tlx", Known(image=growatt(3001, 3023, 3053), values=GROWATT)
    yield (
        "growatt_tlxh",
        Known(
            image=growatt(3001, 3023, 3053, (3178, 3180, 3171, 3041, 3043, 3069, 3073)),
            values=GROWATT_STORAGE,
        ),
    )
    yield (
        "growatt_sph",
        Known(
            image=growatt(1, 35, 91, (1009, 1011, 1014, 1021, 1029, 1046, 1050)),
            values=GROWATT_STORAGE,
        ),
    )


KNOWN = dict(known())


def goodwe_of_old() -> Image:
    """Return a GW10K-ET with a DSP of version 8: its meter is known in 16 bits alone."""
    image = goodwe()
    put(image, HOLDING, {35016: 8}, "H")
    put(image, HOLDING, phases(36019, 2, (0.0, 0.0, 0.0)) | {36025: 0}, "i")
    put(image, HOLDING, phases(36005, 1, (-2300, 1155, -458)) | {36008: -1603}, "h")
    return image


OF_OLD = {
    "victron_gx": Known(image=victron_gx_of_old(), values=GX, unit_id=100),
    "victron_grid_meter": Known(
        image=victron_grid_meter_of_old(), values=GRID_METER, unit_id=30
    ),
    "goodwe_et": Known(image=goodwe_of_old(), values=GOODWE, unit_id=247),
}
