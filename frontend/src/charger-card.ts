/* One charger: what it does and why, what would change it, and the few things that a person changes with a thumb. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { SunfuseCard, chargersOf } from "./card";
import { configForm } from "./editor";
import type { Charger, SiteView } from "./feed";
import { energy, localTime, moment, money, nextAt, percent, power } from "./format";
import { define } from "./home-assistant";
import type { Hass, Localize } from "./home-assistant";
import { qrCode } from "./qr-code";
import { styles } from "./styles";
import { formChoices, modeInWords, stateName } from "./texts";
import type { Say } from "./texts";

/* Offered where the state machine does not say which modes there are. */
const MODES = ["off", "solar", "solar_min", "fast"];
const BOOST_MINUTES = [30, 60, 120];

export function modesOf(hass: Hass, charger: Charger): string[] {
  const state = hass.states[charger.entities.mode ?? ""];
  const options = state?.attributes.options;
  return Array.isArray(options) ? (options as string[]) : MODES;
}

export class ChargerCard extends SunfuseCard {
  static override properties = { ...SunfuseCard.properties, linked: { state: true }, typed: { state: true }, choice: { state: true } };

  declare private choice: Localize | undefined;
  declare private linked: boolean;
  private language = "";
  /* What is typed and not sent yet: news of the car must not write over it. */
  declare private typed: { time?: string; soc?: string } | undefined;

  static override styles = [
    styles,
    css`
      .wish {
        align-items: end;
        margin-block-start: 12px;
      }
      .wish input[type="number"] {
        inline-size: 6em;
      }
      .boost {
        display: grid;
        grid-template-columns: auto repeat(3, 1fr);
        align-items: center;
        gap: 6px;
        margin-block: 8px;
      }
      .boost button {
        padding-inline: 4px;
      }
      .boosting {
        display: block;
        margin-block: 8px;
      }
      details {
        margin-block-start: 12px;
      }
      summary {
        cursor: pointer;
        min-block-size: 32px;
        color: var(--secondary-text-color);
      }
      a {
        color: inherit;
        overflow-wrap: anywhere;
      }
      .why {
        border-inline-start: 4px solid var(--primary-color);
        padding-inline-start: 12px;
        margin-block: 12px;
      }
    `,
  ];

  static override getConfigForm(): ReturnType<typeof configForm> {
    return configForm("charger");
  }

  protected override willUpdate(): void {
    const { hass } = this;
    if (!hass || this.language === hass.language) return;
    this.language = hass.language;
    void formChoices(hass).then((choice) => {
      this.choice = choice;
    });
  }

  protected override shows(site: SiteView): readonly unknown[] {
    return [this.found(site), site.admin, site.currency, site.flows && site.flows.solar_w !== null];
  }

  private found(site: SiteView): Charger | undefined {
    const wanted = this.config?.charger;
    if (!wanted) return chargersOf(site)[0];
    return Object.values(site.chargers).find(({ id, identity, name }) => [id, identity, name].includes(wanted));
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const wanted = this.config?.charger;
    const charger = this.found(site);
    if (!charger) return html`<p class="quiet">${say(wanted ? "no_charger_named" : "no_charger", { charger: wanted ?? "" })}</p>`;
    return this.charger(charger, site, say);
  }

