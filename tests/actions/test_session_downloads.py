"""Sessions as files, as an administrator gets them: by the action and as a download."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
import io
import json
from pathlib import Path
from string import Formatter
from typing import Any
from zipfile import ZipFile

import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sessions import (
    Attribution,
    ExportContext,
    PriceList,
    PriceTime,
    SessionRow,
    Statement,
    TransactionFacts,
    statement_sheets,
    to_statement_page,
)
from custom_components.sunfuse.sessions.exports.session_exports import columns
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ..site.ledger.test_ledger import ANNA, ledger_of
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

TRANSLATIONS = Path("custom_components/sunfuse/translations")
END = datetime(2026, 5, 31, 22, 30, tzinfo=dt_util.UTC)


@pytest.fixture
async def home(hass: HomeAssistant, start: Callable[..., Any]) -> Home:
    """Return a site with a session of Anna of 12.345 kWh, one of nobody, and one that runs; half an hour into June."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    assert await async_setup_component(hass, "websocket_api", {})
    home: Home = await start("CP1", ANNA)
    facts = TransactionFacts(
        station="CP1",
        transaction="1",
        connector=1,
        stated_start_at=END - timedelta(hours=2),
        stated_stop_at=END,
        stated_wh=12_345.0,
        meter_start_wh=1_000_000.0,
        meter_end_wh=1_012_345.0,
        card="04A1B2C3",
    )
    [anna] = home.entry.get_subentries_of_type("person")
    person = Attribution(at=END, value=anna.subentry_id)
    await asyncio.wrap_future(
        ledger_of(home).ledger.note(
            replace(facts, person=person),
            replace(facts, transaction="2", card=None),
            replace(facts, transaction="3", stated_stop_at=None),
        )
    )
    return home


async def export(home: Home, who: Context | None = None, **asked: Any) -> Any:
    """Use the action."""
    return await home.hass.services.async_call(
        DOMAIN,
        "export_sessions",
        {"config_entry_id": home.entry.entry_id, **asked},
        blocking=True,
        return_response=True,
        context=who,
    )


async def test_an_export_and_the_action_have_the_same_names(
    hass: HomeAssistant, home: Home
) -> None:
    """But for what is reckoned for an export alone; when a session was corrected is in both."""
    facts = TransactionFacts(
        station="CP1", transaction="1", stated_wh=13_000.0, corrected_at=END
    )
    await asyncio.wrap_future(ledger_of(home).ledger.note(facts))
    site = {"config_entry_id": home.entry.entry_id}
    found: Any = await hass.services.async_call(
        DOMAIN, "get_sessions", site, blocking=True, return_response=True
    )
    corrected = {one["transaction"]: one["corrected"] for one in found["sessions"]}
    assert corrected["1"] == END.isoformat()
    assert corrected["2"] is None
    names = {*columns(ExportContext(site="", currency="EUR", tz=dt_util.UTC))}
    for session in found["sessions"]:
        assert names == {*session, "duration_h", "reimbursement"}


