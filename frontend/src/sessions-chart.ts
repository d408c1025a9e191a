/* The energy of each month as a bar, sun and grid apart; a press shows only that month. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { energy, timeFormat } from "./format";
import type { Hass } from "./home-assistant";
import { MONTHS, byMonth, grouped, summed } from "./sessions-model";
import type { Session } from "./sessions-model";
import type { Say } from "./texts";

export const monthStyles = css`
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
  .months .narrow {
    display: none;
  }
  @container (max-width: 420px) {
    .months .short {
      display: none;
    }
    .months .narrow {
      display: inline;
    }
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
`;

/** The middle of each of the last months, in UTC. */
function lastMonths(hass: Hass): Date[] {
  const today = timeFormat("en-CA", {
    timeZone: hass.config.time_zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(Date.now());
  return Array.from({ length: MONTHS }, (_, back) => {
    const at = new Date(`${today.slice(0, 7)}-15T12:00:00Z`);
    at.setUTCMonth(at.getUTCMonth() - (MONTHS - 1 - back));
    return at;
  });
}

export function monthBars(
  hass: Hass,
  say: Say,
  sessions: Session[],
  chosen: string | undefined,
  choose: (month: string | undefined) => void,
): TemplateResult {
  const of = grouped(sessions, byMonth(hass));
  const sums = lastMonths(hass).map((at) => {
    const month = at.toISOString().slice(0, 7);
    return { at, month, ...summed(of.get(month) ?? []) };
  });
  const most = Math.max(1, ...sums.map((sum) => sum.energy_wh));
  const name = timeFormat(hass.locale.language, { month: "short", timeZone: "UTC" });
  const letter = timeFormat(hass.locale.language, { month: "narrow", timeZone: "UTC" });
  const long = timeFormat(hass.locale.language, { month: "long", year: "numeric", timeZone: "UTC" });
  const share = (wh: number) => `${(wh / most) * 75}%`;
  return html`<div class="months" role="group" aria-label=${say("by_month")}>
      ${sums.map(
        (sum) => html`<button
          aria-pressed=${chosen === sum.month}
          aria-label="${long.format(sum.at)}: ${energy(hass, sum.energy_wh)}"
          @click=${() => choose(chosen === sum.month ? undefined : sum.month)}
        >
          <i class="other" style="block-size:${share(sum.energy_wh - sum.sun_wh)}"></i>
          <i class="sun" style="block-size:${share(sum.sun_wh)}"></i>
          <span class="short">${name.format(sum.at)}</span>
          <span class="narrow">${letter.format(sum.at)}</span>
        </button>`,
      )}
    </div>
    ${sums.some((sum) => sum.sun_wh)
      ? html`<p class="row key quiet" aria-hidden="true">
          <span><i style="background:var(--sun)"></i>${say("sun")}</span>
          <span><i style="background:var(--grid)"></i>${say("grid_and_battery")}</span>
        </p>`
      : nothing}`;
}
