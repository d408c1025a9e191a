"""Sessions as a workbook (XLSX): one sheet with real numbers and dates, in the smallest form that spreadsheets open.

The parts are those of a minimal package of ECMA-376 part 1, 12.3 (SpreadsheetML); texts are inline (18.3.1.53).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
import io
import re
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..session_rows import SessionRow
from .session_exports import Cell, ExportContext, columns, records

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
    '<sheets><sheet name="Sunfuse" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
    # Style 1 is the built-in format 22, date and time as the reader's region writes them (18.8.30).
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
# Characters that XML 1.0 cannot contain, and surrogates.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Day 0 of a workbook, as all days from March 1900 count (18.17.4.1).
_DAY_0 = datetime(1899, 12, 30)


def to_xlsx(rows: Sequence[SessionRow], context: ExportContext) -> bytes:
    """Return sessions as a workbook, with times in local time."""
    lines = [columns(context), *(one.values() for one in records(rows, context))]
    sheet = "".join(map(_line, lines))
    parts = _PARTS | {
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>'
    }
    content = io.BytesIO()
    with ZipFile(content, "w") as package:
        for name, part in parts.items():
            # ZipInfo has a fixed time: the same sessions are the same file.
            package.writestr(ZipInfo(name), _HEAD + part, ZIP_DEFLATED)
    return content.getvalue()


def _line(cells: Iterable[Cell]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{cell:d}</v></c>'
        case datetime():
            days = (cell.replace(tzinfo=None) - _DAY_0) / timedelta(days=1)
            return f'<c s="1"><v>{days:.9f}</v></c>'
        case str():
            text = escape(_NOT_XML.sub("", cell))
            return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f"<c><v>{cell:.12g}</v></c>"
