"""The chain of models of a SunSpec device: how it is found and followed.

SunSpec Alliance, Device Information Model Specification 1.1, section 6 (Modbus map and discovery).
"""

from dataclasses import dataclass
import math

from .device import Term
from .registers import (
    Failure,
    Image,
    ReadRegisters,
    Register,
    RegisterTable,
    RequestError,
    ValueType,
    register,
)
from .sunspec_models import KNOWN, NOT_IMPLEMENTED, Point

_MARK = (0x5375, 0x6E53)
MARK_TEXT = "SunS"
MARK_LENGTH = len(_MARK)
_END = 0xFFFF
# A chain has a dozen models; an endless one is not followed.
_MOST_MODELS = 100
_LAST_ADDRESS = 0xFFFF
# Some gateways refuse long answers.
_CHUNK = 60
# The longest useful model has 20 registers per input of direct current; of a longer one only this many are read.
_MOST_CONTENT = 1000
# The device has nothing there, or not now: it may have something elsewhere.
_NOT_THERE = frozenset((Failure.REFUSED, Failure.BROKEN_ANSWER, Failure.BUSY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A model in a chain: where it begins, its length, and its content at the discovery."""

    model: int
    address: int
    end: int
    image: Image

    def has(self, offset: int, count: int) -> bool:
        """Whether the model is long enough: some devices shorten theirs."""
        return self.address + offset + count <= self.end

    def place(self, offset: int, value_type: ValueType, count: int = 1) -> Register:
        """Return the register of a value."""
        return register(
            RegisterTable.HOLDING, self.address + offset, value_type, count=count
        )

    def word(self, point: Point) -> int | None:
        """Return a value of one word, None if it is absent."""
        word = self.image.get((RegisterTable.HOLDING, self.address + point.offset))
        return None if word == NOT_IMPLEMENTED[point.type] else word

    def text(self, offset: int, count: int) -> str:
        """Return a text."""
        place = self.place(offset, ValueType.STRING, count)
        words = place.words(self.image)
        return place.text(words) if words else ""

    def term(
        self, point: Point, sign: int = 1, default: float | None = None
    ) -> Term | None:
        """Return how to read a value, None if the model is too short for it."""
        scale = point.scale
        if not self.has(point.offset, point.count) or (
            scale is not None and not self.has(scale, 1)
        ):
            return None
        return Term(
            register=self.place(point.offset, point.type),
            factor=sign,
            scale_register=(
                None if scale is None else self.place(scale, ValueType.INT16)
            ),
            not_available=frozenset((NOT_IMPLEMENTED[point.type],)),
            default=default,
        )

    def implements(self, term: Term) -> bool:
        """Whether the device had this value at the discovery."""
        words = term.register.words(self.image)
        if words is None or term.register.bits(words) in term.not_available:
            return False
        return math.isfinite(term.register.number(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The models with useful content, as far as the chain could be followed."""

    blocks: tuple[Block, ...]
    # False if the device refused a part: there may be more.
    whole: bool


async def chain_at(read: ReadRegisters, base: int) -> Chain | None:
    """Return the chain that begins here, None if there is none.

    Raises RequestError if the device does not answer at all.
    """
    if await _words(read, base, MARK_LENGTH) != _MARK:
        return None
    return await _chain(read, base + MARK_LENGTH)


async def _words(
    read: ReadRegisters, address: int, count: int
) -> tuple[int, ...] | None:
    """Return registers, None if the device has none there or refuses."""
    try:
        words = await read(RegisterTable.HOLDING, address, count)
    except RequestError as err:
        if err.failure in _NOT_THERE:
            return None
        raise
    return words if len(words) == count else None


async def _chain(read: ReadRegisters, address: int) -> Chain:
    """Return a chain, as far as it can be followed."""
    blocks: list[Block] = []
    whole = True
    for _ in range(_MOST_MODELS):
        if address >= _LAST_ADDRESS:
            break
        header = await _words(read, address, 2)
        if header is None:
            whole = False
            break
        if header[0] in (0, _END):
            break
        model, length = header
        end = address + 2 + length
        if end > _LAST_ADDRESS + 1:
            break
        if model in KNOWN:
            image, complete = await _content(read, address, end)
            whole = whole and complete
            blocks.append(Block(model=model, address=address, end=end, image=image))
        address = end
    return Chain(blocks=tuple(blocks), whole=whole)


async def _content(read: ReadRegisters, address: int, end: int) -> tuple[Image, bool]:
    """Return the registers of a model, and whether the device refused none."""
    image: dict[tuple[RegisterTable, int], int] = {}
    end = min(end, address + _MOST_CONTENT)
    for start in range(address, end, _CHUNK):
        words = await _words(read, start, min(_CHUNK, end - start))
        for index, word in enumerate(words or ()):
            image[RegisterTable.HOLDING, start + index] = word
    return image, len(image) == end - address
