"""Statements as PDF, in the smallest form that readers open: text in two standard fonts, lines, and no pictures.

The structure is that of PDF 1.7 (ISO 32000-1:2008): 7.5 file structure, 7.8 content streams, 9.6.2.2 standard Type 1 fonts,
which every reader has and which need no file. Their encoding is WinAnsi (annex D), that is the letters of Western European
languages; others are written without their marks, or as a question mark. Widths are those of Helvetica (Adobe Core 14 AFM).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
import re
import unicodedata
import zlib

from .session_statement import Sheet, StatementTable
from .statement_words import Statement

# A4, landscape, in points.
_WIDTH, _HEIGHT = 842.0, 595.0
_MARGIN = 42.0
_SIZE, _TITLE, _SMALL = 9.0, 16.0, 8.0
_LEADING = 1.35
_PAD = 4.0
_REGULAR, _BOLD = "F1", "F2"
# Of the characters from the space to the tilde, in thousandths of the size.
_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278"
    " 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556"
    " 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778"
    " 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556"
    " 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556"
    " 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTHS = {chr(32 + n): int(width) for n, width in enumerate(_ASCII.split())} | {
    "ß": 611,
    "ø": 611,
    "Ø": 778,
    "æ": 889,
    "Æ": 1000,
    "œ": 944,
    "Œ": 1000,
    "…": 1000,
    "—": 1000,
    "’": 222,
    "‘": 222,
    "“": 333,
    "”": 333,
}
_USUAL = 556
# Letters that have no mark to leave out.
_PLAIN = {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "Ħ": "H", "ħ": "h"}
# Helvetica-Bold is wider by about this; its digits are as wide.
_BOLDER = 1.07
# The same dates, chargers and prices come again and again.
_CACHED = 4096


def to_statement_pdf(sheets: Sequence[Sheet], statement: Statement) -> bytes:
    """Return the document."""
    pages = [page for sheet in sheets for page in _sheet(sheet)]
    if not pages:
        empty = _Paper()
        empty.text(_MARGIN, statement.say("empty"))
        pages = [empty.content]
    title = f"{statement.say('title')}: {statement.context.site}"
    return _document(pages, title, statement.context.language)


# --- What is on the pages --------------------------------------------------------------------------------------


class _Paper:
    """One page, written from the top."""

    def __init__(self) -> None:
        """Begin at the top."""
        self.y = _HEIGHT - _MARGIN
        self._drawn: list[str] = []

    @property
    def content(self) -> str:
        """What was written."""
        return "\n".join(self._drawn)

    def has_room(self, height: float) -> bool:
        """Return whether there is so much room above the margin."""
        return self.y - height >= _MARGIN

    def text(
        self, x: float, text: str, *, size: float = _SIZE, font: str = _REGULAR
    ) -> None:
        """Write a line at the present height."""
        self._drawn.append(
            f"BT /{font} {size:g} Tf {x:.2f} {self.y:.2f} Td ({_escaped(text)}) Tj ET"
        )

    def line(self, x: float, width: float, thickness: float) -> None:
        """Draw a line at the present height."""
        self._drawn.append(
            f"{thickness:g} w {x:.2f} {self.y:.2f} m {x + width:.2f} {self.y:.2f} l S"
        )

    def down(self, points: float) -> None:
        """Go down."""
        self.y -= points


def _sheet(sheet: Sheet) -> list[str]:
    papers = [_Paper()]

    def room(height: float) -> _Paper:
        if not papers[-1].has_room(height):
            papers.append(_Paper())
        return papers[-1]

    paper = papers[0]
    paper.down(_TITLE)
    paper.text(_MARGIN, sheet.title, size=_TITLE, font=_BOLD)
    paper.down(_TITLE * 0.6)
    for label, value in sheet.facts:
        paper.down(_SIZE * _LEADING)
        label = f"{label}: "
        paper.text(_MARGIN, label)
        paper.text(_MARGIN + _wide(label, _SIZE, _REGULAR), value, font=_BOLD)
    for table in sheet.tables:
        papers[-1].down(_SIZE)
        _table(table, papers)
    papers[-1].down(_SIZE)
    for note in sheet.notes:
        for line in _wrapped(note, _WIDTH - 2 * _MARGIN, _SMALL, _REGULAR):
            paper = room(_SMALL * _LEADING)
            paper.down(_SMALL * _LEADING)
            paper.text(_MARGIN, line, size=_SMALL)
    if sheet.signature is not None:
        paper = room(6 * _SIZE)
        paper.down(5 * _SIZE)
        paper.line(_MARGIN, 200, 0.5)
        paper.down(_SIZE * _LEADING)
        paper.text(_MARGIN, sheet.signature, size=_SMALL)
    for number, one in enumerate(papers, start=1):
        one.y = _MARGIN / 2
        of = f"{number} / {len(papers)}"
        one.text(_WIDTH - _MARGIN - _wide(of, _SMALL, _REGULAR), of, size=_SMALL)
    return [one.content for one in papers]


def _table(table: StatementTable, papers: list[_Paper]) -> None:
    """Write a table; on each further page its head comes first."""
    columns = _columns(table)
    _row(papers, table.heads, columns, table.texts, font=_BOLD)
    papers[-1].line(_MARGIN, sum(columns), 1.0)
    for cells in table.lines:
        height = _row_height(cells, columns, _REGULAR)
        if not papers[-1].has_room(height):
            papers.append(_Paper())
            _row(papers, table.heads, columns, table.texts, font=_BOLD)
            papers[-1].line(_MARGIN, sum(columns), 1.0)
        _row(papers, cells, columns, table.texts)
        papers[-1].line(_MARGIN, sum(columns), 0.25)
    if table.total is not None:
        papers[-1].line(_MARGIN, sum(columns), 1.0)
        spanned = len(columns) - len(table.total) + 1
        widths = [sum(columns[:spanned]), *columns[spanned:]]
        _row(papers, table.total, widths, 1, font=_BOLD)


def _row(
    papers: list[_Paper],
    cells: Sequence[str],
    columns: Sequence[float],
    texts: int,
    *,
    font: str = _REGULAR,
) -> None:
    """Write a row; texts begin on the left of their column, numbers end on its right."""
    height = _row_height(cells, columns, font)
    if not papers[-1].has_room(height):
        papers.append(_Paper())
    paper = papers[-1]
    top, x = paper.y, _MARGIN
    for index, (cell, width) in enumerate(zip(cells, columns, strict=True)):
        paper.y = top - _PAD / 2
        for line in _wrapped(cell, width - 2 * _PAD, _SIZE, font):
            paper.down(_SIZE * _LEADING)
            shift = _PAD
            if index >= texts:
                shift = width - _PAD - _wide(line, _SIZE, font)
            paper.text(x + shift, line, font=font)
        x += width
    paper.y = top - height


def _row_height(cells: Sequence[str], columns: Sequence[float], font: str) -> float:
    lines = max(
        len(_wrapped(cell, width - 2 * _PAD, _SIZE, font))
        for cell, width in zip(cells, columns, strict=True)
    )
    return lines * _SIZE * _LEADING + 1.5 * _PAD


def _columns(table: StatementTable) -> list[float]:
    """Return the widths of columns: what their words need, and the rest by how long their texts are."""
    room = _WIDTH - 2 * _MARGIN
    rows = [table.heads, *table.lines]
    if table.total is not None:
        # What the first cell of the total spans is wide enough for it.
        spanned = len(table.heads) - len(table.total) + 1
        rows.append([*[""] * spanned, *table.total[1:]])
    by_column = list(zip(*rows, strict=True))
    least = [
        2 * _PAD
        + max(_wide(word, _SIZE, _BOLD) for text in column for word in _words(text))
        for column in by_column
    ]
    wanted = [
        2 * _PAD + max(_wide(text, _SIZE, _BOLD) for text in column)
        for column in by_column
    ]
    spare = room - sum(least)
    if spare <= 0:
        return [width * room / sum(least) for width in least]
    more = [max(want - need, 0.0) for want, need in zip(wanted, least, strict=True)]
    share = min(1.0, spare / sum(more)) if sum(more) > 0 else 0.0
    return [need + extra * share for need, extra in zip(least, more, strict=True)]


def _words(text: str) -> list[str]:
    """Return what may stand on lines of its own: a no-break space is no end of a word."""
    return re.findall(r"[^ \t\r\n]+", text) or [""]


@lru_cache(maxsize=_CACHED)
def _wrapped(text: str, width: float, size: float, font: str) -> tuple[str, ...]:
    """Return a text in lines that fit; a word that is too long is cut."""
    lines: list[str] = []
    line = ""
    for word in _words(text):
        while _wide(word, size, font) > width and len(word) > 1:
            fits = len(word) - 1
            while fits > 1 and _wide(word[:fits], size, font) > width:
                fits -= 1
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:fits])
            word = word[fits:]
        joined = f"{line} {word}".strip()
        if line and _wide(joined, size, font) > width:
            lines.append(line)
            joined = word
        line = joined
    return (*lines, line)


@lru_cache(maxsize=_CACHED)
def _wide(text: str, size: float, font: str) -> float:
    """Return how wide a text is, in points."""
    widths = (_width(letter, font == _BOLD) for letter in _western(text))
    return sum(widths) * size / 1000


@lru_cache(maxsize=_CACHED)
def _width(letter: str, bold: bool) -> float:
    width = _WIDTHS.get(letter)
    if width is None:
        width = _WIDTHS.get(unicodedata.normalize("NFKD", letter)[0], _USUAL)
    return width * (_BOLDER if bold and letter.islower() else 1.0)


# --- The file --------------------------------------------------------------------------------------------------


def _western(text: str) -> str:
    """Return a text in the letters that the fonts have."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_western_letter, text))


