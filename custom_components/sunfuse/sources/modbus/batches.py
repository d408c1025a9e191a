"""Combines registers into as few requests as a device's limits allow."""

from collections.abc import Iterable
from dataclasses import dataclass

from .registers import Register, RegisterTable

# Reading this many unneeded registers costs less than one more request: 80 bytes, 83 ms at 9600 baud.
_LARGEST_GAP = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One request: `count` registers of a table from an address on."""

    table: RegisterTable
    address: int
    count: int
    # Whole values in it: if the request is refused, it is tried again value by value.
    registers: tuple[Register, ...]

    @property
    def parts(self) -> tuple[Batch, ...]:
        """Return smaller batches: without the gaps, or else one per value. A single value has no parts."""
        dense = batches(self.registers, most=self.count, gaps=False)
        if len(dense) > 1:
            return dense
        places = {(r.address, r.count): r for r in self.registers}
        if len(places) < 2:
            return ()
        return tuple(_batch([register]) for register in places.values())


def batches(
    registers: Iterable[Register], *, most: int, gaps: bool
) -> tuple[Batch, ...]:
    """Return the requests for these values. A value is never split; `gaps` allows registers in between to be read as well."""
    planned: list[Batch] = []
    run: list[Register] = []
    for register in sorted(registers, key=lambda r: (r.table, r.address, r.count)):
        if run and not _fits(run, register, most, gaps):
            planned.append(_batch(run))
            run = []
        run.append(register)
    if run:
        planned.append(_batch(run))
    return tuple(planned)


def _fits(run: list[Register], register: Register, most: int, gaps: bool) -> bool:
    end = max(r.addresses.stop for r in run)
    gap = register.address - end
    return (
        register.table is run[0].table
        and max(end, register.addresses.stop) - run[0].address <= most
        and (gap <= 0 or (gaps and gap <= _LARGEST_GAP))
    )


def _batch(run: list[Register]) -> Batch:
    return Batch(
        table=run[0].table,
        address=run[0].address,
        count=max(r.addresses.stop for r in run) - run[0].address,
        registers=tuple(run),
    )
