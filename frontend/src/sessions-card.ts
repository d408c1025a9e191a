/* What was charged: by month and whom, how much of it came from the sun, what it cost and what waiting saved. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { SunfuseCard } from "./card";
import { feed } from "./feed";
import { configForm } from "./editor";
import type { SiteView } from "./feed";
import { date, energy, moment, money, percent } from "./format";
import { define } from "./home-assistant";
import type { Hass } from "./home-assistant";
import { styles } from "./styles";
import type { Say } from "./texts";

interface Session {
  number: number;
  station: string;
  charger: string;
  person: string | null;
  vehicle: string | null;
  start: string | null;
  stop: string | null;
  energy_wh: number;
  sun_wh: number;
  cost: number | null;
  saving: number | null;
  billed: number | null;
  currency: string | null;
}

interface Sessions {
  all: boolean;
  currency: string;
  sessions: Session[];
}

type Group = "person" | "vehicle" | "charger";

/* Whose sums, and what that is called. */
const GROUPS: Record<Group, string> = { person: "by_person", vehicle: "by_vehicle", charger: "by_charger" };
const MONTHS = 12;
const PAGE = 10;

interface Sum {
  energy_wh: number;
  sun_wh: number;
  cost: number | null;
  saving: number | null;
  billed: number | null;
}

export function summed(sessions: Session[]): Sum {
  const add = (before: number | null, value: number | null) => (value === null ? before : (before ?? 0) + value);
  return sessions.reduce<Sum>(
    (sum, one) => ({
      energy_wh: sum.energy_wh + one.energy_wh,
      sun_wh: sum.sun_wh + one.sun_wh,
      cost: add(sum.cost, one.cost),
      saving: add(sum.saving, one.saving),
      billed: add(sum.billed, one.billed),
    }),
    { energy_wh: 0, sun_wh: 0, cost: null, saving: null, billed: null },
  );
}

/** Since when sessions are shown. */
function firstDay(): string {
  const start = new Date();
  start.setUTCMonth(start.getUTCMonth() - MONTHS + 1, 1);
  start.setUTCHours(0, 0, 0, 0);
  return start.toISOString();
}

/** By what the list is sorted: the time that it shows. */
function shownAt({ start, stop }: Session): number {
  return Date.parse(start ?? stop ?? "") || 0;
}

/** Says of a session in which month it stopped, as a bill has it; a formatter is made once, not for each of a thousand. */
function byMonth(hass: Hass): (session: Session) => string {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: hass.config.time_zone, year: "numeric", month: "2-digit" });
  return (session) => day.format(new Date(session.stop ?? session.start ?? Date.now())).slice(0, 7);
}

function grouped(sessions: Session[], of: (session: Session) => string): Map<string, Session[]> {
  const groups = new Map<string, Session[]>();
  for (const session of sessions) {
    const name = of(session);
    const group = groups.get(name);
    if (group) group.push(session);
    else groups.set(name, [session]);
  }
  return groups;
}

/** Whether anybody has a price list, so that what they owe is a column. */
function isBilled(sessions: Session[]): boolean {
  return sessions.some(({ billed }) => billed !== null);
}

export class SessionsCard extends SunfuseCard {
  static override properties = {
    ...SunfuseCard.properties,
    answer: { state: true },
    group: { state: true },
    month: { state: true },
    only: { state: true },
    shown: { state: true },
  };

  static override styles = [
    styles,
    css`
      .wait {
        min-block-size: 360px;
      }
      .months {
        display: grid;
        grid-template-columns: repeat(${MONTHS}, 1fr);
        gap: 4px;
        block-size: 150px;
        align-items: end;
      }
      .months button {
        display: flex;
        flex-direction: column;
        justify-content: flex-end;
        block-size: 100%;
        min-inline-size: 0;
        padding: 0;
        border-radius: 4px;
        border-color: transparent;
        background: none;
        overflow: hidden;
        font-size: 11px;
      }
      .months button[aria-pressed="true"] {
        border-color: var(--primary-color);
      }
      .months i {
        display: block;
        inline-size: 100%;
      }
      .months .other {
        background: var(--grid);
      }
      .months .sun {
        background: var(--sun);
      }
    `,
  ];

  declare private answer: Sessions | undefined;
  declare private group: Group;
  declare private month: string | undefined;
  /* Whose sessions are shown: one of the group's names, else all. */
  declare private only: string | undefined;
  declare private shown: number;
  private stop: (() => void) | undefined;
  private asked = "";

  constructor() {
    super();
    this.group = "person";
    this.shown = PAGE;
  }

