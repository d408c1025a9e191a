"""Sessions for other programs and for paper: an action with a response, and a download. Both are for administrators."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
import voluptuous as vol

from homeassistant.components.http import KEY_HASS, HomeAssistantView, require_admin
from homeassistant.components.http.auth import async_sign_path
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util, slugify
from homeassistant.util.file import WriteError, write_utf8_file_atomic

from ..const import DOMAIN
from ..data import SunfuseConfigEntry, SunfuseData, loaded_site
from ..sessions import (
    ChargeDetails,
    ChargePlace,
    ExportContext,
    SessionRow,
    Statement,
    charge_record,
    json_list,
    statement_sheets,
    to_csv,
    to_json,
    to_statement_page,
    to_statement_pdf,
    to_xlsx,
)
from ..site.entry_data import site_of
from ..site.ledger.export_context import export_context
from ..site.ledger.ledger import SiteLedger
from ..translated_reasons import async_load_sentences
from .open_ledger import open_ledger
from .sessions import FILTERS, session_filter
from .targets import named_site
from .values import ActionSchema, in_words, one_of_kind, text, within

PATH = "/api/sunfuse/sessions/"
# Long enough to open a requested link, too short for one that is passed on.
_SIGNED_FOR = timedelta(hours=1)
# More than a kWh costs in any currency.
_MOST_PRICE = 1_000_000
_STATEMENT = "statement_"
_WEEKDAY = "weekday_"
_MOST_ISSUER = 1000


class ExportFormat(StrEnum):
    """What sessions are exported as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    OCPI = "ocpi"
    STATEMENT = "statement"
    STATEMENT_PDF = "statement_pdf"


_FILES: Mapping[ExportFormat, tuple[str, str]] = {
    ExportFormat.CSV: ("sunfuse-sessions.csv", "text/csv"),
    ExportFormat.XLSX: (
        "sunfuse-sessions.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ExportFormat.JSON: ("sunfuse-sessions.json", "application/json"),
    ExportFormat.OCPI: ("sunfuse-cdrs.json", "application/json"),
    ExportFormat.STATEMENT: ("sunfuse-statement.html", "text/html"),
    ExportFormat.STATEMENT_PDF: ("sunfuse-statement.pdf", "application/pdf"),
}
_STATEMENTS = (ExportFormat.STATEMENT, ExportFormat.STATEMENT_PDF)
_BINARY = (ExportFormat.XLSX, ExportFormat.STATEMENT_PDF)
_REQUEST = {
    vol.Optional("format", default=ExportFormat.CSV): one_of_kind(ExportFormat),
    **FILTERS,
    vol.Optional("price"): within(0, _MOST_PRICE),
    vol.Optional("issuer"): text(most=_MOST_ISSUER),
    vol.Optional("language"): in_words(
        vol.All(cv.string, vol.Match(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}\Z")),
        lambda value: ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="language_expected",
            translation_placeholders={"value": value},
        ),
    ),
}
EXPORT_SESSIONS = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        **_REQUEST,
        vol.Optional("folder"): cv.path,
    }
)
# A proxy or the frontend may add parameters of its own.
_QUERY = vol.Schema(_REQUEST, extra=vol.REMOVE_EXTRA)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionExport:
    """A file of sessions, and how many are in it. `left_out` sessions allow no charge detail record."""

    format: ExportFormat
    content: bytes
    sessions: int
    left_out: int = 0


async def async_export(
    hass: HomeAssistant, entry: SunfuseConfigEntry, asked: Mapping[str, Any]
) -> SessionExport:
    """Export the sessions of a loaded site that ended, the oldest first.

    Raises:
        ServiceValidationError: nothing, or more than one thing, has a name; or the site was unloaded meanwhile.

    """
    with open_ledger(entry):
        return await _async_export(hass, entry, entry.runtime_data, asked)


async def _async_export(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    runtime: SunfuseData,
    asked: Mapping[str, Any],
) -> SessionExport:
    ledger = runtime.ledger
    names = await ledger.async_all_names()
    wanted = replace(session_filter(asked, names), running=False)
    rows = (await ledger.async_sessions(wanted))[::-1]
    language = asked.get("language", hass.config.language)
    sentences = await async_load_sentences(hass, language)
    context = replace(
        export_context(
            site=entry.title,
            currency=runtime.planning.currency,
            names=names,
            sentences=sentences,
            language=language,
        ),
        price=asked.get("price"),
    )
    form: ExportFormat = asked["format"]
    if form is ExportFormat.OCPI:
        return await _async_records(hass, entry, ledger, rows, context)
    statement = Statement(
        context=context,
        texts={
            key.removeprefix(_STATEMENT): text
            for key, text in sentences.items()
            if key.startswith((_STATEMENT, _WEEKDAY))
        },
        price_lists=await ledger.async_price_lists(),
        issuer=asked.get("issuer", ""),
    )
    # A year of a business takes longer than the event loop may wait.
    content = await hass.async_add_executor_job(
        partial(_content, form, rows, statement)
    )
    return SessionExport(format=form, content=content, sessions=len(rows))


