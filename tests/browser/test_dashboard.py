"""What a user does with the dashboard, in Chromium against a real Home Assistant with a simulated site.

The tests of this file build on each other: the first one adds the site that the others look at.
"""

from collections.abc import Callable
from datetime import datetime
import json
from typing import Any

from playwright.sync_api import Browser, Page, expect
import pytest

from development.browser import Home, log_in

from .conftest import DESKTOP, PHONE

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("socket_enabled"),
]

DASHBOARD = "/sunfuse-site"
BOOT = json.dumps(
    [
        2,
        "boot",
        "BootNotification",
        {"chargePointVendor": "Wallbox GmbH", "chargePointModel": "W11"},
    ]
)
# A charger of one's own: the page itself opens its WebSocket.
CONNECT = """([url, boot]) => new Promise((resolve, reject) => {
  window.charger = new WebSocket(url, ["ocpp1.6"]);
  window.charger.onopen = () => window.charger.send(boot);
  window.charger.onmessage = (message) => resolve(message.data);
  window.charger.onerror = () => reject(new Error("no connection"));
})"""
CARDS = "sunfuse-site-card, sunfuse-charger-card, sunfuse-chargers-card, sunfuse-plan-card, sunfuse-sessions-card, sunfuse-capacity-card"


# A car is switched to another mode; done when the plan that comes of it was pushed to the cards.
NEXT_PLAN = """async () => {
  const { hass } = document.querySelector("home-assistant");
  const [{ entry_id }] = await hass.callWS({ type: "sunfuse/sites" });
  let plans = 0;
  await new Promise(async (resolve) => {
    const stop = await hass.connection.subscribeMessage(() => {
      plans += 1;
      if (plans === 2) resolve(stop());
    }, { type: "sunfuse/plan/subscribe", entry_id });
    await hass.callService("select", "select_option", { entity_id: "select.street_mode", option: "fast" });
  });
}"""


# How often two cards are drawn until the site's was drawn three times more.
DRAWN = """() => new Promise((resolve) => {
  const drawn = { site: 0, capacity: 0 };
  for (const name of Object.keys(drawn)) {
    const card = customElements.get(`sunfuse-${name}-card`).prototype;
    const update = card.performUpdate;
    card.performUpdate = function () {
      update.call(this);
      drawn[name] += 1;
      if (drawn.site === 3) resolve(drawn);
    };
  }
})"""


def site_card(page: Page) -> Any:
    """Return the site's card."""
    return page.locator("sunfuse-site-card")


def garage(page: Page) -> Any:
    """Return the card of a charger."""
    return page.locator("sunfuse-charger-card", has_text="Garage")


def test_a_site_is_added(home: Home, open_page: Callable[..., Page]) -> None:
    """From the integrations page to a dashboard with the site and its three chargers, which nobody laid out."""
    page = open_page("/config/integrations/dashboard/add?domain=sunfuse")
    page.get_by_role("button", name="OK").or_(
        page.get_by_text("Try it with a simulated site")
    ).first.click()
    choice = page.get_by_text("Try it with a simulated site")
    choice.click()
    port = page.locator("ha-form input").first
    port.fill(str(home.ocpp_port))
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Finish").or_(
        page.get_by_role("button", name="Skip and finish")
    ).first.click()
    page.goto(f"{home.url}{DASHBOARD}")
    expect(site_card(page)).to_contain_text("Simulated site")
    expect(page.locator("sunfuse-charger-card")).to_have_count(3)
    expect(garage(page)).to_contain_text("kW")


def test_reasons_are_whole_in_the_table(open_page: Callable[..., Page]) -> None:
    """Beside the other columns of the dashboard's own layout, nobody has to scroll for the end of a sentence."""
    page = open_page(DASHBOARD)
    table = page.locator("sunfuse-chargers-card .scroll")
    expect(table).to_contain_text("Street")
    wide, shown = table.evaluate("(it) => [it.scrollWidth, it.clientWidth]")
    assert wide <= shown


def test_a_charger_is_accepted(home: Home, open_page: Callable[..., Page]) -> None:
    """A charger that connects shows up in the table; what it would become is shown before it is accepted."""
    page = open_page(DASHBOARD)
    table = page.locator("sunfuse-chargers-card")
    expect(table).to_contain_text("3 chargers")
    answer = page.evaluate(CONNECT, [f"ws://127.0.0.1:{home.ocpp_port}/NEW1", BOOT])
    assert '"Pending"' in answer
    expect(table).to_contain_text("New chargers: 1")
    # It is asked for in words, and nothing is filled in.
    press = table.get_by_role("button", name="Show what would be accepted")
    press.click()
    expect(table).not_to_contain_text("fail-safe current")
    table.get_by_label("With sun and in the cheapest hours").check()
    table.get_by_label("Names").fill("Visitor {n}")
    press.click()
    expect(table).to_contain_text("NEW1: Visitor 1, fail-safe current")
    table.get_by_role("button", name="Accept all 1").click()
    expect(table).to_contain_text("4 chargers")
    # The dashboard follows: it has one more card.
    expect(page.locator("sunfuse-charger-card")).to_have_count(4)
    expect(page.locator("sunfuse-charger-card", has_text="Visitor 1")).to_be_visible()