  static override getConfigForm(): ReturnType<typeof configForm> {
    return configForm("chargers");
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
    if (!site?.entry_id || !this.isConnected || this.asked === site.entry_id) return;
    this.asked = site.entry_id;
    this.stop?.();
    this.stop = feed<Sessions>(this.hass, {
      type: "sunfuse/sessions/subscribe",
      entry_id: site.entry_id,
      start: firstDay(),
    }).listen((answer) => {
      this.answer = answer && { ...answer, sessions: [...answer.sessions].sort((a, b) => shownAt(b) - shownAt(a)) };
    });
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const answer = this.answer && { ...this.answer, sessions: this.ofChargers(this.answer.sessions) };
    return html`
      <div class="head">
        <h2>${this.config?.title ?? say("sessions")}</h2>
        ${answer?.sessions.length
          ? html`<button @click=${() => this.export(this.chosen(answer), site)}>${say("export")}</button>`
          : nothing}
      </div>
      ${answer && !answer.all ? html`<p class="quiet">${say("own_sessions")}</p>` : nothing}
      ${!answer
        ? html`<p class="quiet wait">${say("loading")}</p>`
        : answer.sessions.length
          ? html`${this.months(answer, say)} ${this.groups(answer, say)} ${this.table(answer, say)}`
          : html`<p class="quiet">${say("no_sessions")}</p>`}
    `;
  }

  private ofChargers(sessions: Session[]): Session[] {
    const stations = this.config?.chargers?.map((id) => id.slice(0, id.lastIndexOf("/")));
    return stations?.length ? sessions.filter(({ station }) => stations.includes(station)) : sessions;
  }

  private ofMonth(sessions: Session[]): Session[] {
    if (!this.month) return sessions;
    const monthOf = byMonth(this.hass);
    return sessions.filter((session) => monthOf(session) === this.month);
  }

  private nameOf(session: Session): string {
    return session[this.group] ?? this.say?.("unknown") ?? "";
  }

  private ofName(sessions: Session[]): Session[] {
    return this.only === undefined ? sessions : sessions.filter((session) => this.nameOf(session) === this.only);
  }

  /** What is listed and exported: of the month and the name that were pressed, else all. */
  private chosen(answer: Sessions): Session[] {
    return this.ofName(this.ofMonth(answer.sessions));
  }

  private months(answer: Sessions, say: Say): TemplateResult {
    const hass = this.hass;
    const today = new Date().toLocaleDateString("en-CA", { timeZone: hass.config.time_zone });
    const names = Array.from({ length: MONTHS }, (_, back) => {
      const at = new Date(`${today.slice(0, 7)}-15T12:00:00Z`);
      at.setUTCMonth(at.getUTCMonth() - (MONTHS - 1 - back));
      return at;
    });
    const monthOf = byMonth(hass);
    const of = grouped(this.ofName(answer.sessions), monthOf);
    const sums = names.map((at) => {
      const month = at.toISOString().slice(0, 7);
      return { at, month, ...summed(of.get(month) ?? []) };
    });
    const most = Math.max(1, ...sums.map((sum) => sum.energy_wh));
    return html`<div class="months" role="group" aria-label=${say("by_month")}>
        ${sums.map((sum) => {
          const name = sum.at.toLocaleDateString(hass.locale.language, { month: "short", timeZone: "UTC" });
          const long = sum.at.toLocaleDateString(hass.locale.language, { month: "long", year: "numeric", timeZone: "UTC" });
          const share = (wh: number) => `${(wh / most) * 75}%`;
          return html`<button
            aria-pressed=${this.month === sum.month}
            aria-label="${long}: ${energy(hass, sum.energy_wh)}"
            @click=${() => {
              this.month = this.month === sum.month ? undefined : sum.month;
              this.shown = PAGE;
            }}
          >
            <i class="other" style="block-size:${share(sum.energy_wh - sum.sun_wh)}"></i>
            <i class="sun" style="block-size:${share(sum.sun_wh)}"></i>
            <span>${name}</span>
          </button>`;
        })}
      </div>
      <p class="row key quiet" aria-hidden="true">
        <span><i style="background:var(--sun)"></i>${say("sun")}</span>
        <span><i style="background:var(--grid)"></i>${say("grid_and_battery")}</span>
      </p>`;
  }

