"""The site report of a site that is set up: what to read, as a response and as a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
import voluptuous as vol

from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_CIRCUIT,
    CONF_MAIN_FUSE,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    DOMAIN,
    REPORT_PANEL,
    SUBENTRY_CHARGER,
    SYSTEM_THREE_PHASE,
)
from ..data import SunfuseConfigEntry, loaded_site
from ..sources.report.report_carry import Charger
from ..sources.report.report_page import Page, empty_page, report_page
from ..sources.report.report_reader import CarMeter, ReportConfig, async_site_report
from ..sources.report.site_meters import SiteMeters, async_site_meters
from ..sources.report.site_report import GridConnection, NoHistoryError, SiteReport
from ..translated_reasons import DECIMAL_SIGN, DECIMAL_SIGNS, async_load_sentences
from .entry_data import site_of, wiring
from .outcome import identity_of
from .subentries import usable

PATH = "/api/sunfuse/report/"
# The recorder keeps ten days of five minutes; a year of hours is read in seconds.
DAYS, MOST_DAYS = 14, 366
# What may be asked for: the least, the most, and what kind of number it is.
ASKED: Mapping[str, tuple[float, float, type[float | int]]] = {
    "days": (1, MOST_DAYS, int),
    "charger_current": (6, 500, float),
    "charger_phases": (1, 3, int),
    "daily_energy": (0.5, 200, float),
}
_QUERY = vol.Schema(
    {
        **{
            vol.Optional(name): vol.All(vol.Coerce(kind), vol.Range(min=low, max=high))
            for name, (low, high, kind) in ASKED.items()
        },
        vol.Optional("language"): vol.All(str, vol.Length(max=20)),
        vol.Optional("decimal_sign"): vol.In(DECIMAL_SIGNS),
        vol.Optional("theme"): vol.In(("light", "dark")),
    },
    extra=vol.REMOVE_EXTRA,
)
# Only the page's own style: no script, no picture, nothing from elsewhere.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A site report with its sources; without `report` there is no history."""

    charger: Charger
    meters: SiteMeters
    report: SiteReport | None


async def async_report(
    hass: HomeAssistant, entry: SunfuseConfigEntry, request: dict[str, Any]
) -> Asked:
    """Make the report of a site that is loaded."""
    site = site_of(entry.data)
    meters = await async_site_meters(
        hass,
        entry.runtime_data.sources,
        phases=site.phases,
        voltage_v=site.voltage_v,
    )
    charger = _charger(entry, request)
    interval = entry.runtime_data.observed.meter_interval
    config = ReportConfig(
        connection=GridConnection(
            fuse_a=entry.data[CONF_MAIN_FUSE],
            voltage_v=entry.data[CONF_VOLTAGE],
            charger=charger,
            meter_interval_s=interval.usual_s if interval else None,
            even_split=meters.shared_by > 1,
        ),
        phases=meters.phases,
        shared_by=meters.shared_by,
        generation=(*meters.solar, *meters.battery),
        cars=car_meters(hass, entry),
    )
    report = None
    if config.phases:
        try:
            report = await async_site_report(
                hass, config, dt_util.utcnow(), days=request.get("days", DAYS)
            )
        except NoHistoryError:
            # There are statistics, but none is written yet.
            report = None
    return Asked(charger=charger, meters=meters, report=report)


