"""The dashboard for whoever looks: numbers and times of their profile, and cards that come back by themselves.

The site is the one that test_dashboard.py adds.
"""

from collections.abc import Callable
import json
import re
from typing import Any

from playwright.sync_api import Page, WebSocket, WebSocketRoute, expect
import pytest

from .conftest import DESKTOP
from .test_dashboard import DASHBOARD, garage, site_card

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("socket_enabled"),
]

CHOOSE = """(value) => document.querySelector("home-assistant").hass.callWS(
  { type: "frontend/set_user_data", key: "language", value })"""
USUAL = {"language": "en", "number_format": "language", "time_format": "language"}


# Home Assistant's own frontend complains of a subscription of its own that is gone, on whatever page it is.
ITS_OWN = """window.addEventListener("unhandledrejection", (event) => {
  if (event.reason?.message === "Subscription not found.") event.preventDefault();
});"""


class Restarting:
    """The connection of a page to a Home Assistant that restarts: it is lost, and then commands are not known yet."""

    def __init__(self, page: Page) -> None:
        """Stand between them."""
        self.refused = 0
        self._starting = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/api/websocket$"), self._connected)

    def _connected(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._open.append(socket)

        def said(message: str | bytes) -> None:
            command = json.loads(message)
            asked = command if isinstance(command, list) else [command]
            ours = [x for x in asked if x.get("type", "").startswith("sunfuse/")]
            if not self._starting or not ours:
                server.send(message)
                return
            for one in ours:
                self.refused += 1
                error = {"code": "unknown_command", "message": "Unknown command."}
                answer = {"id": one["id"], "type": "result", "success": False}
                socket.send(json.dumps(answer | {"error": error}))

        socket.on_message(said)

    def lose(self) -> None:
        """Lose the connection; from then on Home Assistant is starting."""
        self._starting = True
        for socket in self._open:
            socket.close()
        self._open.clear()

    def started(self) -> None:
        """Home Assistant has started."""
        self._starting = False


def test_after_a_restart(open_page: Callable[..., Page]) -> None:
    """The cards of a tablet on the wall go on after a restart, although its commands are refused for a while."""
    page = open_page("/config", DESKTOP)
    page.add_init_script(ITS_OWN)
    restart = Restarting(page)
    page.goto(page.url.replace("/config", DASHBOARD).partition("?")[0])
    expect(garage(page)).to_contain_text("kW")
    restart.lose()
    expect(site_card(page)).to_contain_text("not running at the moment")
    assert restart.refused
    restart.started()
    expect(site_card(page)).to_contain_text("Simulated site")
    expect(garage(page)).to_contain_text("kW")
    expect(page.locator("sunfuse-plan-card")).to_contain_text("made at")
    expect(page.locator("sunfuse-sessions-card")).to_contain_text("Garage")


GO = """(path) => {
  history.pushState(null, "", path);
  window.dispatchEvent(new CustomEvent("location-changed"));
}"""


SITE = """async () => {
  const [{ entry_id }] = await document.querySelector("home-assistant").hass.callWS({ type: "sunfuse/sites" });
  return entry_id;
}"""


def test_a_view_that_is_left_and_shown_again(open_page: Callable[..., Page]) -> None:
    """The cards follow again what they had followed, whether the dashboard has kept them or not."""
    asked: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: asked.append(str(frame)))

    def follows(kind: str) -> int:
        return sum(f"sunfuse/{kind}/subscribe" in frame for frame in asked)

    page = open_page("/config")
    page.on("websocket", listen)
    page.goto(page.url.replace("/config", DASHBOARD).partition("?")[0])
    plan = page.locator("sunfuse-plan-card")
    expect(plan).to_contain_text("made at")
    before = follows("plan"), follows("sessions")
    page.evaluate(GO, "/profile")
    expect(plan).to_have_count(0)
    page.evaluate(GO, DASHBOARD)
    expect(plan).to_contain_text("made at")
    assert follows("plan") > before[0]
    assert follows("sessions") > before[1]


@pytest.mark.parametrize(
    ("chosen", "zone", "limit", "clock"),
    [
        ({"number_format": "decimal_comma", "time_format": "24"}, "local", r"\d+,\d of 20 A", r"made at \d\d:\d\d(?! [AP]M)"),
        ({"number_format": "comma_decimal", "time_format": "12"}, "server", r"\d+\.\d of 20 A", r"made at \d+:\d\d [AP]M"),
    ],
)  # fmt: skip
def test_numbers_and_times_of_the_profile(
    open_page: Callable[..., Page],
    chosen: dict[str, Any],
    zone: str,
    limit: str,
    clock: str,
) -> None:
    """A decimal comma, twelve hours, and the time of Home Assistant, as the profile says and whatever the browser's are."""
    page = open_page(DASHBOARD, timezone_id="Asia/Kolkata")
    expect(garage(page)).to_contain_text("kW")
    page.evaluate(CHOOSE, {**USUAL, **chosen, "time_zone": zone})
    page.reload()
    expect(site_card(page)).to_contain_text(re.compile(limit))
    plan = page.locator("sunfuse-plan-card")
    expect(plan).to_contain_text(re.compile(clock))
    # The plan was made minutes ago, by the clock that was chosen.
    hour = page.evaluate(
        "(timeZone) => new Date().toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' })",
        "Asia/Kolkata" if zone == "local" else "Europe/Amsterdam",
    )
    made = plan.locator(".head .quiet").inner_text()
    at = re.search(r"(\d+):\d\d ?([AP]M)?", made)
    assert at
    shown = int(at[1]) % 12 + 12 * (at[2] == "PM") if at[2] else int(at[1])
    assert (int(hour) - shown) % 24 in (0, 1)
    # So has the report, which Home Assistant makes.
    entry_id = page.evaluate(SITE)
    page.evaluate(GO, f"/sunfuse-report/{entry_id}")
    sign = "," if chosen["number_format"] == "decimal_comma" else "."
    report = page.locator("sunfuse-report iframe")
    expect(report).to_have_attribute(
        "src", re.compile(rf"decimal_sign={re.escape(sign)}&")
    )
    page.evaluate(CHOOSE, USUAL)


REMOVE = """async (title) => {
  const { hass } = document.querySelector("home-assistant");
  const [{ entry_id }] = await hass.callWS({ type: "sunfuse/sites" });
  const all = await hass.callWS({ type: "config_entries/subentries/list", entry_id });
  const { subentry_id } = all.find((one) => one.title === title);
  await hass.callWS({ type: "config_entries/subentries/delete", entry_id, subentry_id });
}"""


def test_a_charger_is_removed(open_page: Callable[..., Page]) -> None:
    """The dashboard follows while it is open: its card and its row are gone, and the others stay."""
    page = open_page(DASHBOARD)
    cards = page.locator("sunfuse-charger-card")
    expect(cards).to_have_count(4)
    page.evaluate(REMOVE, "Visitor 1")
    expect(cards).to_have_count(3)
    expect(page.locator("sunfuse-chargers-card")).to_contain_text("3 chargers")
    expect(page.locator("sunfuse-chargers-card")).not_to_contain_text("Visitor 1")
    expect(garage(page)).to_contain_text("kW")
