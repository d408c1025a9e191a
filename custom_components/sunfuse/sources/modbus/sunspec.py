"""SunSpec: a device that describes its own registers, as a chain of models.

The result is a Device like those from files, so that there is one way to read.
"""

from collections.abc import Iterable, Set as AbstractSet

from . import sunspec_models as models
from .device import Condition, Device, DeviceKind, Information, Quantity
from .registers import ReadRegisters, RegisterTable, ValueType, register
from .sunspec_chain import MARK_LENGTH, MARK_TEXT, Chain, chain_at
from .sunspec_readings import readings_of
from .sunspec_solaredge import MANUFACTURER as SOLAREDGE, batteries_at

DISCOVERED = "sunspec/discovered"

# Device Information Model Specification 1.1, section 6.3.
_BASES = (40000, 50000, 0)


async def discover(
    read: ReadRegisters, known: AbstractSet[Quantity] = frozenset()
) -> Device | None:
    """Return the device that a chain of models describes, None if there is no useful one.

    Quantities known already are looked for again, even if the device does not report them now.

    Raises RequestError if the device does not answer at all.
    """
    for base in _BASES:
        chain = await chain_at(read, base)
        if chain and chain.blocks and chain.blocks[0].model == models.COMMON:
            device = await _device(read, base, chain, known)
            if device.readings:
                return device
    return None


async def _device(
    read: ReadRegisters, base: int, found: Chain, known: AbstractSet[Quantity]
) -> Device:
    """Return the described device. A second common model begins a device behind the first, such as its meter."""
    chain = found.blocks
    common = chain[0]
    manufacturer = common.text(2, 16)
    solaredge = manufacturer.startswith(SOLAREDGE)
    expected = Quantity.BATTERY_SOC in known
    batteries = await batteries_at(read, expected=expected) if solaredge else []
    readings = readings_of(chain, manufacturer, batteries, known)
    used = sorted({block.model for block in chain if block.model != models.COMMON})
    mark = register(RegisterTable.HOLDING, base, ValueType.STRING, count=MARK_LENGTH)
    return Device(
        id=DISCOVERED,
        name=" ".join(filter(None, (manufacturer, common.text(18, 16)))) or "SunSpec",
        manufacturer=manufacturer or "SunSpec",
        kind=_kind(readings),
        source=f"SunSpec information models {', '.join(map(str, used))}, discovered",
        # A chain has no unknown registers.
        gaps=True,
        whole=found.whole,
        identify=(Condition(register=mark, one_of=(MARK_TEXT,)),),
        information={
            Information.MANUFACTURER: common.place(2, ValueType.STRING, 16),
            Information.MODEL: common.place(18, ValueType.STRING, 16),
            Information.VERSION: common.place(42, ValueType.STRING, 8),
            Information.SERIAL_NUMBER: common.place(50, ValueType.STRING, 16),
        },
        readings=readings,
    )


def _kind(readings: Iterable[Quantity]) -> DeviceKind:
    has = frozenset(readings)
    grid = Quantity.GRID_POWER in has
    battery = bool(has & {Quantity.BATTERY_POWER, Quantity.BATTERY_SOC})
    if grid or (battery and Quantity.POWER in has):
        return DeviceKind.SYSTEM
    if Quantity.SOLAR_POWER in has:
        return DeviceKind.INVERTER
    return DeviceKind.BATTERY if battery else DeviceKind.METER
