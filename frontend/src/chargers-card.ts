/* All chargers in one table, for ten or fifty: actions on several at once, and new ones accepted in bulk. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { SunfuseCard, chargersOf } from "./card";
import { modesOf } from "./charger-card";
import { feed } from "./feed";
import type { Charger, SiteView } from "./feed";
import { current, energy, power } from "./format";
import { define } from "./home-assistant";
import { styles } from "./styles";
import { stateName } from "./texts";
import type { Say } from "./texts";

interface Waiting {
  waiting: { identity: string; vendor: string; model: string }[];
  circuits: { id: string; name: string }[];
}

interface Proposed {
  identity: string;
  name: string;
  phase: string;
  fail_safe_a: number;
}

export class ChargersCard extends SunfuseCard {
  static override properties = {
    ...SunfuseCard.properties,
    chosen: { state: true },
    waiting: { state: true },
    proposed: { state: true },
  };

  static override styles = [
    styles,
    css`
      td input[type="checkbox"],
      th input[type="checkbox"] {
        inline-size: 24px;
        min-block-size: 24px;
        block-size: 24px;
        margin: 0;
      }
      .why {
        min-inline-size: 180px;
        font-size: 13px;
      }
      .new {
        border: 2px solid var(--primary-color);
        border-radius: 12px;
        padding: 12px;
        margin-block-end: 16px;
      }
      .new label {
        flex: 1 1 140px;
      }
      .new input,
      .new select {
        inline-size: 100%;
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
        td.why {
          grid-column: 2 / -1;
        }
        td.optional {
          display: none;
        }
        td.state {
          grid-column: 2;
        }
      }
    `,
  ];

  declare private chosen: Set<string>;
  declare private waiting: Waiting | undefined;
  declare private proposed: Proposed[] | undefined;
  private stop: (() => void) | undefined;
  private asked = "";

  constructor() {
    super();
    this.chosen = new Set();
  }

  override getCardSize(): number {
    return 10;
  }

  override getGridOptions(): Record<string, unknown> {
    return { columns: "full" };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    this.stop = undefined;
    this.asked = "";
  }

  protected override willUpdate(): void {
    const site = this.site;
    if (!site?.admin || !this.isConnected || this.asked === site.entry_id) return;
    this.asked = site.entry_id;
    this.stop?.();
    this.stop = feed<Waiting>(this.hass, {
      type: "sunfuse/new_chargers/subscribe",
      entry_id: site.entry_id,
    }).listen((view) => {
      this.waiting = view;
      this.proposed = undefined;
    });
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const chargers = chargersOf(site);
    const total = chargers.reduce((sum, charger) => sum + (charger.power_w ?? 0), 0);
    return html`
      <div class="head">
        <h2>${this.config?.title ?? say("chargers")}</h2>
        <span class="quiet">${say("chargers_total", { count: chargers.length, power: power(this.hass, total) })}</span>
      </div>
      ${this.waiting?.waiting?.length ? this.acceptance(this.waiting, say) : nothing}
      ${chargers.length ? this.table(chargers, say) : html`<p class="quiet">${say("no_charger")}</p>`}
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
              ${drivable.length > 1
                ? html`<th>
                    <input
                      type="checkbox"
                      aria-label=${say("choose_all")}
                      .checked=${chosen.length === drivable.length}
                      @change=${(event: Event) => {
                        const all = (event.target as HTMLInputElement).checked;
                        this.chosen = new Set(all ? drivable.map(({ id }) => id) : []);
                      }}
                    />
                  </th>`
                : nothing}
              <th>${say("charger")}</th>
              <th>${say("state")}</th>
              <th>${say("driver")}</th>
              <th class="number">${say("power")}</th>
              <th class="number">${say("energy")}</th>
              <th>${say("mode")}</th>
              <th>${say("reason")}</th>
            </tr>
          </thead>
          <tbody>
            ${chargers.map((charger) => this.row(charger, drivable.length > 1, say))}
          </tbody>
        </table>
      </div>
    `;
  }

  private row(charger: Charger, choosable: boolean, say: Say): TemplateResult {
    const hass = this.hass;
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
      <td><strong>${charger.name}</strong></td>
      <td class="state">
        ${charger.connected
          ? charger.status
            ? stateName(hass, "sensor", "status", charger.status)
            : "–"
          : say("offline")}
      </td>
      <td class="optional">${charger.vehicle ?? charger.driver ?? ""}</td>
      <td class="number">${power(hass, charger.power_w ?? 0)}</td>
      <td class="number optional">${energy(hass, charger.today_wh ?? charger.session_wh)}</td>
      <td class="optional">${stateName(hass, "select", "mode", charger.mode)}</td>
      <td class="why">${charger.reason.text}</td>
    </tr>`;
  }

  private actions(chosen: Charger[], drivable: Charger[], say: Say): TemplateResult {
    const ids = (name: string) => chosen.flatMap((charger) => charger.entities[name] ?? []);
    const first = chosen[0] ?? drivable[0];
    const modes = first ? modesOf(this.hass, first) : [];
    return html`<div class="row" role="group" aria-label=${say("actions")}>
      <span>${say("chosen", { count: chosen.length })}</span>
      <select
        aria-label=${say("set_mode")}
        ?disabled=${!chosen.length}
        @change=${(event: Event) => {
          const select = event.target as HTMLSelectElement;
          const option = select.value;
          select.value = "";
          if (option) void this.act("select", "select_option", { entity_id: ids("mode"), option }, say("done"));
        }}
      >
        <option value="">${say("set_mode")}</option>
        ${modes.map((mode) => html`<option value=${mode}>${stateName(this.hass, "select", "mode", mode)}</option>`)}
      </select>
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

  private acceptance(found: Waiting, say: Say): TemplateResult {
    return html`<form
      class="new"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        void this.accept(event.target as HTMLFormElement, !this.proposed, say);
      }}
      @input=${() => {
        this.proposed = undefined;
      }}
    >
      <h3>${say("new_chargers", { count: found.waiting.length })}</h3>
      <p class="quiet">
        ${found.waiting.map(({ identity, vendor, model }) => `${identity} (${vendor} ${model})`).join(", ")}
      </p>
      <div class="row">
        <label>${say("name_pattern", { n: "{n}" })}<input name="pattern" required value=${say("name_default", { n: "{n}" })} maxlength="60" /></label>
        <label>${say("first_number")}<input name="first" type="number" min="0" max="100000" value="1" required /></label>
        <label
          >${say("circuit")}<select name="circuit">
            ${found.circuits.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
          </select></label
        >
        <label>${say("maximum_current")}<input name="max_a" type="number" min="6" max="500" value="16" required /></label>
      </div>
      ${this.proposed
        ? html`<ul>
              ${this.proposed.map(
                ({ identity, name, fail_safe_a }) =>
                  html`<li>${identity}: ${say("proposed", { name, current: current(this.hass, fail_safe_a) })}</li>`,
              )}
            </ul>
            <p class="quiet">${say("accept_note")}</p>`
        : nothing}
      <button class="main" type="submit">
        ${say(this.proposed ? "accept_all" : "accept_preview", { count: found.waiting.length })}
      </button>
    </form>`;
  }

  private async accept(form: HTMLFormElement, preview: boolean, say: Say): Promise<void> {
    const values = new FormData(form);
    try {
      const answer = await this.hass.callWS<Proposed[]>({
        type: "sunfuse/new_chargers/accept",
        entry_id: this.site?.entry_id,
        identities: this.waiting?.waiting.map(({ identity }) => identity),
        pattern: values.get("pattern"),
        first: Number(values.get("first")),
        circuit: values.get("circuit"),
        max_a: Number(values.get("max_a")),
        preview,
      });
      this.proposed = preview ? answer : undefined;
      if (!preview) this.announced = say("done");
    } catch (error) {
      this.announced = (error as Error).message;
    }
  }
}

define("sunfuse-chargers-card", ChargersCard);
