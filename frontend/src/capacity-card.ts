/* How much the connection carries, hour by hour: from the site report, once there is a week to tell from. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { SunfuseCard } from "./card";
import type { SiteView } from "./feed";
import { current, number } from "./format";
import { define, navigate } from "./home-assistant";
import { styles } from "./styles";
import { problemInWords } from "./texts";
import type { Say } from "./texts";

interface Hour {
  hour: number;
  mean_a: number[];
  p95_a: number[];
  headroom_a: number[];
  charging_a: number;
}

interface Report {
  days: number;
  carries: number;
  hours: Hour[];
}

/* Weekdays and weekends differ: less than a week says nothing about the next one. */
export const ENOUGH_DAYS = 7;

export class CapacityCard extends SunfuseCard {
  static override properties = { ...SunfuseCard.properties, report: { state: true }, problem: { state: true } };

  static override styles = [
    styles,
    css`
      .chart {
        display: grid;
        grid-template-columns: repeat(24, 1fr);
        gap: 2px;
        block-size: 140px;
        align-items: end;
        border-block-end: 1px solid var(--quiet);
      }
      /* As high as what comes, so that nothing moves under a thumb. */
      .wait {
        min-block-size: 240px;
      }
      .hour {
        display: flex;
        flex-direction: column-reverse;
        block-size: 100%;
        background: color-mix(in srgb, var(--success-color, #43a047) 25%, transparent);
        border-start-start-radius: 3px;
        border-start-end-radius: 3px;
        overflow: hidden;
      }
      .mean {
        background: var(--house);
      }
      .p95 {
        background: color-mix(in srgb, var(--house) 45%, transparent);
      }
      .axis {
        display: flex;
        justify-content: space-between;
        font-size: 12px;
        color: var(--secondary-text-color);
      }
    `,
  ];

  declare private report: Report | undefined;
  declare private problem: string | undefined;
  private asked = "";

  protected override willUpdate(): void {
    const entryId = this.site?.entry_id;
    // A card is drawn anew each day: a tablet on the wall shows it for months.
    const asked = `${entryId} ${new Date().toDateString()}`;
    if (!entryId || this.asked === asked) return;
    this.asked = asked;
    void this.load(entryId);
  }

  private async load(entryId: string): Promise<void> {
    try {
      // An action that refuses would write an error to the log, though a first day without history is none.
      this.report = await this.hass.callWS<Report>({ type: "sunfuse/site/report", entry_id: entryId });
      this.problem = undefined;
    } catch (error) {
      this.problem = await problemInWords(this.hass, error);
    }
  }

  protected override shows(): readonly unknown[] {
    return [];
  }

  protected override content(site: SiteView, say: Say): TemplateResult {
    return html`
      <div class="head"><h2>${this.config?.title ?? say("capacity")}</h2></div>
      ${this.report ? this.answer(this.report, say) : html`<p class="quiet wait">${this.problem ?? say("loading")}</p>`}
      <button
        @click=${() => {
          navigate(`/sunfuse-report/${site.entry_id}`);
        }}
      >
        ${say("open_report")}
      </button>
    `;
  }

  private answer(report: Report, say: Say): TemplateResult {
    const enough = report.days >= ENOUGH_DAYS;
    return html`
      ${enough
        ? html`<p><span class="big">${report.carries}</span> ${say("carries", { days: Math.round(report.days) })}</p>`
        : html`<p>
            ${report.days < 1 ? say("needs_week_begun") : say("needs_week", { days: number(this.hass, Math.floor(report.days), 0) })}
          </p>`}
      ${report.days >= 1 ? this.chart(report.hours, say) : nothing}
    `;
  }

  private chart(hours: Hour[], say: Say): TemplateResult {
    const worst = (values: number[]) => Math.max(0, ...values);
    const scale = Math.max(...hours.map((hour) => worst(hour.p95_a) + Math.max(0, Math.min(...hour.headroom_a))), 1);
    const share = (value: number) => `${(Math.max(0, value) / scale) * 100}%`;
    return html`
      <h3>${say("by_hour")}</h3>
      <div class="chart" aria-hidden="true">
        ${hours.map((hour) => {
          const mean = worst(hour.mean_a);
          const p95 = worst(hour.p95_a);
          return html`<div class="hour">
            <div class="mean" style="block-size:${share(mean)}"></div>
            <div class="p95" style="block-size:${share(p95 - mean)}"></div>
          </div>`;
        })}
      </div>
      <div class="axis" aria-hidden="true"><span>0</span><span>6</span><span>12</span><span>18</span><span>24</span></div>
      <p class="row key" aria-hidden="true">
        <span><i style="background:var(--house)"></i>${say("by_hour_mean")}</span>
        <span><i style="background:var(--house);opacity:.45"></i>${say("by_hour_high")}</span>
        <span><i style="background:var(--success-color, #43a047);opacity:.4"></i>${say("by_hour_headroom")}</span>
      </p>
      <table class="hidden">
        <caption>${say("by_hour")}</caption>
        <tbody>
          ${hours.map(
            (hour) => html`<tr>
              <th scope="row">${hour.hour}</th>
              <td>${say("hour_figures", { mean: current(this.hass, worst(hour.mean_a)), headroom: current(this.hass, Math.min(...hour.headroom_a)) })}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    `;
  }
}

define("sunfuse-capacity-card", CapacityCard);
