/* The page at the parking space: a driver's car, when it will be ready and why it waits, and which charger is free. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import "./charger-card";
import { SunfuseCard, chargersOf } from "./card";
import type { ChargerCard } from "./charger-card";
import type { Site } from "./editor";
import type { Charger, SiteView } from "./feed";
import { fromNow, moment } from "./format";
import { define } from "./home-assistant";
import type { Hass } from "./home-assistant";
import { persistently } from "./persistent";
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
      .head button {
        border: 0;
        background: none;
        font-size: 22px;
        line-height: 1;
        min-inline-size: 44px;
        padding: 0;
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

  static override properties = { ...SunfuseCard.properties, narrow: { attribute: false }, wrong: { state: true } };

  declare narrow: boolean;
  /* Whether the code is of no charger that whoever looks may see. */
  declare private wrong: boolean;
  private cards = new Map<string, ChargerCard>();
  private charger = "";
  private path: string | undefined;
  private minutes: ReturnType<typeof setInterval> | undefined;

  /** How long the wait is changes while nothing happens at the site. */
  override connectedCallback(): void {
    super.connectedCallback();
    this.minutes = setInterval(() => this.requestUpdate(), 60_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.minutes);
  }

  /** Home Assistant hands a panel its route: the site, and the charger that the code is at. */
  set route(route: { path?: string }) {
    if (route?.path === this.path) return;
    this.path = route?.path;
    void this.find();
  }

  set panel(_panel: unknown) {}

  /** A code lasts longer than the site that it was made for: its charger may be at one that was added anew. */
  private async find(): Promise<void> {
    const path = this.path;
    if (path === undefined || !this.hass) return;
    const [site, ...rest] = path.split("/").filter(Boolean).map(decoded);
    const charger = rest.join("/");
    const sites = await persistently(() => this.hass.callWS<Site[]>({ type: "sunfuse/sites" }));
    if (path !== this.path) return;
    const has = ({ chargers }: Site) => chargers.some((id) => id === charger || id.startsWith(`${charger}/`));
    const meant = charger ? sites.filter(has) : sites;
    const found = meant.find(({ entry_id }) => entry_id === site) ?? meant[0];
    this.wrong = !found && sites.length > 0;
    this.charger = found ? charger : "";
    this.cards.clear();
    this.setConfig({ type: "driver", site: (found ?? sites.find(({ entry_id }) => entry_id === site) ?? sites[0])?.entry_id });
  }

  override set hass(hass: Hass) {
    const first = !super.hass;
    super.hass = hass;
    if (first) void this.find();
    for (const card of this.cards.values()) card.hass = hass;
  }

  override get hass(): Hass {
    return super.hass;
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const chargers = chargersOf(site);
    return html`<div class="head">
        ${this.narrow ? this.menu() : nothing}
        <h2>${site.title}</h2>
      </div>
      ${this.wrong ? html`<p class="error">${say("wrong_code")}</p>` : nothing}
      ${this.shown(chargers).map((charger) => this.card(site, charger))} ${this.free(chargers, say)}`;
  }

  /** As each page of Home Assistant on a phone. */
  private menu(): TemplateResult {
    const toggle = () => this.dispatchEvent(new Event("hass-toggle-menu", { bubbles: true, composed: true }));
    return html`<button aria-label=${this.hass.localize("ui.sidebar.sidebar_toggle")} @click=${toggle}>☰</button>`;
  }

  /** The charger that the code is at, and those where the driver's own car is. */
  private shown(chargers: Charger[]): string[] {
    const here = chargers.find(({ id, identity }) => [id, identity].includes(this.charger));
    const mine = chargers.filter((charger) => charger.mine && charger !== here);
    // Without a code and a car of one's own nobody's car is shown, unless there is only one charger anyway.
    const shown = here ? [here, ...mine] : mine.length || chargers.length > 1 ? mine : chargers;
    return shown.map(({ id }) => id);
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
    if (!Number.isFinite(at)) return html`<span class="quiet">${say("occupied")}</span>`;
    const time = moment(this.hass, new Date(at).toISOString());
    return html`<span class="quiet">${say("free_at", { time })} (${fromNow(this.hass, at)})</span>`;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody typed it
  }
}

/** When a charger is expected to be free: when its car leaves, or is full. */
function leaves({ demand, plan }: Charger): number {
  const at = Date.parse(demand?.departure ?? plan?.ready ?? "");
  // Who should have left by now is late, and nobody knows how much.
  return at > Date.now() ? at : Infinity;
}

define(DRIVER_PANEL, SunfuseDriver);
