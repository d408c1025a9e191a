"""What a card says of times stays true while nothing happens at the site: the cards alone, of a site that is made up."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route
import pytest

from custom_components.sunfuse import const

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("socket_enabled"),
]

CARDS = Path(const.__file__).parent / "frontend" / "sunfuse-cards.js"
PAGE = "http://cards.test/"
# A Home Assistant with one site, which says its texts by their keys.
SHOW = """async (view) => {
  await import("/cards.js");
  window.listeners = [];
  const hass = {
    states: {}, language: "en", user: { id: "1", is_admin: false, name: "Driver" },
    locale: { language: "en", number_format: "language", time_format: "24", time_zone: "local" },
    config: { currency: "EUR", time_zone: "UTC" },
    localize: (key) => key,
    loadBackendTranslation: async () => (key, values) => key + JSON.stringify(values ?? {}),
    callWS: async () => [{ entry_id: "S", title: "Home", chargers: Object.keys(view.chargers.set), names: {} }],
    connection: {
      addEventListener() {}, removeEventListener() {},
      subscribeMessage: async (listener) => { window.listeners.push(listener); listener(view); return async () => {}; },
    },
  };
  const page = document.createElement("sunfuse-driver");
  page.hass = hass;
  page.route = { path: "/S/A/1" };
  const card = document.createElement("sunfuse-charger-card");
  card.id = "card";
  card.setConfig({ type: "", site: "S", charger: "B/1" });
  card.hass = hass;
  document.body.append(page, card);
}"""
TEXT = "(name) => document.querySelector(name).shadowRoot.textContent"
NEWS = "window.listeners.forEach((listener) => listener({ set: { available: false } }))"


def _charger(name: str, departure: str | None) -> dict[str, Any]:
    known = {
        "id": f"{name}/1",
        "identity": name,
        "name": name,
        "connected": True,
        "status": "charging",
        "mode": "eco",
        "allowed": True,
        "may_drive": False,
        "entities": {},
        "reason": {"key": "", "text": "", "change": "", "until": None},
        "boost": {"on": False, "quota_wh": None},
        "demand": {
            "departure": departure,
            "target_soc": None,
            "guessed": False,
            "clearable": True,
        },
    }
    unknown = ("session_wh", "today_wh", "cost", "sun_share", "soc", "power_w", "plan")
    return known | dict.fromkeys(unknown)


def _serve(route: Route) -> None:
    if route.request.url.endswith(".js"):
        route.fulfill(path=CARDS, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><body>", content_type="text/html")


def page_of_cards(browser: Browser) -> Page:
    """Return a page that has the cards and nothing else, at ten in the evening."""
    page = browser.new_context(timezone_id="UTC").new_page()
    page.clock.install(time=datetime(2026, 11, 29, 22, tzinfo=UTC))
    page.route(f"{PAGE}*", _serve)
    page.goto(PAGE)
    return page


def test_hours_pass_in_which_nothing_happens(browser: Browser) -> None:
    """From ten to half past midnight: the wait is two and a half hours shorter, and tomorrow at one is today."""
    page = page_of_cards(browser)
    chargers = {
        "A/1": _charger("A", None),
        "B/1": _charger("B", "2026-11-30T01:00:00+00:00"),
    }
    site = {"entry_id": "S", "title": "Home", "admin": False, "currency": "EUR"}
    page.evaluate(SHOW, {"set": site, "chargers": {"set": chargers}})
    page.clock.run_for(1000)
    assert "(in 3 hours)" in page.evaluate(TEXT, "sunfuse-driver")
    assert "Nov 30 01:00" in page.evaluate(TEXT, "#card")
    page.clock.run_for(150 * 60 * 1000)
    assert "(in 30 minutes)" in page.evaluate(TEXT, "sunfuse-driver")
    # What is none of the card's business is said after midnight; it shows the same charger.
    page.evaluate(NEWS)
    page.clock.run_for(1000)
    assert '"time":"01:00"' in page.evaluate(TEXT, "#card")
    page.context.close()
