/* The page at the parking space: a driver's car, when it will be ready and why it waits, and which charger is free. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import "./charger-card";
import { SunfuseCard, chargersOf } from "./card";
import type { ChargerCard } from "./charger-card";
import type { Charger, SiteView } from "./feed";
import { moment } from "./format";
import { define } from "./home-assistant";
import type { Hass } from "./home-assistant";
import { styles } from "./styles";
import type { Say } from "./texts";

export const DRIVER_PANEL = "sunfuse-driver";

class SunfuseDriver extends SunfuseCard {
  static override styles = [
    styles,
    css`
      :host {
        max-inline-size: 640px;
        margin-inline: auto;
        padding: 8px;
      }
      /* A page, and not a card in a card. */
      ha-card {
        background: none;
        border: 0;
        box-shadow: none;
        padding: 8px;
      }
      sunfuse-charger-card {
        margin-block-end: 16px;
      }
      .chargers {
        list-style: none;
        padding: 0;
        margin: 0;
      }
      .chargers li {
        display: flex;
        justify-content: space-between;
        gap: 12px;
        padding-block: 8px;
        border-block-end: 1px solid var(--quiet);
      }
    `,
  ];

  private cards = new Map<string, ChargerCard>();
  private charger = "";

  /** Home Assistant hands a panel its route: the site, and the charger that the code is at. */
  set route(route: { path?: string }) {
    const [site, ...charger] = (route?.path ?? "").split("/").filter(Boolean).map(decodeURIComponent);
    const wanted = charger.join("/");
    if (!site || (site === this.config?.site && wanted === this.charger)) return;
    this.charger = wanted;
    this.cards.clear();
    this.setConfig({ type: "driver", site });
  }

  set narrow(_narrow: boolean) {}

  set panel(_panel: unknown) {}

  override set hass(hass: Hass) {
    super.hass = hass;
    for (const card of this.cards.values()) card.hass = hass;
  }

  override get hass(): Hass {
    return super.hass;
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const chargers = chargersOf(site);
    return html`<div class="head"><h2>${say("driver_page")}</h2></div>
      ${this.shown(chargers).map((charger) => this.card(site, charger))} ${this.free(chargers, say)}`;
  }

  /** The charger that the code is at, and those where the driver's own car is. */
  private shown(chargers: Charger[]): string[] {
    const here = chargers.find(({ id, identity }) => [id, identity].includes(this.charger));
    const mine = chargers.filter((charger) => charger.mine && charger !== here).map(({ id }) => id);
    const scanned = here?.id ?? this.charger;
    if (scanned) return [scanned, ...mine];
    return mine.length ? mine : chargers.slice(0, 1).map(({ id }) => id);
  }

  private card(site: SiteView, charger: string): ChargerCard {
    let card = this.cards.get(charger);
    if (!card) {
      card = document.createElement("sunfuse-charger-card") as ChargerCard;
      card.setConfig({ type: "", site: site.entry_id, charger });
      card.hass = this.hass;
      this.cards.set(charger, card);
    }
    return card;
  }

  private free(chargers: Charger[], say: Say): TemplateResult | typeof nothing {
    if (chargers.length < 2) return nothing;
    const isFree = ({ connected, status }: Charger) => connected && status === "available";
    const free = chargers.filter(isFree);
    const order = [...free, ...chargers.filter((charger) => !isFree(charger)).sort((a, b) => leaves(a) - leaves(b))];
    return html`<h3>${say("free_chargers")}</h3>
      ${free.length ? nothing : html`<p>${say("none_free")}</p>`}
      <ul class="chargers">
        ${order.map((charger) => html`<li><span>${charger.name}</span>${this.until(charger, isFree(charger), say)}</li>`)}
      </ul>`;
  }

  private until(charger: Charger, free: boolean, say: Say): TemplateResult {
    if (free) return html`<span class="chip good">${say("free")}</span>`;
    const at = leaves(charger);
    if (!charger.connected || charger.status === "faulted" || charger.status === "unavailable") {
      return html`<span class="chip bad">${say("out_of_order")}</span>`;
    }
    return html`<span class="quiet"
      >${Number.isFinite(at) ? say("free_at", { time: moment(this.hass, new Date(at).toISOString()) }) : say("occupied")}</span
    >`;
  }
}

/** When a charger is expected to be free: when its car leaves, or is full. */
function leaves({ demand, plan }: Charger): number {
  const at = demand?.departure ?? plan?.ready;
  return at ? Date.parse(at) : Infinity;
}

define(DRIVER_PANEL, SunfuseDriver);
