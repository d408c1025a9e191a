"""The batteries of a SolarEdge inverter, in register blocks of their own beside its SunSpec chain.

SolarEdge, Power Control Protocol for SolarEdge Inverters; addresses, order of words and the number of blocks checked
against solaredge_modbus 0.8 (Battery), solaredged 0.5 and volkszaehler/mbmd (sunspec/solaredge_battery.go).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .device import PLAUSIBLE, Quantity, QuantityReading, Term
from .registers import (
    Failure,
    Order,
    ReadRegisters,
    RegisterTable,
    RequestError,
    ValueType,
    register,
)

MANUFACTURER = "SolarEdge"

_BLOCKS = (0xE100, 0xE200)
_RATED_ENERGY = 0x42
_POWER = 0x74
_STATE_OF_ENERGY = 0x84
# In Wh. Without a battery the block does not exist, or holds no number, or an impossible one.
_LEAST_WH, _MOST_WH = 500, 1_000_000
# The lowest float means unknown.
_NOT_AVAILABLE = frozenset((0xFF7FFFFF,))
# -32768 W, which a sleeping battery shows (binsentsu/home-assistant-solaredge-modbus issue 45).
_ASLEEP = frozenset((0xC7000000,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery's block, and its capacity."""

    address: int
    rated_wh: float

    def term(self, offset: int, factor: float) -> Term:
        """Return how to read a value. Floats have the less significant word first, unlike everything else on the device."""
        return Term(
            register=register(
                RegisterTable.HOLDING,
                self.address + offset,
                ValueType.FLOAT32,
                word_order=Order.LITTLE,
            ),
            factor=factor,
            not_available=_NOT_AVAILABLE,
            asleep=_ASLEEP if offset == _POWER else frozenset(),
        )

    def charging(self, sign: int = 1) -> Term:
        """Return the power, which is positive on charging (evcc and mbmd invert it as well)."""
        return self.term(_POWER, sign)


async def batteries_at(read: ReadRegisters, *, expected: bool) -> list[Battery]:
    """Return the batteries of an inverter, always the first if one is expected.

    Raises RequestError if the connection is lost.
    """
    found = []
    for address in _BLOCKS:
        place = Battery(address=address, rated_wh=0).term(_RATED_ENERGY, 1).register
        try:
            words = await read(place.table, place.address, place.count)
        except RequestError as err:
            if err.failure is Failure.NOT_CONNECTED:
                raise
            # Some inverters refuse absent blocks, others do not answer.
            continue
        if len(words) == place.count:
            rated_wh = place.number(words)
            if _LEAST_WH <= rated_wh <= _MOST_WH:
                found.append(Battery(address=address, rated_wh=rated_wh))
    if expected and not found:
        found = [Battery(address=_BLOCKS[0], rated_wh=_LEAST_WH)]
    return found


def storage_of(batteries: Sequence[Battery]) -> dict[Quantity, QuantityReading]:
    """Return what is known of all batteries together, nothing if there are none."""
    if not batteries:
        return {}
    total_wh = sum(battery.rated_wh for battery in batteries)
    terms = {
        Quantity.BATTERY_POWER: tuple(battery.charging(-1) for battery in batteries),
        Quantity.BATTERY_SOC: tuple(
            battery.term(_STATE_OF_ENERGY, battery.rated_wh / total_wh)
            for battery in batteries
        ),
    }
    return {
        quantity: QuantityReading(terms=of, between=PLAUSIBLE[quantity.dimension])
        for quantity, of in terms.items()
    }
