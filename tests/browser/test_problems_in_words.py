"""What a card says of something that went wrong: in the language of who looks, without words for programmers."""

from playwright.sync_api import Browser, expect
import pytest

from .test_time_passes import page_of_cards

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("socket_enabled"),
]

# The server speaks English, and who looks German.
GERMAN = {
    "states": {},
    "language": "de",
    "user": {"id": "1", "is_admin": True, "name": "Owner"},
    "locale": {
        "language": "de",
        "number_format": "language",
        "time_format": "24",
        "time_zone": "local",
    },
    "config": {"currency": "EUR", "time_zone": "UTC"},
}
SHOW = """async (german) => {
  await import("/cards.js");
  const key = "component.sunfuse.exceptions.no_statistics.message";
  const card = document.createElement("sunfuse-capacity-card");
  card.setConfig({ type: "", site: "S" });
  card.hass = {
    ...german,
    localize: (text) => text,
    loadBackendTranslation: async (category) => (text, values) =>
      category === "exceptions" && text === key ? `Keine Statistik von ${values.sensors}` : "",
    callWS: async ({ type }) => {
      if (type === "sunfuse/site/report") throw {
        message: "No statistics of sensor.grid",
        translation_domain: "sunfuse",
        translation_key: "no_statistics",
        translation_placeholders: { sensors: "sensor.grid" },
      };
      return [{ entry_id: "S", title: "Home", chargers: [], names: {} }];
    },
    connection: {
      addEventListener() {}, removeEventListener() {},
      subscribeMessage: async (listener) => {
        listener({ set: { entry_id: "S", title: "Home", available: true, chargers: {} } });
        return async () => {};
      },
    },
  };
  document.body.append(card);
}"""


def test_a_problem_is_told_in_the_language_of_who_looks(browser: Browser) -> None:
    """On its first day a site has no statistics: the card says so as the rest of the page is said."""
    page = page_of_cards(browser)
    page.evaluate(SHOW, GERMAN)
    card = page.locator("sunfuse-capacity-card")
    expect(card).to_contain_text("Keine Statistik von sensor.grid")
    expect(card).not_to_contain_text("No statistics")
    page.context.close()


# A reload of the site closes the ledger in the moment in which somebody presses Export.
EXPORT = """async (german) => {
  await import("/cards.js");
  window.said = [];
  document.addEventListener("hass-notification", (event) => window.said.push(event.detail.message));
  const card = document.createElement("sunfuse-sessions-card");
  const session = {
    number: 1, station: "A", charger: "A", person: null, vehicle: null, start: new Date().toISOString(), stop: null,
    energy_wh: 1, sun_wh: 0, cost: null, billed: null, saving: null, currency: null, running: true,
  };
  card.setConfig({ type: "", site: "S" });
  card.hass = {
    ...german,
    localize: (text) => text,
    loadBackendTranslation: async () => (text) => text.split(".").pop(),
    callWS: async ({ type }) => {
      if (type === "sunfuse/sessions/export") throw { code: "not_found", message: "The site is being unloaded" };
      return [{ entry_id: "S", title: "Home", chargers: [], names: {} }];
    },
    connection: {
      addEventListener() {}, removeEventListener() {},
      subscribeMessage: async (listener, { type }) => {
        listener({ set: type === "sunfuse/sessions/subscribe"
          ? { all: true, currency: "EUR", sessions: [session] }
          : { entry_id: "S", title: "Home", available: true, chargers: {} } });
        return async () => {};
      },
    },
  };
  document.body.append(card);
}"""


def test_an_export_that_fails_is_told(browser: Browser) -> None:
    """It is seen, as Home Assistant shows it, and in the user's language."""
    page = page_of_cards(browser)
    page.evaluate(EXPORT, GERMAN)
    page.locator("sunfuse-sessions-card").get_by_role(
        "button", name="card_export"
    ).click()
    page.wait_for_function("window.said.length")
    assert page.evaluate("window.said") == ["card_site_not_loaded"]
    page.context.close()


# Home Assistant refuses the dashboard. The connection is lost while the report loads; Home Assistant's library has two errors for that.
PANELS = """async (german) => {
  await import("/cards.js");
  const show = (name, refusal, more = {}) => {
    const panel = document.createElement(name);
    Object.assign(panel, more);
    panel.hass = {
      ...german,
      localize: (text) => (text === "ui.notification_toast.connection_lost" ? "Verbindung getrennt" : ""),
      loadBackendTranslation: async (category) => (text) =>
        text === "component.lovelace.exceptions.taken.message" ? "Die Adresse ist vergeben" : category,
      callWS: async () => { throw refusal; },
    };
    document.body.append(panel);
  };
  const taken = { message: "The address is taken", translation_domain: "lovelace", translation_key: "taken" };
  show("sunfuse-dashboard", taken);
  show("sunfuse-report", { success: false, error: { code: 3, message: "Connection lost" } }, { route: { path: "/S" } });
  show("sunfuse-report", 3, { route: { path: "/S" }, id: "closed" });
}"""


def test_panels_tell_a_problem_in_the_language_of_who_looks(browser: Browser) -> None:
    """The page that makes the dashboard, and that of the report."""
    page = page_of_cards(browser)
    page.evaluate(PANELS, GERMAN)
    expect(page.locator("sunfuse-dashboard")).to_have_text("Die Adresse ist vergeben")
    for report in page.locator("sunfuse-report").all():
        expect(report.get_by_role("alert")).to_have_text("Verbindung getrennt")
    page.context.close()