async def test_a_site_that_is_being_unloaded(
    hass: HomeAssistant,
    home: Home,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The ledger closes first: whoever asks then is told that the site is not loaded, and has no half of a file."""
    client = await hass_client()
    entry_id = home.entry.entry_id
    await ledger_of(home).async_stop()
    asked: list[tuple[str, dict[str, Any]]] = [
        ("export_sessions", {}),
        ("export_sessions", {"format": "ocpi"}),
        ("get_sessions", {"details": True}),
        ("bill_again", {"start": "2026-01-01"}),
        ("delete_person", {"person": "Anna"}),
        ("join_persons", {"person": "Anna", "into": "Anna"}),
    ]
    for action, more in asked:
        with pytest.raises(ServiceValidationError, match="is not loaded"):
            await hass.services.async_call(
                DOMAIN,
                action,
                {"config_entry_id": entry_id, **more},
                blocking=True,
                return_response=action not in ("delete_person", "join_persons"),
            )
    answer = await client.get(f"/api/sunfuse/sessions/{entry_id}?format=xlsx")
    assert answer.status == HTTPStatus.BAD_REQUEST
    assert "is not loaded" in await answer.text()
    assert "LedgerClosedError" not in caplog.text


async def test_every_format(hass: HomeAssistant, home: Home) -> None:
    """Sessions that ended, filtered, in the language that is asked for; 12.345 kWh at 0.2741 are 3.38."""
    table = await export(home, language="de", price=0.2741, person="anna")
    assert (table["sessions"], table["encoding"]) == (1, "text")
    assert ";Anna;" in table["content"] and ";3,38;" in table["content"]
    assert "Energie (kWh);Sonne (kWh)" in table["content"]
    book = await export(home, format="xlsx")
    assert book["sessions"] == 2
    ZipFile(io.BytesIO(b64decode(book["content"]))).testzip()
    sessions = json.loads((await export(home, format="json"))["content"])["sessions"]
    assert [one["person"] for one in sessions] == ["Anna", None]
    assert sessions[0]["stopped"] == "2026-06-01T00:30:00+02:00"
    # Without a tariff nobody knows what it cost; a charge detail record would be wrong.
    cdrs = await export(home, format="ocpi")
    assert (cdrs["content"], cdrs["sessions"], cdrs["left_out"]) == ("[]", 0, 2)
    [cdr] = json.loads(
        (await export(home, format="ocpi", price=0.2741, person="Anna"))["content"]
    )
    assert cdr["total_cost"] == {"excl_vat": 3.38}
    page = (await export(home, format="statement", price=0.2741))["content"]
    assert "Charging statement" in page
    for text in ("Anna", "2026-06", "1012.345", "3.38\xa0EUR", "0.2741\xa0EUR"):
        assert text in page
    assert "04A1" not in str((table, sessions, cdr, page))
    assert "signed_download" not in table
    pdf = await export(home, format="statement_pdf", price=0.2741)
    assert (pdf["encoding"], pdf["filename"]) == ("base64", "sunfuse-statement.pdf")
    assert b64decode(pdf["content"]).startswith(b"%PDF-1.7")
    may = await export(home, end="2026-06-01T00:00:00")
    assert may["sessions"] == 0
    # Whoever mixes up the two ends gets no empty bill.
    with pytest.raises(ServiceValidationError, match="ends before it begins"):
        await export(home, start="2026-07-01T00:00:00", end="2026-06-01T00:00:00")
    with pytest.raises(ServiceValidationError):
        await export(home, person="nobody")


async def test_a_file_is_saved_where_home_assistant_may_write(
    hass: HomeAssistant, home: Home, tmp_path: Path
) -> None:
    """Whose it is and from when is in the name; elsewhere nothing is written, and a full disk is said in words."""
    media = tmp_path / "media"
    hass.config.allowlist_external_dirs = {str(media)}
    asked: dict[str, Any] = {
        "format": "statement_pdf",
        "person": "Anna",
        "folder": f"{media}/bills",
    }
    saved = await export(home, **asked, start="2026-06-01T00:00:00")
    assert saved["path"] == f"{media}/bills/sunfuse-statement-anna-2026-06-01.pdf"
    assert Path(saved["path"]).read_bytes() == b64decode(saved["content"])
    for folder in (f"{tmp_path}/elsewhere", "/etc", "bills"):
        with pytest.raises(ServiceValidationError) as refused:
            await export(home, folder=folder)
        assert refused.value.translation_key == "folder_not_allowed"
    with pytest.raises(ServiceValidationError) as refused:
        await export(home, folder=f"{media}/../elsewhere")
    assert refused.value.translation_key == "field_impossible"
    assert not (tmp_path / "elsewhere").exists()
    (media / "file").touch()
    with pytest.raises(HomeAssistantError) as failed:
        await export(home, folder=f"{media}/file")
    assert failed.value.translation_key == "file_not_written"


async def test_the_download_is_for_administrators(
    hass: HomeAssistant,
    home: Home,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
    hass_read_only_user: User,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Without login, and for who is none, there is nothing; a signed link opens what it was made for."""
    path = f"/api/sunfuse/sessions/{home.entry.entry_id}"
    stranger = await hass_client_no_auth()
    assert (await stranger.get(path)).status == HTTPStatus.UNAUTHORIZED
    driver = await hass_client(hass_read_only_access_token)
    assert (await driver.get(path)).status == HTTPStatus.UNAUTHORIZED
    with pytest.raises(Unauthorized):
        await export(home, Context(user_id=hass_read_only_user.id))

    owner = await hass_client()
    response = await owner.get(path + "?language=fr&price=0.2741&start=2026-06-01")
    assert response.status == HTTPStatus.OK
    assert response.content_type == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    body = await response.read()
    assert body.startswith(b"\xef\xbb\xbfBorne;")
    assert b";3,38;" in body
    page = await owner.get(path + "?format=statement&person=Anna")
    assert page.content_type == "text/html"
    assert "script" not in page.headers["Content-Security-Policy"]
    for query in (
        "?format=pdf",
        "?price=nan",
        "?person=nobody",
        "?start=x",
        "?language=../de",
    ):
        assert (await owner.get(path + query)).status == HTTPStatus.BAD_REQUEST, query
    assert (await owner.get(path + "x")).status == HTTPStatus.NOT_FOUND

    socket = await hass_ws_client()
    await socket.send_json_auto_id(
        {
            "type": "call_service",
            "domain": DOMAIN,
            "service": "export_sessions",
            "service_data": {
                "config_entry_id": home.entry.entry_id,
                "format": "json",
                "person": "Anna",
                "start": "2026-06-01T00:00:00+02:00",
            },
            "return_response": True,
        }
    )
    answer = (await socket.receive_json())["result"]["response"]
    signed = await stranger.get(answer["signed_download"])
    assert signed.status == HTTPStatus.OK
    assert await signed.text() == answer["content"]
    forged = answer["signed_download"].replace("Anna", "anna")
    assert (await stranger.get(forged)).status == HTTPStatus.UNAUTHORIZED
    await hass.config_entries.async_unload(home.entry.entry_id)
    assert (await owner.get(path)).status == HTTPStatus.NOT_FOUND


class _Asked(dict[str, str]):
    """Texts that remember which were used."""

    def __init__(self, texts: dict[str, str]) -> None:
        """Wrap texts."""
        super().__init__(texts)
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> str:
        """Return a text."""
        self.used.add(key)
        return super().__getitem__(key)


LANGUAGES = [path.stem for path in sorted(TRANSLATIONS.glob("*.json"))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_heads_of_a_table(language: str) -> None:
    """Each column has one of its own in every language, and there is none without a column."""
    common = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))[
        "common"
    ]
    heads = {
        key.removeprefix("column_"): text
        for key, text in common.items()
        if key.startswith("column_")
    }
    context = ExportContext(site="Home", currency="EUR", tz=dt_util.UTC)
    assert heads.keys() == set(columns(context))
    assert len(set(heads.values())) == len(heads)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_of_a_statement(language: str) -> None:
    """The page uses each of them and no other, in every language."""
    common = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))[
        "common"
    ]
    texts = _Asked(
        {
            key.removeprefix("statement_"): text
            for key, text in common.items()
            if key.startswith("statement_") or key == "weekday_monday"
        }
    )
    context = ExportContext(
        site="Home", currency="EUR", tz=dt_util.UTC, language=language, price=0.25
    )
    row = SessionRow(
        number=1,
        station="CP1",
        transaction="1",
        stopped_at=END,
        energy_wh=1000,
        estimated_wh=500,
        corrected_at=END + timedelta(days=40),
    )
    prices = PriceList(
        name="Staff", currency="EUR", time_zone="UTC", per_kwh=0.3, per_hour=1.0
    )
    night = PriceTime(start=0, end=360, weekdays=(0,), per_kwh=0.2)
    lists = {
        1: replace(prices, per_session=1.0, times=(night,)),
        2: replace(prices, share_percent=5.0, name="Cost"),
    }
    sold = replace(row, price_list="Staff", billed=0.5, terms=1)
    lists[1] = replace(lists[1], vat_percent=19.0)
    lists[2] = replace(lists[2], vat_percent=19.0, vat_included=False)
    taxed = replace(sold, billed_vat=0.08, vat_percent=19.0)
    cases: list[tuple[float | None, list[SessionRow]]] = [
        (0.25, [row]),
        (None, [row]),
        (None, [sold, replace(sold, terms=2, billed=None)]),
        (None, [taxed]),
        (None, []),
    ]
    for price, rows in cases:
        statement = Statement(
            context=replace(context, price=price),
            texts=texts,
            price_lists=lists,
            issuer="Hof",
        )
        page = to_statement_page(statement_sheets(rows, statement), statement)
        assert not any(
            field for _, field, _, _ in Formatter().parse(page.partition("<body>")[2])
        )
    # Weekdays are shared with other texts.
    assert texts.used - {"weekday_monday"} == texts.keys() - {"weekday_monday"}
