"""What happened: every charging session, in a ledger that survives a power cut. No Home Assistant in here."""

from .agreed_prices import Billed, PriceLists
from .charge_records import ChargeDetails, ChargePlace, charge_record
from .hourly_sums import HourlySum
from .ledger import Ledger
from .ledger_queries import GroupBy
from .ledger_schema import NewerLedgerError
from .ledger_thread import LedgerClosedError
from .ledger_upkeep import LedgerStart, Plug
from .live_session import LiveSession, Taken
from .price_list import Bill, PriceList, PriceTime, bill, billed_quarters
from .session_exports import ExportContext, json_list, to_csv, to_json
from .session_facts import (
    Attribution,
    Fact,
    MeasuredQuarter,
    PauseFact,
    SignedValue,
    SiteQuarter,
    TransactionFacts,
)
from .session_rows import (
    LatestStay,
    SessionFilter,
    SessionInterval,
    SessionPause,
    SessionRow,
    SessionSums,
)
from .session_statement import Statement, statement_sheets
from .session_workbook import to_xlsx
from .statement_page import to_statement_page
from .statement_pdf import to_statement_pdf

__all__ = [
    "Bill",
    "Billed",
    "PriceList",
    "PriceLists",
    "PriceTime",
    "bill",
    "billed_quarters",
    "ChargeDetails",
    "ChargePlace",
    "ExportContext",
    "Fact",
    "GroupBy",
    "HourlySum",
    "Ledger",
    "LedgerClosedError",
    "LedgerStart",
    "LiveSession",
    "MeasuredQuarter",
    "NewerLedgerError",
    "PauseFact",
    "Plug",
    "Attribution",
    "SessionFilter",
    "SessionInterval",
    "SessionPause",
    "SessionRow",
    "SessionSums",
    "SignedValue",
    "SiteQuarter",
    "Statement",
    "LatestStay",
    "Taken",
    "TransactionFacts",
    "charge_record",
    "json_list",
    "to_csv",
    "to_json",
    "statement_sheets",
    "to_statement_page",
    "to_statement_pdf",
    "to_xlsx",
]