def no_history(entry: SunfuseConfigEntry) -> ServiceValidationError:
    """Return what to say of a site whose sensors the recorder has no statistics of."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="no_history",
        translation_placeholders={
            "sensors": ", ".join(entry.runtime_data.sources.entities)
        },
    )


def _charger(entry: SunfuseConfigEntry, request: dict[str, Any]) -> Charger:
    """Return the charger to report on: by default the usual one for such a connection.

    It is 11 kW on three phases, 7.4 kW on one, 32 A on both legs of a split phase.
    """
    three = entry.data[CONF_SYSTEM] == SYSTEM_THREE_PHASE
    phases = min(
        request.get("charger_phases", site_of(entry.data).phases),
        site_of(entry.data).phases,
    )
    usual_a = 16.0 if three and phases > 1 else 32.0
    return Charger(
        phases=phases,
        max_a=min(request.get("charger_current", usual_a), entry.data[CONF_MAIN_FUSE]),
        day_kwh=request.get("daily_energy", Charger().day_kwh),
    )


def car_meters(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    *,
    of_circuit: Callable[[str], bool] = lambda _: True,
    wired: Sequence[int] | None = None,
) -> tuple[CarMeter, ...]:
    """Return the meters of the site's chargers in these circuits.

    Their phases are those of the site, or if only some are `wired` there, the places in these.
    """
    site = site_of(entry.data)
    places = range(site.phases) if wired is None else wired
    registry = er.async_get(hass)
    chargers = {
        identity_of(subentry): wiring(subentry.data, site)
        for subentry in usable(entry, SUBENTRY_CHARGER)
        if of_circuit(subentry.data[CONF_CIRCUIT])
    }

    def sensor(key: str) -> str | None:
        return registry.async_get_entity_id(
            Platform.SENSOR, DOMAIN, f"{entry.entry_id}_{key}"
        )

    found = []
    for key in entry.runtime_data.chargers.connector_keys():
        if (phases := chargers.get(key.identity)) is None:
            continue
        # One current flows between two legs, which a charger reports as its first.
        one_current = site.phases == 2 and len(phases) == 2
        currents = [
            (phase, sensor(f"{key.id}_current_l{1 if one_current else index}"))
            for index, phase in enumerate(phases, start=1)
        ]
        found.append(
            CarMeter(
                currents=tuple(
                    (places.index(phase), name)
                    for phase, name in currents
                    if name and phase in places
                ),
                power=sensor(f"{key.id}_power"),
            )
        )
    return tuple(found)


async def _async_page(
    hass: HomeAssistant, entry: SunfuseConfigEntry, request: dict[str, Any]
) -> str:
    """Return the report as HTML."""
    asked = await async_report(hass, entry, request)
    language: str = request.get("language", hass.config.language)
    sentences = await async_load_sentences(hass, language)
    read = dict.fromkeys(
        name
        for meter in asked.meters.phases
        for name in (meter.consumption, meter.production)
        if name
    )
    page = Page(
        site=entry.title,
        chargers=len(entry.runtime_data.chargers.connector_keys()),
        fuse_a=entry.data[CONF_MAIN_FUSE],
        charger=asked.charger,
        sensors=tuple(read),
        without=asked.meters.without,
        texts={
            key.removeprefix("report_"): text
            for key, text in sentences.items()
            if key.startswith("report_")
        },
        tz=dt_util.get_default_time_zone(),
        language=language,
        decimal_sign=request.get("decimal_sign", sentences[DECIMAL_SIGN]),
        theme=request.get("theme", ""),
    )
    if asked.report is None:
        return empty_page(page)
    return await hass.async_add_executor_job(report_page, asked.report, page)


class ReportView(HomeAssistantView):
    """The page of the site report, for users that are logged in or have a signed path."""

    url = PATH + "{entry_id}"
    name = "api:sunfuse:report"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the page of a site."""
        hass = request.app[KEY_HASS]
        if (entry := loaded_site(hass, entry_id)) is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        try:
            asked = _QUERY(dict(request.query))
        except vol.Invalid as err:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=str(err))
        return web.Response(
            text=await _async_page(hass, entry, asked),
            content_type="text/html",
            headers=_HEADERS,
        )


@callback
def setup_report(hass: HomeAssistant) -> None:
    """Serve the page, if there is a server."""
    if "http" in hass.config.components:
        hass.http.register_view(ReportView())


def panel_path(entry: SunfuseConfigEntry) -> str:
    """Return the path of a site's report for a user who is logged in."""
    return f"/{REPORT_PANEL}/{entry.entry_id}"
