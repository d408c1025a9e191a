"""The registers of a value in a Modbus device, and how its bits are encoded."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
import struct


class RegisterTable(StrEnum):
    """The two tables of registers: function codes 3 and 4 (Modbus Application Protocol 1.1b3, sections 6.3, 6.4)."""

    HOLDING = "holding"
    INPUT = "input"


class Order(StrEnum):
    """Which of two comes first, the more or the less significant."""

    BIG = "big"
    LITTLE = "little"


class ValueType(StrEnum):
    """How the bits of a value are encoded."""

    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"


# The `struct` format, and how many registers of 16 bits. A text states its own length.
NUMBERS: Mapping[ValueType, tuple[str, int]] = {
    ValueType.UINT16: (">H", 1),
    ValueType.INT16: (">h", 1),
    ValueType.UINT32: (">I", 2),
    ValueType.INT32: (">i", 2),
    ValueType.UINT64: (">Q", 4),
    ValueType.INT64: (">q", 4),
    ValueType.FLOAT32: (">f", 2),
    ValueType.FLOAT64: (">d", 4),
}

# The registers that were read, by table and address.
type Image = Mapping[tuple[RegisterTable, int], int]

# Reads `count` registers of a table from an address on. Raises RequestError.
type ReadRegisters = Callable[[RegisterTable, int, int], Awaitable[tuple[int, ...]]]


class Failure(StrEnum):
    """Why a request returned no registers."""

    NOT_CONNECTED = "not_connected"
    NO_ANSWER = "no_answer"
    # An invalid answer: broken, of another request, or too short.
    BROKEN_ANSWER = "broken_answer"
    # Exception codes 1 to 3: the device does not have this register.
    REFUSED = "refused"
    # Exception codes 4 to 6 and 8: temporarily unavailable.
    BUSY = "busy"
    # Exception codes 10 and 11: a gateway whose device does not answer.
    GATEWAY = "gateway"


class RequestError(Exception):
    """A request failed."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        """Remember why, and what was seen."""
        super().__init__(f"{failure}: {detail}" if detail else failure)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A value in a device: `count` registers from a zero-based protocol address on."""

    table: RegisterTable
    address: int
    type: ValueType
    count: int
    byte_order: Order = Order.BIG
    word_order: Order = Order.BIG

    @property
    def addresses(self) -> range:
        """Return the addresses of the value."""
        return range(self.address, self.address + self.count)

    def words(self, image: Image) -> tuple[int, ...] | None:
        """Return the value's words, None if one of them was not read."""
        words = [image.get((self.table, address)) for address in self.addresses]
        known = tuple(word for word in words if word is not None)
        return known if len(known) == self.count else None

    def bits(self, words: Sequence[int]) -> int:
        """Return the value's bits as one unsigned number, with bytes and words in order."""
        return int.from_bytes(self._bytes(words))

    def number(self, words: Sequence[int]) -> float:
        """Return the number, by its type. Integers stay exact."""
        code, _ = NUMBERS[self.type]
        number: int | float = struct.unpack(code, self._bytes(words))[0]
        return number

    def text(self, words: Sequence[int]) -> str:
        """Return the text without its padding of blanks and zeros."""
        return (
            self._bytes(words).split(b"\0")[0].decode("ascii", "replace").strip(" \0")
        )

    def _bytes(self, words: Sequence[int]) -> bytes:
        if self.word_order is Order.LITTLE:
            words = tuple(reversed(words))
        return b"".join(word.to_bytes(2, self.byte_order.value) for word in words)


def register(
    table: RegisterTable,
    address: int,
    value_type: ValueType,
    *,
    count: int | None = None,
    byte_order: Order = Order.BIG,
    word_order: Order = Order.BIG,
) -> Register:
    """Return a register; `count` is for texts only, numbers have the width of their type."""
    if value_type is ValueType.STRING:
        # A text is read from its first letter to its last, whatever the order of a number's words.
        assert count
        word_order = Order.BIG
    else:
        count = NUMBERS[value_type][1]
    return Register(
        table=table,
        address=address,
        type=value_type,
        count=count,
        byte_order=byte_order,
        word_order=word_order,
    )