  private charger(charger: Charger, site: SiteView, say: Say): TemplateResult {
    const hass = this.hass;
    // A site without solar power has no share of it to show.
    const sunny = charger.sun_share || !site.flows || site.flows.solar_w !== null;
    return html`
      <div class="head">
        <h2>${this.config?.title ?? charger.name}</h2>
        <span class="chip ${charger.connected && charger.status !== "faulted" ? "" : "bad"}">
          ${charger.connected
            ? charger.status
              ? stateName(hass, "sensor", "status", charger.status)
              : "–"
            : say("offline")}
        </span>
      </div>
      <div class="row spread">
        <span class="big">${power(hass, charger.power_w ?? 0)}</span>
        <span class="quiet">${[charger.vehicle, charger.driver].filter(Boolean).join(" · ")}</span>
      </div>
      <dl class="numbers">
        ${this.fact(say("session_energy"), charger.session_wh === null ? null : energy(hass, charger.session_wh))}
        ${this.fact(say("today"), charger.today_wh === null ? null : energy(hass, charger.today_wh))}
        ${this.fact(say("soc"), charger.soc === null ? null : percent(hass, charger.soc))}
        ${this.fact(say("cost"), charger.cost === null ? null : money(hass, charger.cost, site.currency))}
        ${this.fact(say("sun_share"), sunny && charger.sun_share !== null ? percent(hass, charger.sun_share * 100) : null)}
      </dl>
      <div class="why">
        <p>${charger.reason.text}</p>
        ${charger.reason.until ? html`<p>${say("lasts_until", { time: moment(hass, charger.reason.until) })}</p>` : nothing}
        ${charger.reason.change ? html`<p class="quiet">${charger.reason.change}</p>` : nothing}
      </div>
      ${this.demand(charger, say)} ${charger.may_drive ? this.controls(charger, say) : nothing}
    `;
  }

  private fact(name: string, value: string | null): TemplateResult | typeof nothing {
    return value === null ? nothing : html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  }

  private demand(charger: Charger, say: Say): TemplateResult | typeof nothing {
    const { demand, plan } = charger;
    const sentences: string[] = [];
    if (demand?.departure) {
      const time = moment(this.hass, demand.departure);
      sentences.push(demand.guessed ? say("ready_by_guess", { time }) : say("ready_by", { time }));
    }
    if (demand?.target_soc != null) sentences.push(say("target", { soc: percent(this.hass, demand.target_soc) }));
    if (plan?.missing_wh) sentences.push(say("misses", { energy: energy(this.hass, plan.missing_wh) }));
    else if (plan?.ready) sentences.push(say("expected", { time: moment(this.hass, plan.ready) }));
    return sentences.length ? html`<p>${sentences.join(" ")}</p>` : nothing;
  }

  private controls(charger: Charger, say: Say): TemplateResult {
    const { mode, boost, allowed } = charger.entities;
    return html`
      ${mode
        ? html`<div class="choice" role="radiogroup" aria-label=${say("mode")} @keydown=${this.arrow}>
            ${modesOf(this.hass, charger).map(
              (option) => html`<button
                role="radio"
                aria-checked=${option === charger.mode}
                tabindex=${option === charger.mode ? 0 : -1}
                @click=${() =>
                  this.act("select", "select_option", { entity_id: mode, option })}
              >
                ${stateName(this.hass, "select", "mode", option)}
              </button>`,
            )}
          </div>
          ${this.inWords(charger.mode)}`
        : nothing}
      ${boost && charger.device_id && charger.connected ? this.boost(charger, say) : nothing}
      <div class="row">
        ${allowed
          ? html`<button
              aria-pressed=${!charger.allowed}
              @click=${() =>
                this.act("switch", charger.allowed ? "turn_off" : "turn_on", { entity_id: allowed })}
            >
              ${say(charger.allowed ? "pause" : "resume")}
            </button>`
          : nothing}
      </div>
      ${charger.device_id && charger.status !== "available" ? this.wish(charger, say) : nothing}
      ${this.site?.admin && this.config?.type ? this.link(charger, this.site, say) : nothing}
    `;
  }

  /** Nobody has to know what a mode is called. */
  private inWords(mode: string): TemplateResult | typeof nothing {
    const words = this.choice && modeInWords(this.choice, mode);
    return words ? html`<p class="quiet">${words}</p>` : nothing;
  }

  /** The address of the driver's page, to be put up at the parking space. */
  private link(charger: Charger, site: SiteView, say: Say): TemplateResult {
    const path = `/sunfuse-driver/${encodeURIComponent(site.entry_id)}/${charger.id}`;
    // A phone at the parking space may be outside of the network.
    const address = `${(this.hass.config.external_url || location.origin).replace(/\/$/, "")}${path}`;
    return html`<details
      @toggle=${(event: Event) => {
        this.linked = (event.target as HTMLDetailsElement).open;
      }}
    >
      <summary>${say("driver_link")}</summary>
      ${this.linked
        ? html`<p class="quiet">${say("driver_link_help")}</p>
            <p><a href=${path}>${address}</a></p>
            ${qrCode(address, say("driver_link"))}`
        : nothing}
    </details>`;
  }