def test_the_fuse_is_turned_down(open_page: Callable[..., Page]) -> None:
    """The limit of the main fuse is one press away, and its bars follow."""
    page = open_page(DASHBOARD)
    card = site_card(page)
    expect(card).to_contain_text("of 25 A")
    card.get_by_role("button", name="Change limit: The main fuse").click()
    box = page.locator("ha-more-info-dialog input").first
    box.fill("20")
    box.press("Enter")
    expect(card.locator(".phase").first).to_contain_text("of 20 A")


def test_boost(open_page: Callable[..., Page]) -> None:
    """A boost begins and ends with a press, and says until when it lasts."""
    page = open_page(DASHBOARD, PHONE)
    card = garage(page)
    card.get_by_role("button", name="Boost 30 min").click()
    ends = card.get_by_role("button", name="Boosting until")
    expect(ends).to_be_visible()
    ends.click()
    expect(card.get_by_role("button", name="Boost 30 min")).to_be_visible()


def test_a_departure_is_dragged(open_page: Callable[..., Page]) -> None:
    """It is tried first, with what it costs, and holds when that was accepted."""
    page = open_page(DASHBOARD)
    card = garage(page)
    card.get_by_role("radio", name="Eco").click()
    hour = page.evaluate(
        "new Date(Date.now() + 6 * 3600e3).toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'})"
    )
    card.get_by_label("Ready at").fill(hour)
    card.get_by_role("button", name="Set", exact=True).click()
    # As this browser writes it, whose clock has twelve hours: "1:18 PM", and with the day if that is tomorrow.
    expect(card).to_contain_text("Ready by")
    at = datetime.strptime(hour, "%H:%M")
    expect(card).to_contain_text(f"{at:%I:%M %p}".removeprefix("0"))
    plan = page.locator("sunfuse-plan-card")
    # A column of zeros explains itself.
    expect(plan).to_contain_text(
        "The saving is zero for a car that charges at once anyway"
    )
    handle = plan.get_by_role("slider", name="Departure of Garage")
    expect(handle).to_be_visible()
    before = handle.get_attribute("aria-valuenow")
    # As a person does: to where it is now, and not to where it was before the cards above had grown.
    handle.hover()
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=5)
    # The plan is made anew under the thumb: the chart stays as it is until the thumb is up.
    page.evaluate(NEXT_PLAN)
    page.mouse.move(x + 60, y, steps=5)
    page.mouse.up()
    trial = plan.get_by_role("group", name="Preview")
    expect(trial).to_contain_text("It costs")
    trial.get_by_role("button", name="Set this departure").click()
    expect(trial).to_have_count(0)
    expect(handle).not_to_have_attribute("aria-valuenow", before or "")


def test_sessions_are_exported(open_page: Callable[..., Page]) -> None:
    """The sessions of the table, as a file that a spreadsheet opens."""
    page = open_page(DASHBOARD)
    card = page.locator("sunfuse-sessions-card")
    expect(card).to_contain_text("Garage")
    with page.expect_download() as download:
        card.get_by_role("button", name="Export").click()
    content = download.value.path().read_text("utf-8-sig")
    header, *rows = content.splitlines()
    assert header.startswith("Charger,Charger ID,Connector,Transaction,Person")
    assert any("Garage" in row for row in rows)


