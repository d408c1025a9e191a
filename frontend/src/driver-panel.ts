/* The page at the parking space: a driver's car, when it will be ready and why it waits, and which charger is free. */

import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import "./charger-card";
import { SunfuseCard, chargersOf } from "./card";
import type { ChargerCard } from "./charger-card";
import type { Charger, SiteView } from "./feed";
import { moment } from "./format";
import { define } from "./home-assistant";
import type { Hass } from "./home-assistant";
import type { Say } from "./texts";

export const DRIVER_PANEL = "sunfuse-driver";

export function driverPath(site: string, charger: string): string {
  return `/${DRIVER_PANEL}/${encodeURIComponent(site)}/${encodeURIComponent(charger)}`;
}

class SunfuseDriver extends SunfuseCard {
  private inner: ChargerCard | undefined;
  private charger = "";

  /** Home Assistant hands a panel its route: the site, and the charger that the code is at. */
  set route(route: { path?: string }) {
    const [site, ...charger] = (route?.path ?? "").split("/").filter(Boolean).map(decodeURIComponent);
    const wanted = charger.join("/");
    if (!site || (site === this.config?.site && wanted === this.charger)) return;
    this.charger = wanted;
    this.inner = undefined;
    this.setConfig({ type: "driver", site });
  }

  set narrow(_narrow: boolean) {}

  set panel(_panel: unknown) {}

  override set hass(hass: Hass) {
    super.hass = hass;
    if (this.inner) this.inner.hass = hass;
  }

  override get hass(): Hass {
    return super.hass;
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const chargers = chargersOf(site);
    return html`<div class="head"><h2>${say("driver_page")}</h2></div>
      ${this.card(site)} ${this.free(chargers, say)}`;
  }

  private card(site: SiteView): ChargerCard {
    if (!this.inner) {
      const card = document.createElement("sunfuse-charger-card") as ChargerCard;
      card.setConfig({ type: "", site: site.entry_id, ...(this.charger ? { charger: this.charger } : {}) });
      card.hass = this.hass;
      this.inner = card;
    }
    return this.inner;
  }

  private free(chargers: Charger[], say: Say): TemplateResult | typeof nothing {
    const free = chargers.filter(({ connected, status }) => connected && status === "available");
    if (free.length) {
      return html`<h3>${say("free_chargers")}</h3>
        <ul>${free.map(({ name }) => html`<li>${name}</li>`)}</ul>`;
    }
    const [next] = chargers
      .flatMap(({ name, plan, demand }) => {
        const at = demand?.departure ?? plan?.ready;
        return at ? [{ name, at }] : [];
      })
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return html`<h3>${say("free_chargers")}</h3>
      <p>${say("none_free")}</p>
      <p>${next ? say("next_free", { charger: next.name, time: moment(this.hass, next.at) }) : say("next_unknown")}</p>`;
  }
}

define(DRIVER_PANEL, SunfuseDriver);
