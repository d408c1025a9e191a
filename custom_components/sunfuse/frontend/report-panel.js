/* The site report inside Home Assistant: its page in a frame, behind an address that is signed for this user. */

const PERIODS = [7, 14, 30, 90];
const VALID_S = 3600;

const STYLE = `
:host { display: flex; flex-direction: column; height: 100vh; height: 100dvh;
  background: var(--primary-background-color); color: var(--primary-text-color); }
nav { display: flex; align-items: center; gap: 8px; padding: 0 12px; min-height: 56px;
  background: var(--app-header-background-color, var(--primary-color));
  color: var(--app-header-text-color, #fff); }
nav h1 { flex: 1; margin: 0; font-size: 20px; font-weight: 400; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
nav button, nav select, nav a { font: inherit; color: inherit; background: none;
  border: 1px solid currentColor; border-radius: 8px; padding: 6px 10px; cursor: pointer;
  text-decoration: none; }
nav .back { border: 0; font-size: 22px; line-height: 1; }
nav option { color: #000; }
iframe { flex: 1; width: 100%; border: 0; }
p { padding: 16px; }
[hidden] { display: none; }
`;

class SunfuseReport extends HTMLElement {
  constructor() {
    super();
    this._days = 14;
    this.attachShadow({ mode: "open" });
  }

  set hass(hass) {
    const before = this._hass;
    this._hass = hass;
    if (!before || before.themes?.darkMode !== hass.themes?.darkMode
      || before.language !== hass.language) this._show();
  }

  set route(route) {
    const site = (route?.path ?? "").split("/").filter(Boolean)[0];
    if (site !== this._site) {
      this._site = site;
      this._show();
    }
  }

  set narrow(_narrow) {}

  set panel(_panel) {}

  async _show() {
    if (!this._hass || !this._site) return;
    if (!this._frame) await this._build();
    const query = new URLSearchParams({
      days: this._days,
      language: this._hass.language,
      theme: this._hass.themes?.darkMode ? "dark" : "light",
    });
    const path = `/api/sunfuse/report/${encodeURIComponent(this._site)}?${query}`;
    try {
      const signed = await this._hass.callWS({ type: "auth/sign_path", path, expires: VALID_S });
      this._frame.src = signed.path;
      this._open.href = signed.path;
      this._error.hidden = true;
    } catch (err) {
      this._error.textContent = err.message ?? String(err);
      this._error.hidden = false;
    }
  }

  async _build() {
    this._frame = document.createElement("iframe");
    const localize = await this._hass.loadBackendTranslation("common", "sunfuse");
    const say = (key, values) => localize(`component.sunfuse.common.report_${key}`, values) || key;
    const style = document.createElement("style");
    style.textContent = STYLE;
    const nav = document.createElement("nav");
    const back = document.createElement("button");
    back.className = "back";
    back.textContent = "\u2190";
    back.title = say("back");
    back.setAttribute("aria-label", say("back"));
    back.addEventListener("click", () => history.back());
    const title = document.createElement("h1");
    title.textContent = say("title");
    const period = document.createElement("select");
    period.setAttribute("aria-label", say("days"));
    for (const days of PERIODS) {
      const option = new Option(say("last_days", { days }), days, false, days === this._days);
      period.add(option);
    }
    period.addEventListener("change", () => {
      this._days = Number(period.value);
      this._show();
    });
    this._open = document.createElement("a");
    this._open.target = "_blank";
    this._open.rel = "noopener";
    this._open.textContent = say("open");
    nav.append(back, title, period, this._open);
    this._error = document.createElement("p");
    this._error.hidden = true;
    this._frame.title = say("title");
    this.shadowRoot.append(style, nav, this._error, this._frame);
  }
}

if (!customElements.get("sunfuse-report")) customElements.define("sunfuse-report", SunfuseReport);
