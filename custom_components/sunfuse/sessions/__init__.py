"""What happened: every charging session, in a ledger that survives a power cut. No Home Assistant in here."""

from .exports.charge_records import ChargeDetails, ChargePlace, charge_record
from .exports.session_exports import ExportContext, json_list, to_csv, to_json, whole_wh
from .exports.session_statement import statement_sheets
from .exports.session_workbook import to_xlsx
from .exports.statement_page import to_statement_page
from .exports.statement_pdf import to_statement_pdf
from .exports.statement_words import Statement
from .ledger.agreed_prices import Billed, PriceLists
from .ledger.hourly_sums import HourlySum
from .ledger.ledger import Ledger
from .ledger.ledger_queries import GroupBy
from .ledger.ledger_schema import NewerLedgerError
from .ledger.ledger_thread import LedgerClosedError
from .ledger.ledger_upkeep import LedgerStart, Plug
from .live_session import LiveSession, Taken
from .price_list import Bill, PriceList, PriceTime, bill, billed_quarters
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
    "whole_wh",
]