  private groups(answer: Sessions, say: Say): TemplateResult {
    const sessions = this.ofMonth(answer.sessions);
    const by = grouped(sessions, (session) => this.nameOf(session));
    const rows = [...by].map(([name, of]) => ({ name, count: of.length, ...summed(of) }));
    rows.sort((a, b) => b.energy_wh - a.energy_wh);
    const billed = isBilled(answer.sessions);
    return html`<div class="choice" role="group" aria-label=${say("sum_by")}>
        ${(Object.keys(GROUPS) as Group[]).map(
          (group) => html`<button
            aria-pressed=${group === this.group}
            @click=${() => {
              this.group = group;
              this.only = undefined;
            }}
          >
            ${say(GROUPS[group])}
          </button>`,
        )}
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label=${say("sum_by")}>
        <table class="stack">
          <thead>
            <tr>
              <th>${say(GROUPS[this.group])}</th>
              <th class="number">${say("sessions")}</th>
              <th class="number">${say("energy")}</th>
              <th class="number">${say("sun_share")}</th>
              <th class="number">${say("cost")}</th>
              <th class="number">${say("saving")}</th>
              ${billed ? html`<th class="number">${say("billed")}</th>` : nothing}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row) => html`<tr>
                <td>
                  <button
                    class="plain"
                    aria-pressed=${row.name === this.only}
                    @click=${() => {
                      this.only = row.name === this.only ? undefined : row.name;
                      this.shown = PAGE;
                    }}
                  >
                    ${row.name}
                  </button>
                </td>
                <td class="number" data-name=${say("sessions")}>${row.count}</td>
                ${this.sums(row, answer.currency, billed, say)}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${sessions.length ? nothing : html`<p class="quiet">${say("no_sessions")}</p>`}`;
  }

  private sums(sum: Sum, currency: string, billed: boolean, say: Say): TemplateResult {
    const hass = this.hass;
    const sun = sum.energy_wh ? (sum.sun_wh / sum.energy_wh) * 100 : null;
    return html`<td class="number" data-name=${say("energy")}>${energy(hass, sum.energy_wh)}</td>
      <td class="number minor" data-name=${say("sun_share")}>${percent(hass, sun)}</td>
      <td class="number" data-name=${say("cost")}>${money(hass, sum.cost, currency)}</td>
      <td class="number minor ${sum.saving === null ? "none" : ""}" data-name=${say("saving")}>${money(hass, sum.saving, currency)}</td>
      ${billed ? html`<td class="number" data-name=${say("billed")}>${money(hass, sum.billed, currency)}</td>` : nothing}`;
  }

  private table(answer: Sessions, say: Say): TemplateResult {
    const hass = this.hass;
    const sessions = this.chosen(answer);
    const billed = isBilled(answer.sessions);
    return html`<h3>${this.only ?? say("sessions")}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${say("sessions")}>
        <table class="stack brief">
          <thead>
            <tr>
              <th>${say("start")}</th>
              <th>${say("charger")}</th>
              <th>${say("by_person")}</th>
              <th>${say("by_vehicle")}</th>
              <th class="number">${say("energy")}</th>
              <th class="number">${say("sun_share")}</th>
              <th class="number">${say("cost")}</th>
              <th class="number">${say("saving")}</th>
              ${billed ? html`<th class="number">${say("billed")}</th>` : nothing}
            </tr>
          </thead>
          <tbody>
            ${sessions.slice(0, this.shown).map(
              (session) => html`<tr>
                <td>
                  ${session.start ? moment(hass, session.start) : session.stop ? date(hass, session.stop) : "–"}
                  ${session.stop ? nothing : html`<span class="chip good">${say("running")}</span>`}
                </td>
                <td data-name=${say("charger")}>${session.charger}</td>
                <td class=${session.person ? "" : "none"} data-name=${say("by_person")}>${session.person ?? "–"}</td>
                <td class="minor" data-name=${say("by_vehicle")}>${session.vehicle ?? "–"}</td>
                ${this.sums(session, session.currency ?? answer.currency, billed, say)}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${sessions.length > this.shown
        ? html`<button
            @click=${() => {
              this.shown += PAGE;
            }}
          >
            ${say("show_more")}
          </button>`
        : nothing}`;
  }

  /** Home Assistant writes the file, as its action does: units, times and separators of the user's language. */
  private async export(sessions: Session[], site: SiteView): Promise<void> {
    const file = await this.hass
      .callWS<{ content: string }>({
        type: "sunfuse/sessions/export",
        entry_id: site.entry_id,
        start: firstDay(),
        numbers: sessions.map(({ number }) => number),
        language: this.hass.locale.language,
      })
      .catch((error: Error) => {
        this.announced = error.message;
      });
    if (!file) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.content], { type: "text/csv;charset=utf-8" }));
    const parts = [site.title, this.only, this.month ?? new Date().toISOString().slice(0, 10)];
    link.download = `${parts.filter(Boolean).join(" ")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}

define("sunfuse-sessions-card", SessionsCard);