@lru_cache(maxsize=_CACHED)
def _western_letter(letter: str) -> str:
    if _encodes(letter):
        return letter
    plain = _PLAIN.get(letter) or unicodedata.normalize("NFKD", letter)[0]
    return plain if _encodes(plain) else "?"


def _encodes(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return letter >= " "


def _escaped(text: str) -> str:
    """Return a text as a string of PDF (7.3.4.2); all bytes but ASCII by their numbers."""
    found = []
    for byte in _western(text).encode("cp1252"):
        if byte in b"()\\":
            found.append(f"\\{chr(byte)}")
        elif 32 <= byte < 127:
            found.append(chr(byte))
        else:
            found.append(f"\\{byte:03o}")
    return "".join(found)


def _document(pages: Iterable[str], title: str, language: str) -> bytes:
    """Return the file: objects, where each of them begins, and which is the first."""
    contents = [zlib.compress(page.encode("ascii")) for page in pages]
    kids = [f"{6 + 2 * n} 0 R" for n in range(len(contents))]
    heading = title.encode("utf-16-be").hex().upper()
    objects: list[bytes] = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({_escaped(language)}) >>".encode(),
        f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode(),
        _font("Helvetica"),
        _font("Helvetica-Bold"),
        f"<< /Title <FEFF{heading}> /Producer (Sunfuse) >>".encode(),
    ]
    for number, content in enumerate(contents):
        objects.append(
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH:g} {_HEIGHT:g}]"
                " /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
                f" /Contents {7 + 2 * number} 0 R >>"
            ).encode()
        )
        objects.append(
            f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
            + content
            + b"\nendstream"
        )
    file = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    begins = []
    for number, one in enumerate(objects, start=1):
        begins.append(len(file))
        file += f"{number} 0 obj\n".encode() + one + b"\nendobj\n"
    table = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    file += b"".join(f"{at:010} 00000 n \n".encode() for at in begins)
    file += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R >>\n"
        f"startxref\n{table}\n%%EOF\n"
    ).encode()
    return bytes(file)


def _font(name: str) -> bytes:
    return (
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name}"
        " /Encoding /WinAnsiEncoding >>"
    ).encode()
