"""Converts the market's price to what the household pays and gets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from enum import StrEnum
from typing import Any

from ..series import Series, Slot, at_time
from ..time_rows import parse_number
from .price_slots import PriceSlot
from .table import Table, TableError, table_from_dict


class ExportKind(StrEnum):
    """How feed-in is paid."""

    FIXED = "fixed"  # a table of its own, usually one number
    SPOT = "spot"  # the market's price, times a factor, plus an offset
    SAME_AS_IMPORT = "same_as_import"  # net metering
    SOURCE = "source"  # a separate source


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """The components on top of the source's price, in currency per kWh before VAT.

    import = (source + surcharge + grid fee + taxes) x (1 + VAT), where the source's own
    price is left out of the VAT if it already contains it. All zero: the source is all-in.
    """

    surcharge: float = 0.0
    taxes: float = 0.0
    grid_fee: Table = field(default_factory=Table)
    vat_percent: float = 0.0
    source_has_vat: bool = False
    export: ExportKind = ExportKind.FIXED
    export_table: Table = field(default_factory=Table)
    export_factor: float = 1.0
    export_offset: float = 0.0

    def import_price(self, source: float, grid_fee: float) -> float:
        """Return what a kWh costs."""
        vat = 1 + self.vat_percent / 100
        added = (self.surcharge + self.taxes + grid_fee) * vat
        return source * (1.0 if self.source_has_vat else vat) + added

    def export_price(
        self, source: float, import_price: float, table: float, own: float | None
    ) -> float:
        """Return what a kWh of feed-in earns."""
        if self.export is ExportKind.SAME_AS_IMPORT:
            return import_price
        if self.export is ExportKind.SPOT:
            return source * self.export_factor + self.export_offset
        if self.export is ExportKind.SOURCE:
            # While its own source has no price, feed-in earns nothing.
            return 0.0 if own is None else own
        return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """A slot of the source's price, and whether it is estimated."""

    slot: Slot
    estimated: bool


def price_slots(
    spot: Iterable[Estimated],
    components: Components,
    *,
    currency: str,
    tz: tzinfo,
    holidays: frozenset[date] = frozenset(),
    export: Series = (),
    carbon: Series = (),
) -> tuple[PriceSlot, ...]:
    """Turn the source's quarter hours into what the household pays, gets and emits."""
    slots = []
    for one in spot:
        start, source = one.slot.start, one.slot.value
        local = start.astimezone(tz)
        price = components.import_price(source, components.grid_fee.at(local, holidays))
        own, gram = at_time(export, start), at_time(carbon, start)
        fixed = components.export_table.at(local, holidays)
        slots.append(
            PriceSlot(
                start=start,
                end=one.slot.end,
                import_price=price,
                export_price=components.export_price(
                    source, price, fixed, own.value if own else None
                ),
                currency=currency,
                estimated=one.estimated,
                carbon_g=gram.value if gram else None,
            )
        )
    return tuple(slots)


def components_from_dict(data: Mapping[str, Any]) -> Components:
    """Build the components from what the form stores; a missing key has its default.

    Raises:
        TableError: a field cannot be used; its key is `bad_<field>` or the table's.

    """
    numbers: dict[str, float] = {}
    for name in ("surcharge", "taxes", "vat_percent", "export_factor", "export_offset"):
        if name in data:
            if (number := parse_number(data[name])) is None:
                raise TableError(f"bad_{name}")
            numbers[name] = number
    if not 0 <= numbers.get("vat_percent", 0) <= 100:
        raise TableError("bad_vat_percent")
    kind = data.get("export", ExportKind.FIXED)
    if kind not in list(ExportKind):
        raise TableError("bad_export")
    return Components(
        **numbers,
        grid_fee=table_from_dict(data.get("grid_fee", {})),
        source_has_vat=bool(data.get("source_has_vat", False)),
        export=ExportKind(kind),
        export_table=table_from_dict(data.get("export_table", {})),
    )
