/* The site report inside Home Assistant: its page in a frame, behind an address that is signed for this user. */

import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { reading } from "./format";
import { define } from "./home-assistant";
import type { Hass } from "./home-assistant";
import { problemInWords, texts } from "./texts";
import type { Say } from "./texts";

const PERIODS = [7, 14, 30, 90];
const VALID_S = 3600;

class SunfuseReport extends LitElement {
  static override properties = {
    path: { state: true },
    problem: { state: true },
    say: { state: true },
  };

  static override styles = css`
    :host { display: flex; flex-direction: column; block-size: 100vh; block-size: 100dvh;
      background: var(--primary-background-color); color: var(--primary-text-color); }
    nav { display: flex; align-items: center; gap: 8px; padding: 0 12px; min-block-size: 56px;
      background: var(--app-header-background-color, var(--primary-color));
      color: var(--app-header-text-color, #fff); }
    nav h1 { flex: 1; margin: 0; font-size: 20px; font-weight: 400; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; }
    nav button, nav select, nav a { font: inherit; color: inherit; background: none;
      border: 1px solid currentColor; border-radius: 8px; padding: 6px 10px; cursor: pointer;
      text-decoration: none; }
    nav .back { border: 0; font-size: 22px; line-height: 1; }
    :host(:dir(rtl)) .back { transform: scaleX(-1); }
    nav option { color: #000; }
    iframe { flex: 1; inline-size: 100%; border: 0; }
    p { padding: 16px; }
  `;

  declare private path: string | undefined;
  declare private problem: string | undefined;
  declare private say: Say | undefined;
  private days = 14;
  private home: Hass | undefined;
  private site: string | undefined;

  set hass(hass: Hass) {
    const before = this.home;
    this.home = hass;
    if (before?.language !== hass.language) {
      void texts(hass, "report").then((say) => {
        this.say = say;
      });
    }
    if (before?.locale !== hass.locale || before.themes?.darkMode !== hass.themes?.darkMode) void this.sign();
  }

  set route(route: { path?: string }) {
    const site = (route?.path ?? "").split("/").filter(Boolean)[0];
    if (site === this.site) return;
    this.site = site;
    void this.sign();
  }

  private async sign(): Promise<void> {
    if (!this.home || !this.site) return;
    const query = new URLSearchParams({
      days: String(this.days),
      language: this.home.language,
      decimal_sign: reading(this.home).decimal_sign,
      theme: this.home.themes?.darkMode ? "dark" : "light",
    });
    const path = `/api/sunfuse/report/${encodeURIComponent(this.site)}?${query}`;
    try {
      const signed = await this.home.callWS<{ path: string }>({ type: "auth/sign_path", path, expires: VALID_S });
      this.path = signed.path;
      this.problem = undefined;
    } catch (error) {
      this.problem = await problemInWords(this.home, error);
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const say = this.say;
    if (!say) return nothing;
    return html`
      <nav>
        <button class="back" title=${say("back")} aria-label=${say("back")} @click=${() => history.back()}>←</button>
        <h1>${say("title")}</h1>
        <select
          aria-label=${say("days")}
          @change=${(event: Event) => {
            this.days = Number((event.target as HTMLSelectElement).value);
            void this.sign();
          }}
        >
          ${PERIODS.map((days) => html`<option value=${days} ?selected=${days === this.days}>${say("last_days", { days })}</option>`)}
        </select>
        ${this.path ? html`<a href=${this.path} target="_blank" rel="noopener">${say("open")}</a>` : nothing}
      </nav>
      ${this.problem ? html`<p role="alert">${this.problem}</p>` : nothing}
      ${this.path ? html`<iframe src=${this.path} title=${say("title")}></iframe>` : nothing}
    `;
  }
}

define("sunfuse-report", SunfuseReport);
