/* All chargers in one table, for ten or fifty: actions on several at once, and new ones accepted in bulk. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { SunfuseCard, chargersOf } from "./card";
import { modesOf } from "./charger-card";
import { configForm } from "./editor";
import type { Charger, SiteView } from "./feed";
import { energy, power } from "./format";
import { define } from "./home-assistant";
import "./new-chargers";
import { styles } from "./styles";
import { stateName } from "./texts";
import type { Say } from "./texts";

const BOOST_MINUTES = 60;

export class ChargersCard extends SunfuseCard {
  static override properties = {
    ...SunfuseCard.properties,
    chosen: { state: true },
    wanted: { state: true },
  };

  static override styles = [
    styles,
    css`
      label.all {
        flex-direction: row;
        align-items: center;
        gap: 12px;
        min-block-size: 44px;
        padding-inline-start: 8px;
        font-size: var(--ha-font-size-m, 14px);
        color: var(--primary-text-color);
      }
      input[type="checkbox"] {
        inline-size: 24px;
        min-block-size: 24px;
        block-size: 24px;
        margin: 0;
      }
      .name {
        min-inline-size: 5em;
      }
      .why {
        min-inline-size: 140px;
        font-size: 13px;
      }
      @container (max-width: 560px) {
        thead {
          position: absolute;
          clip-path: inset(50%);
          inline-size: 1px;
          block-size: 1px;
          overflow: hidden;
        }
        tr {
          display: grid;
          grid-template-columns: auto 1fr auto;
          gap: 2px 12px;
          padding-block: 8px;
          border-block-end: 1px solid var(--quiet);
        }
        td {
          border: 0;
          padding: 0;
        }
        td.name {
          grid-column: 2 / -1;
          min-inline-size: 0;
        }
        td.who,
        td.why {
          grid-column: 2 / -1;
        }
        td.optional {
          display: none;
        }
        td.state,
        td.number {
          grid-row: 2;
        }
        td.state {
          grid-column: 2;
        }
        td.number {
          grid-column: 3;
        }
        label.all {
          padding: 0;
        }
      }
    `,
  ];

  declare private chosen: Set<string>;
  /* The mode that is chosen and not set yet. */
  declare private wanted: string;

  constructor() {
    super();
    this.chosen = new Set();
    this.wanted = "";
  }

  override getCardSize(): number {
    return 10;
  }

  override getGridOptions(): Record<string, unknown> {
    return { columns: "full" };
  }

  static override getConfigForm(): ReturnType<typeof configForm> {
    return configForm("chargers");
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const chargers = chargersOf(site, this.config?.chargers);
    const empty = html`<p class="quiet">${say("no_charger_address", { address: site.address })}</p>`;
    const total = chargers.reduce((sum, charger) => sum + (charger.power_w ?? 0), 0);
    return html`
      <div class="head">
        <h2>${this.config?.title ?? say("chargers")}</h2>
        <span class="quiet">${say("chargers_total", { count: chargers.length, power: power(this.hass, total) })}</span>
      </div>
      ${site.admin
        ? html`<sunfuse-new-chargers .hass=${this.hass} .site=${site.entry_id} .say=${say}>${chargers.length ? nothing : empty}</sunfuse-new-chargers>`
        : nothing}
      ${chargers.length ? this.table(chargers, say) : site.admin ? nothing : empty}
    `;
  }

  private table(chargers: Charger[], say: Say): TemplateResult {
    const drivable = chargers.filter((charger) => charger.may_drive);
    const chosen = drivable.filter((charger) => this.chosen.has(charger.id));
    return html`
      ${drivable.length > 1 ? this.actions(chosen, drivable, say) : nothing}
      <div class="scroll" tabindex="0" role="region" aria-label=${say("chargers")}>
        <table>
          <thead>
            <tr>
              ${drivable.length > 1 ? html`<td></td>` : nothing}
              <th>${say("charger")}</th>
              <th>${say("state")}</th>
              <th>${say("driver")} · ${say("by_vehicle")}</th>
              <th class="number">${say("power")}</th>
              <th class="number">${say("today")}</th>
              <th>${say("mode")}</th>
              <th>${say("reason")}</th>
            </tr>
          </thead>
          <tbody>
            ${chargers.map((charger) => {
              // Of fifty rows one or two change at a time.
              const of = [charger, this.chosen.has(charger.id), drivable.length > 1, say, this.hass.locale, this.hass.localize];
              return guard(of, () => this.row(charger, drivable.length > 1, say));
            })}
          </tbody>
        </table>
      </div>
    `;
  }

  private row(charger: Charger, choosable: boolean, say: Say): TemplateResult {
    const hass = this.hass;
    const who = [charger.driver, charger.vehicle].filter(Boolean).join(" · ");
    return html`<tr>
      ${choosable
        ? html`<td>
            ${charger.may_drive
              ? html`<input
                  type="checkbox"
                  aria-label=${say("choose", { charger: charger.name })}
                  .checked=${this.chosen.has(charger.id)}
                  @change=${() => {
                    const chosen = new Set(this.chosen);
                    if (!chosen.delete(charger.id)) chosen.add(charger.id);
                    this.chosen = chosen;
                  }}
                />`
              : nothing}
          </td>`
        : nothing}
      <td class="name"><strong>${charger.name}</strong></td>
      <td class="state">
        ${charger.connected
          ? charger.status
            ? stateName(hass, "sensor", "status", charger.status)
            : "–"
          : say("offline")}
      </td>
      <td class=${who ? "who" : "optional"}>${who}</td>
      <td class="number">${power(hass, charger.power_w ?? 0)}</td>
      <td class="number optional">${energy(hass, charger.today_wh)}</td>
      <td class="optional">${stateName(hass, "select", "mode", charger.mode)}</td>
      <td class="why">${charger.reason.text}</td>
    </tr>`;
  }

  /** Each may be refused by itself: a quota may be used up. What was refused is said. */
  private async boostAll(chosen: Charger[], say: Say): Promise<void> {
    const duration = { minutes: BOOST_MINUTES };
    const refused: string[] = [];
    for (const { device_id, name } of chosen) {
      if (device_id && !(await this.act("sunfuse", "boost", { device_id, duration }))) {
        refused.push(say("named", { name, value: this.announced }));
      }
    }
    this.announced = refused.length ? refused.join(" ") : say("done");
  }

  /** Only when it is pressed: with arrow keys a list passes through each of its choices, and Off would stop all cars. */
  private async setMode(entity_id: string[], say: Say): Promise<void> {
    if (await this.act("select", "select_option", { entity_id, option: this.wanted }, say("done"))) this.wanted = "";
  }

  private actions(chosen: Charger[], drivable: Charger[], say: Say): TemplateResult {
    const ids = (name: string) => chosen.flatMap((charger) => charger.entities[name] ?? []);
    const first = chosen[0] ?? drivable[0];
    const modes = first ? modesOf(this.hass, first) : [];
    return html`<div class="row" role="group" aria-label=${say("actions")}>
      <label class="all"
        ><input
          type="checkbox"
          .checked=${chosen.length === drivable.length}
          .indeterminate=${chosen.length > 0 && chosen.length < drivable.length}
          @change=${(event: Event) => {
            const all = (event.target as HTMLInputElement).checked;
            this.chosen = new Set(all ? drivable.map(({ id }) => id) : []);
          }}
        />
        ${say("choose_all")}</label
      >
      ${chosen.length ? html`<span>${say("chosen", { count: chosen.length })}</span>` : nothing}
      <select
        aria-label=${say("set_mode")}
        ?disabled=${!chosen.length}
        .value=${this.wanted}
        @change=${(event: Event) => {
          this.wanted = (event.target as HTMLSelectElement).value;
        }}
      >
        <option value="">${say("set_mode")}</option>
        ${modes.map((mode) => html`<option value=${mode}>${stateName(this.hass, "select", "mode", mode)}</option>`)}
      </select>
      ${this.wanted
        ? html`<button class="main" ?disabled=${!chosen.length} @click=${() => this.setMode(ids("mode"), say)}>${say("set")}</button>`
        : nothing}
      <button
        ?disabled=${!chosen.length}
        @click=${() => this.boostAll(chosen, say)}
      >
        ${say("boost_for", { minutes: BOOST_MINUTES })}
      </button>
      <button
        ?disabled=${!chosen.length}
        @click=${() => this.act("switch", "turn_off", { entity_id: ids("allowed") }, say("done"))}
      >
        ${say("pause")}
      </button>
      <button
        ?disabled=${!chosen.length}
        @click=${() => this.act("switch", "turn_on", { entity_id: ids("allowed") }, say("done"))}
      >
        ${say("resume")}
      </button>
    </div>`;
  }
}

define("sunfuse-chargers-card", ChargersCard);