  /** When the car is to be ready, and how full: for this car if it is known, else for this charger. */
  private wish(charger: Charger, say: Say): TemplateResult {
    const { demand } = charger;
    const set = demand?.departure && !demand.guessed ? demand.departure : null;
    const time = set ? localTime(this.hass, Date.parse(set)).slice(11) : "";
    const device_id = charger.device_id;
    return html`<form
      class="row wish"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const values = new FormData(event.target as HTMLFormElement);
        const target_soc = values.get("soc") ? Number(values.get("soc")) : undefined;
        const departure = new Date(nextAt(this.hass, String(values.get("time")))).toISOString();
        const wish = { device_id, departure, ...(target_soc ? { target_soc } : {}) };
        void this.act("sunfuse", "set_departure", wish, say("departure_set")).then((done) => {
          if (done) this.typed = undefined;
        });
      }}
      @input=${(event: InputEvent) => {
        const { name, value } = event.target as HTMLInputElement;
        this.typed = { ...this.typed, [name]: value };
      }}
    >
      <label>${say("ready_at")}<input name="time" type="time" required .value=${live(this.typed?.time ?? time)} /></label>
      <label
        >${say("target_soc")}<input
          name="soc"
          type="number"
          min="1"
          max="100"
          inputmode="numeric"
          .value=${live(this.typed?.soc ?? (demand?.target_soc == null ? "" : String(demand.target_soc)))}
      /></label>
      <button type="submit">${say("set")}</button>
      ${demand?.clearable
        ? html`<button type="button" @click=${() => {
              this.typed = undefined;
              void this.act("sunfuse", "clear_departure", { device_id });
            }}>
            ${say("clear")}
          </button>`
        : nothing}
    </form>`;
  }

  /** Arrow keys move between the modes, as in any group of radio buttons. */
  private arrow(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const group = event.currentTarget as HTMLElement;
    const buttons = [...group.querySelectorAll("button")];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const turned = getComputedStyle(this).direction === "rtl" && event.key.match(/Left|Right/) ? -step : step;
    const next = buttons[(at + turned + buttons.length) % buttons.length];
    next?.focus();
    next?.click();
    event.preventDefault();
  }

  private boost(charger: Charger, say: Say): TemplateResult {
    const { boost } = charger;
    const device_id = charger.device_id;
    if (boost.on) {
      return html`<button
        class="main boosting"
        aria-pressed="true"
        @click=${() => this.act("sunfuse", "cancel_boost", { device_id })}
      >
        ${boost.until ? say("boost_until", { time: moment(this.hass, boost.until) }) : say("boost_on")}
      </button>${this.quota(charger, say)}`;
    }
    const used_up = boost.quota_wh !== null && (boost.used_wh ?? 0) >= boost.quota_wh;
    return html`<div class="boost" role="group" aria-label=${say("boost")}>
        <span class="quiet">${say("boost")}</span>
        ${BOOST_MINUTES.map(
          (minutes) => html`<button
            aria-label=${say("boost_for", { minutes })}
            ?disabled=${used_up}
            @click=${() =>
              this.act("sunfuse", "boost", { device_id, duration: { minutes } }, say("boost_started"))}
          >
            <bdi dir="ltr">${minutes} min</bdi>
          </button>`,
        )}
      </div>
      ${this.quota(charger, say)}`;
  }

  private quota(charger: Charger, say: Say): TemplateResult | typeof nothing {
    const { quota_wh, used_wh } = charger.boost;
    if (quota_wh === null) return nothing;
    const values = { used: energy(this.hass, used_wh), quota: energy(this.hass, quota_wh) };
    return html`<p class="quiet">${say((used_wh ?? 0) >= quota_wh ? "quota_used" : "quota", values)}</p>`;
  }
}

define("sunfuse-charger-card", ChargerCard);
