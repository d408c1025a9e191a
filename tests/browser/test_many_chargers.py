"""What the cards show of twenty chargers: the cards alone, of a site that is made up."""

from typing import Any

from playwright.sync_api import Browser, Page, expect
import pytest

from .conftest import PHONE
from .test_time_passes import page_of_cards

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("socket_enabled"),
]

# A Home Assistant that says its texts by their keys, and a card; what is pushed is given by the kind of subscription.
SHOW = """async ([name, pushed]) => {
  await import("/cards.js");
  const card = document.createElement(name);
  card.setConfig({ type: "", site: "S" });
  card.hass = {
    states: {}, language: "en", user: { id: "1", is_admin: true, name: "Owner" },
    locale: { language: "en", number_format: "language", time_format: "24", time_zone: "local" },
    config: { currency: "EUR", time_zone: "UTC" },
    localize: (key) => key,
    loadBackendTranslation: async () => (key, values) =>
      [key.split("card_").pop(), ...Object.values(values ?? {})].join(" "),
    callWS: async () => [{ entry_id: "S", title: "Office", chargers: [], names: {} }],
    connection: {
      addEventListener() {}, removeEventListener() {},
      subscribeMessage: async (listener, { type }) => {
        listener({ set: pushed[type] ?? {} });
        return async () => {};
      },
    },
  };
  document.body.append(card);
}"""
SITE = {
    "entry_id": "S",
    "title": "Office",
    "admin": True,
    "available": True,
    "phases": 3,
    "currency": "EUR",
    "address": "ws://office/",
    "chargers": {},
}


def _shown(
    browser: Browser, card: str, pushed: dict[str, Any], view: Any = None
) -> Page:
    page = page_of_cards(browser)
    if view:
        page.set_viewport_size(view)
    page.evaluate(SHOW, [card, {"sunfuse/site/subscribe": SITE} | pushed])
    return page


def _charger(number: int, driver: str | None) -> dict[str, Any]:
    return {
        "id": f"CP{number}/1",
        "identity": f"CP{number}",
        "name": f"Bay {number}",
        "connected": True,
        "status": "charging",
        "power_w": 7000,
        "today_wh": 1000,
        "driver": driver,
        "vehicle": None,
        "mode": "fast",
        "may_drive": False,
        "entities": {},
        "reason": {"key": "", "text": "Full power.", "change": "", "until": None},
    }


@pytest.mark.parametrize("waiting", [True, False])
def test_the_first_chargers_wait(browser: Browser, waiting: bool) -> None:
    """The card does not ask for a first charger while sixteen wait to be accepted, and says that others may follow."""
    unknown = [
        {"identity": f"CP-{number}", "vendor": "Acme", "model": "W"}
        for number in range(16 if waiting else 0)
    ]
    found = {
        "waiting": unknown,
        "more": waiting,
        "circuits": [],
        "modes": ["fast"],
        "phases": 3,
    }
    page = _shown(
        browser, "sunfuse-chargers-card", {"sunfuse/new_chargers/subscribe": found}
    )
    hint = page.get_by_text("no_charger_address ws://office/")
    if waiting:
        expect(page.get_by_text("new_chargers 16")).to_be_visible()
        expect(page.get_by_text("new_chargers_more")).to_be_visible()
        expect(hint).to_be_hidden()
    else:
        expect(hint).to_be_visible()
    page.context.close()


def test_who_charges_is_seen_on_a_phone(browser: Browser) -> None:
    """An owner walks along the bays with a phone."""
    chargers = {one["id"]: one for one in (_charger(1, "Anna Berg"), _charger(2, None))}
    page = _shown(
        browser,
        "sunfuse-chargers-card",
        {"sunfuse/site/subscribe": SITE | {"chargers": chargers}},
        PHONE,
    )
    expect(page.get_by_role("cell", name="Anna Berg")).to_be_visible()
    # The power stands at the right of each charger, whoever charges there.
    powers = page.get_by_role("cell", name="7.0 kW").all()
    right, other = [one.bounding_box() for one in powers]
    assert right and other
    assert right["x"] == other["x"] > PHONE["width"] / 2
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.context.close()


COLOURS = """() => [...document.querySelector("sunfuse-plan-card").shadowRoot.querySelectorAll(".key i")]
  .map((one) => getComputedStyle(one).backgroundColor)"""


def test_each_car_has_its_colour(browser: Browser) -> None:
    """Twenty cars in one plan have twenty different looks."""
    cars = [
        {
            "id": f"CP{number}/1",
            "name": f"Bay {number}",
            "device_id": None,
            "may_drive": False,
            "power_w": [1000, 2000],
            "departure": None,
            "ready": None,
            "energy_wh": 500,
            "missing_wh": 0,
            "cost": None,
            "saving": None,
            "sun_share": 0,
        }
        for number in range(20)
    ]
    plan = {
        "speed": 1,
        "currency": "EUR",
        "failing": False,
        "made_at": "2026-11-29T22:00:00+00:00",
        "starts": ["2026-11-29T22:00:00+00:00", "2026-11-29T22:15:00+00:00"],
        "cars": cars,
    }
    page = _shown(browser, "sunfuse-plan-card", {"sunfuse/plan/subscribe": plan})
    expect(page.get_by_text("Bay 19").first).to_be_visible()
    colours = page.evaluate(COLOURS)
    assert len(set(colours)) == len(colours) == 20
    page.context.close()


def test_a_phase_that_exports(browser: Browser) -> None:
    """A current has no sign in words: which way it flows is said."""
    circuit = {
        "id": "main",
        "name": "Fuse",
        "parent": None,
        "state": "ok",
        "limit_a": [25, 25, 25],
        "other_a": [-6.0, 3.0, 0.0],
        "cars_a": [0, 0, 0],
        "headroom_a": [25, 25, 25],
        "why": None,
        "limit_entity": None,
    }
    page = _shown(
        browser,
        "sunfuse-site-card",
        {"sunfuse/site/subscribe": SITE | {"circuits": [circuit]}},
    )
    card = page.locator("sunfuse-site-card")
    expect(card).to_contain_text("of_limit 6 25, exports")
    expect(card).to_contain_text("of_limit 3 25")
    expect(card).not_to_contain_text("-6")
    page.context.close()
