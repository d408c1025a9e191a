/* Makes the dashboard at a press: this page creates it as the administrator who opened it, and goes there. */

import { LitElement, css, html } from "lit";
import type { TemplateResult } from "lit";
import { define, navigate } from "./home-assistant";
import type { Hass } from "./home-assistant";
import { problemInWords, texts } from "./texts";
import type { Say } from "./texts";

export const DASHBOARD = "sunfuse-site";

class SunfuseDashboard extends LitElement {
  static override properties = { say: { state: true }, problem: { state: true } };

  static override styles = css`
    :host { display: block; padding: 24px; }
  `;

  declare private say: Say | undefined;
  declare private problem: string | undefined;
  private begun = false;

  set hass(hass: Hass) {
    if (this.begun) return;
    this.begun = true;
    void texts(hass).then((say) => {
      this.say = say;
    });
    void this.make(hass);
  }

  private async make(hass: Hass): Promise<void> {
    try {
      const dashboards = await hass.callWS<{ url_path: string }[]>({ type: "lovelace/dashboards/list" });
      if (!dashboards.some(({ url_path }) => url_path === DASHBOARD)) {
        await hass.callWS({
          type: "lovelace/dashboards/create",
          url_path: DASHBOARD,
          mode: "storage",
          title: "Sunfuse",
          icon: "mdi:ev-station",
          show_in_sidebar: true,
          require_admin: false,
        });
        await hass.callWS({
          type: "lovelace/config/save",
          url_path: DASHBOARD,
          config: { strategy: { type: "custom:sunfuse" } },
        });
      }
      navigate(`/${DASHBOARD}`, true);
    } catch (error) {
      this.problem = await problemInWords(hass, error);
    }
  }

  protected override render(): TemplateResult {
    return html`<p role="status">${this.problem ?? this.say?.("making_dashboard") ?? ""}</p>`;
  }
}

define("sunfuse-dashboard", SunfuseDashboard);