def _content(
    form: ExportFormat, rows: Sequence[SessionRow], statement: Statement
) -> bytes:
    context = statement.context
    if form is ExportFormat.XLSX:
        return to_xlsx(rows, context)
    if form in _STATEMENTS:
        sheets = statement_sheets(rows, statement)
        if form is ExportFormat.STATEMENT_PDF:
            return to_statement_pdf(sheets, statement)
        return to_statement_page(sheets, statement).encode()
    return (to_json if form is ExportFormat.JSON else to_csv)(rows, context).encode()


async def _async_records(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    ledger: SiteLedger,
    rows: Sequence[SessionRow],
    context: ExportContext,
) -> SessionExport:
    """Export the charge detail records of the sessions that allow one."""
    place = ChargePlace(
        site=entry.entry_id,
        country=hass.config.country,
        latitude=hass.config.latitude,
        longitude=hass.config.longitude,
        phases=site_of(entry.data).phases,
    )
    lists = await ledger.async_price_lists()
    details = [
        ChargeDetails(
            row=row,
            prices=None if row.terms is None else lists.get(row.terms),
            intervals=await ledger.async_intervals(row.number),
            signed_values=await ledger.async_signed_values(row.number),
        )
        for row in rows
    ]

    def export() -> SessionExport:
        made = [charge_record(one, place, context) for one in details]
        records = [record for record in made if record is not None]
        return SessionExport(
            format=ExportFormat.OCPI,
            content=json_list(records).encode(),
            sessions=len(records),
            left_out=len(rows) - len(records),
        )

    return await hass.async_add_executor_job(export)


class SessionsView(HomeAssistantView):
    """The download, for administrators that are logged in or have a signed path."""

    url = PATH + "{entry_id}"
    name = "api:sunfuse:sessions"

    @require_admin
    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the file."""
        hass = request.app[KEY_HASS]
        if (entry := loaded_site(hass, entry_id)) is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        try:
            export = await async_export(hass, entry, _QUERY(dict(request.query)))
        except (vol.Invalid, ServiceValidationError) as err:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=str(err))
        name, content_type = _FILES[export.format]
        # A page is shown, to be printed; all else is saved.
        shown = export.format is ExportFormat.STATEMENT
        return web.Response(
            body=export.content,
            content_type=content_type,
            charset=None if export.format in _BINARY else "utf-8",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"',
                # Only the page's own style: no script, no picture, nothing from elsewhere.
                "Content-Security-Policy": (
                    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
                ),
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            },
        )


async def _export_sessions(call: ServiceCall) -> ServiceResponse:
    entry = named_site(call)
    export = await async_export(call.hass, entry, call.data)
    name, content_type = _FILES[export.format]
    binary = export.format in _BINARY
    response: dict[str, Any] = {
        "content": (b64encode(export.content) if binary else export.content).decode(),
        "encoding": "base64" if binary else "text",
        "filename": name,
        "content_type": content_type,
        "sessions": export.sessions,
        "left_out": export.left_out,
    }
    if folder := call.data.get("folder"):
        saved = call.hass.config.path(folder, _saved_name(name, call.data))
        await call.hass.async_add_executor_job(_save, call.hass, saved, export.content)
        response["path"] = saved
    # An automation is nobody who may open it.
    if "http" in call.hass.config.components and call.context.user_id:
        path = f"{PATH}{entry.entry_id}?{urlencode(_query(call.data))}"
        response["signed_download"] = async_sign_path(call.hass, path, _SIGNED_FOR)
    return response


@callback
def async_setup_session_exports(hass: HomeAssistant) -> None:
    """Register the action, and the download if there is a server."""

    async_register_admin_service(
        hass,
        DOMAIN,
        "export_sessions",
        _export_sessions,
        EXPORT_SESSIONS,
        SupportsResponse.ONLY,
    )
    if "http" in hass.config.components:
        hass.http.register_view(SessionsView())


def _query(asked: Mapping[str, Any]) -> dict[str, str]:
    """Return what was asked for as the parameters of the download."""
    return {
        key: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if isinstance(value, datetime)
        else str(value)
        for key, value in asked.items()
        if key not in (ATTR_CONFIG_ENTRY_ID, "folder")
    }


def _saved_name(name: str, asked: Mapping[str, Any]) -> str:
    """Return the name of a saved file: with whose it is, and from when."""
    start: datetime | None = asked.get("start")
    parts = [
        *(asked[key] for key in ("person", "vehicle", "charger") if key in asked),
        *([f"{dt_util.as_local(start):%Y-%m-%d}"] if start else []),
    ]
    path = Path(name)
    more = [slugify(part, separator="-") for part in parts]
    return f"{'-'.join([path.stem, *more])}{path.suffix}"


def _save(hass: HomeAssistant, path: str, content: bytes) -> None:
    """Write a file where Home Assistant may; whoever reads it meanwhile has the old one or the new one.

    Raises:
        ServiceValidationError: Home Assistant may not write there.
        HomeAssistantError: it cannot be written.

    """
    if not hass.config.is_allowed_path(path):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="folder_not_allowed",
            translation_placeholders={"folder": str(Path(path).parent)},
        )
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_utf8_file_atomic(path, content, mode="wb")
    except (OSError, WriteError) as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="file_not_written",
            translation_placeholders={"file": path, "error": str(err)},
        ) from err
