/* What was charged: by month and whom, how much of it came from the sun, what it cost and what waiting saved. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { SunfuseCard } from "./card";
import { configForm } from "./editor";
import type { SiteView } from "./feed";
import { Following } from "./following";
import { date, energy, moment, money, percent, reading } from "./format";
import { define, toast } from "./home-assistant";
import { monthBars, monthStyles } from "./sessions-chart";
import { GROUPS, byMonth, columnsOf, firstDay, grouped, shownAt, summed } from "./sessions-model";
import type { Columns, Group, Session, Sessions, Sum } from "./sessions-model";
import { styles } from "./styles";
import { problemInWords } from "./texts";
import type { Say } from "./texts";

const PAGE = 10;

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
    monthStyles,
    css`
      .wait {
        min-block-size: 360px;
      }
    `,
  ];

  declare private answer: Sessions | undefined;
  declare private group: Group;
  declare private month: string | undefined;
  /* Whose sessions are shown: one of the group's names, else all. */
  declare private only: string | undefined;
  declare private shown: number;
  private readonly sessions = new Following<Sessions>(this, (answer) => {
    this.answer = answer && { ...answer, sessions: [...answer.sessions].sort((a, b) => shownAt(b) - shownAt(a)) };
  });

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

  protected override willUpdate(): void {
    const entry_id = this.site?.entry_id;
    if (entry_id) this.sessions.follow(this.hass, { type: "sunfuse/sessions/subscribe", entry_id, start: firstDay() });
  }

  protected override shows(site: SiteView): readonly unknown[] {
    return [site.title];
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    const answer = this.answer && { ...this.answer, sessions: this.ofChargers(this.answer.sessions) };
    return html`
      <div class="head">
        <h2>${this.config?.title ?? say("sessions")}</h2>
        ${answer?.sessions.length
          ? html`<button @click=${() => this.export(this.chosen(answer), site, say)}>${say("export")}</button>`
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
    return monthBars(this.hass, say, this.ofName(answer.sessions), this.month, (month) => {
      this.month = month;
      this.shown = PAGE;
    });
  }

  private groups(answer: Sessions, say: Say): TemplateResult {
    const sessions = this.ofMonth(answer.sessions);
    const by = grouped(sessions, (session) => this.nameOf(session));
    const rows = [...by].map(([name, of]) => ({ name, count: of.length, ...summed(of) }));
    rows.sort((a, b) => b.energy_wh - a.energy_wh);
    const columns = columnsOf(answer.sessions);
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
              ${this.heads(columns, say)}
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
                ${this.sums(row, answer.currency, columns, say)}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${sessions.length ? nothing : html`<p class="quiet">${say("no_sessions")}</p>`}`;
  }

  private heads(columns: Columns, say: Say): (TemplateResult | typeof nothing)[] {
    const head = (shown: boolean, name: string) => (shown ? html`<th class="number">${say(name)}</th>` : nothing);
    return [
      head(columns.sun, "sun_share"),
      head(columns.cost, "cost"),
      head(columns.saving, "saving"),
      head(columns.billed, "billed"),
    ];
  }

  private sums(sum: Sum, currency: string, columns: Columns, say: Say): TemplateResult {
    const hass = this.hass;
    const sun = sum.energy_wh ? (sum.sun_wh / sum.energy_wh) * 100 : null;
    const cell = (shown: boolean, name: string, value: string, kind = "") =>
      shown ? html`<td class="number ${kind}" data-name=${say(name)}>${value}</td>` : nothing;
    return html`${cell(true, "energy", energy(hass, sum.energy_wh))}
      ${cell(columns.sun, "sun_share", percent(hass, sun), "minor")}
      ${cell(columns.cost, "cost", money(hass, sum.cost, currency))}
      ${cell(columns.saving, "saving", money(hass, sum.saving, currency), sum.saving === null ? "minor none" : "minor")}
      ${cell(columns.billed, "billed", money(hass, sum.billed, currency))}`;
  }

  private table(answer: Sessions, say: Say): TemplateResult {
    const hass = this.hass;
    const sessions = this.chosen(answer);
    const columns = columnsOf(answer.sessions);
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
              ${this.heads(columns, say)}
            </tr>
          </thead>
          <tbody>
            ${sessions.slice(0, this.shown).map(
              (session) => html`<tr>
                <td>
                  ${session.start ? moment(hass, session.start) : session.stop ? date(hass, session.stop) : "–"}
                  ${session.running ? html`<span class="chip good">${say("running")}</span>` : nothing}
                </td>
                <td data-name=${say("charger")}>${session.charger}</td>
                <td class=${session.person ? "" : "none"} data-name=${say("by_person")}>${session.person ?? "–"}</td>
                <td class="minor" data-name=${say("by_vehicle")}>${session.vehicle ?? "–"}</td>
                ${this.sums(session, session.currency ?? answer.currency, columns, say)}
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

  /** Home Assistant writes the file, as its action does: words in the user's language, and numbers as they have chosen them. */
  private async export(sessions: Session[], site: SiteView, say: Say): Promise<void> {
    const file = await this.hass
      .callWS<{ content: string }>({
        type: "sunfuse/sessions/export",
        entry_id: site.entry_id,
        start: firstDay(),
        numbers: sessions.map(({ number }) => number),
        language: this.hass.locale.language,
        decimal_sign: reading(this.hass).decimal_sign,
      })
      .catch(async (error: { code?: string }) => {
        const gone = error.code === "not_found";
        this.announced = gone ? say("site_not_loaded") : await problemInWords(this.hass, error);
        toast(this, this.announced);
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