@pytest.mark.parametrize(
    ("viewport", "color_scheme"),
    [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")],
    ids=["desktop", "desktop-dark", "phone", "phone-dark"],
)
def test_everybody_can_use_it(
    open_page: Callable[..., Page],
    axe: str,
    viewport: dict[str, int],
    color_scheme: str,
) -> None:
    """Axe finds no violation on any card in light and dark, and nothing is wider than the screen."""
    page = open_page(DASHBOARD, viewport, color_scheme=color_scheme)
    expect(page.locator("sunfuse-plan-card")).to_contain_text("Departure")
    expect(page.locator("sunfuse-capacity-card")).to_contain_text("report")
    page.evaluate(axe)
    found = page.evaluate(
        """async (cards) => {
          const all = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
            [...(one.matches(cards) ? [one] : []), ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
          const found = [];
          for (const card of all(document)) {
            const result = await axe.run(card, { resultTypes: ["violations"] });
            for (const { id, nodes } of result.violations)
              found.push(`${card.localName}: ${id}: ${nodes[0].html} ${nodes[0].failureSummary}`);
          }
          return found;
        }""",
        CARDS,
    )
    assert found == []
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide


def test_the_page_for_drivers(home: Home, open_page: Callable[..., Page]) -> None:
    """The code at the parking space leads to the charger there, and to what is free."""
    page = open_page(DASHBOARD)
    card = garage(page)
    card.get_by_text("Link for the parking space").click()
    expect(card.get_by_role("img", name="Link for the parking space")).to_be_visible()
    path = card.locator("details a").get_attribute("href")
    page.goto(f"{home.url}{path}")
    driver = page.locator("sunfuse-driver")
    expect(driver).to_contain_text("Garage")
    expect(driver).to_contain_text("Which charger is free")
    # A code outlives the site that it was printed for, and one of a charger that is gone says so.
    page.goto(f"{home.url}{path}".replace("sunfuse-driver/", "sunfuse-driver/gone-"))
    expect(driver).to_contain_text("Garage")
    expect(driver.locator("sunfuse-charger-card")).to_have_count(1)
    page.goto(f"{home.url}{path}".replace("SIM-GARAGE", "GONE"))
    expect(driver).to_contain_text("a charger that is gone")
    expect(driver.locator("sunfuse-charger-card")).to_have_count(0)


def test_with_keys_only(open_page: Callable[..., Page]) -> None:
    """Modes and departures are changed with arrow keys; Escape takes a trial back, and nothing was changed by it."""
    page = open_page(DASHBOARD)
    card = garage(page)
    card.get_by_role("radio", name="Eco").focus()
    page.keyboard.press("ArrowRight")
    expect(card.get_by_role("radio", name="Fast")).to_be_checked()
    expect(card.get_by_role("radio", name="Fast")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(card.get_by_role("radio", name="Eco")).to_be_checked()
    plan = page.locator("sunfuse-plan-card")
    handle = plan.get_by_role("slider", name="Departure of Garage")
    handle.focus()
    before = handle.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    trial = plan.get_by_role("group", name="Preview")
    expect(trial).to_contain_text("It costs")
    page.keyboard.press("Escape")
    expect(trial).to_have_count(0)
    expect(handle).to_have_attribute("aria-valuetext", before or "")
    # Past the departures of others it is still the handle of this car.
    for _ in range(20):
        page.keyboard.press("PageUp")
    expect(handle).to_be_focused()
    page.keyboard.press("Escape")
    # A time that is typed goes back, too; one in the past is refused in words.
    field = plan.get_by_label("Departure of Garage").last
    held = field.input_value()
    field.fill("2020-01-01T10:00")
    field.dispatch_event("change")
    expect(trial).to_contain_text("Choose a time from now on")
    trial.get_by_role("button", name="Cancel").click()
    expect(field).to_have_value(held)


def test_only_what_changed_is_drawn(open_page: Callable[..., Page]) -> None:
    """News of the flows draw the site's card, and not those that show nothing of it."""
    page = open_page(DASHBOARD)
    # Its own report, or why there is none, is no news of the flows.
    capacity = page.locator("sunfuse-capacity-card")
    expect(capacity).to_contain_text("report")
    expect(capacity).not_to_contain_text("Loading")
    assert page.evaluate(DRAWN) == {"site": 3, "capacity": 0}


NEW_USER = """async ([name, password]) => {
  const { hass } = document.querySelector("home-assistant");
  const { user } = await hass.callWS({ type: "config/auth/create", name, group_ids: ["system-users"] });
  await hass.callWS({ type: "config/auth_provider/homeassistant/create", user_id: user.id, username: name, password });
}"""


def test_a_driver_sees_their_own(
    home: Home, open_page: Callable[..., Page], browser: Browser
) -> None:
    """Who is no administrator, with a phone at the parking space: their charger, no fuse, no sessions of others."""
    page = open_page(DASHBOARD)
    garage(page).get_by_text("Link for the parking space").click()
    path = garage(page).locator("details a").get_attribute("href")
    page.evaluate(NEW_USER, ["driver", "secret-enough"])
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.set_default_timeout(30_000)
    log_in(phone, home.url, "driver", "secret-enough")
    sessions = phone.locator("sunfuse-sessions-card")
    expect(sessions).to_contain_text("These are your own sessions.")
    expect(sessions).to_contain_text("There are no sessions yet.")
    expect(site_card(phone)).to_contain_text("of 20 A")
    expect(phone.get_by_role("button", name="Change limit")).to_have_count(0)
    expect(phone.locator("sunfuse-new-chargers")).to_have_count(0)
    phone.goto(f"{home.url}{path}")
    driver = phone.locator("sunfuse-driver")
    expect(driver).to_contain_text("Garage")
    expect(driver.get_by_text("Link for the parking space")).to_have_count(0)
    driver.get_by_role("button", name="Boost 30 min").tap()
    expect(driver.get_by_role("button", name="Boosting until")).to_be_visible()
    assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")
    context.close()
