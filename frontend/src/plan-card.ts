/* The coming hours: what each car takes, beside sun, house, price and limit. A departure is dragged, and holds only once
   its preview was accepted. */

import { css, html, nothing, svg } from "lit";
import type { SVGTemplateResult, TemplateResult } from "lit";
import { SunfuseCard } from "./card";
import { feed } from "./feed";
import type { SiteView } from "./feed";
import { energy, moment, money, number, percent, power } from "./format";
import { define } from "./home-assistant";
import { styles } from "./styles";
import type { Say } from "./texts";

interface PlannedCar {
  id: string;
  name: string;
  device_id: string | null;
  may_drive: boolean;
  power_w: number[];
  departure: string | null;
  ready: string | null;
  energy_wh: number;
  missing_wh: number;
  cost: number;
  saving: number;
  sun_share: number;
}

interface Plan {
  speed: number;
  currency: string;
  failing: boolean;
  made_at?: string;
  starts?: string[];
  end?: string | null;
  cars?: PlannedCar[];
  sun_w?: number[];
  house_w?: number[];
  price?: number[];
  limit_w?: number | null;
}

interface Trial {
  car: string;
  at: number;
  plan?: Plan;
  problem?: string;
}

const HEIGHT = 240;
const TOP = 16;
const BOTTOM = 24;
const START = 44;
const END = 48;
const QUARTER = 15 * 60_000;
/* Colours that are told apart in light and dark, after Home Assistant's own for graphs. */
const COLOURS = ["#4269d0", "#d1495b", "#3ca951", "#a463f2", "#0d9488", "#97785a", "#ef8e2d", "#5f8dd3"];

function colour(index: number): string {
  return `var(--graph-color-${index + 1}, ${COLOURS[index % COLOURS.length]})`;
}

export class PlanCard extends SunfuseCard {
  static override properties = {
    ...SunfuseCard.properties,
    plan: { state: true },
    trial: { state: true },
    step: { state: true },
    width: { state: true },
  };

  static override styles = [
    styles,
    css`
      .chart {
        direction: ltr;
        position: relative;
        touch-action: pan-y;
      }
      svg {
        display: block;
        inline-size: 100%;
        block-size: ${HEIGHT}px;
        overflow: visible;
      }
      text {
        fill: var(--secondary-text-color);
        font-size: 11px;
      }
      .sun {
        fill: var(--sun);
        opacity: 0.3;
      }
      .house {
        fill: none;
        stroke: var(--house);
        stroke-width: 2;
      }
      .price {
        fill: none;
        stroke: var(--primary-text-color);
        stroke-width: 1.5;
        stroke-dasharray: 2 2;
      }
      .limit {
        stroke: var(--error-color, #db4437);
        stroke-width: 1.5;
        stroke-dasharray: 6 4;
      }
      .grid {
        stroke: var(--quiet);
      }
      .chosen {
        fill: var(--primary-text-color);
        opacity: 0.1;
      }
      .departure {
        cursor: ew-resize;
        touch-action: none;
      }
      .departure line {
        stroke-width: 2;
      }
      .departure circle {
        stroke: var(--card-background-color, #fff);
        stroke-width: 2;
      }
      .departure:focus-visible {
        outline: 3px solid var(--primary-color);
      }
      .slot {
        min-block-size: 2.8em;
        margin-block: 8px;
      }
      .trial {
        border: 2px solid var(--primary-color);
        border-radius: 12px;
        padding: 12px;
        margin-block: 8px;
      }
      td input {
        min-inline-size: 12em;
      }
    `,
  ];

  declare private plan: Plan | undefined;
  declare private trial: Trial | undefined;
  declare private step: number | undefined;
  declare private width: number;
  private stop: (() => void) | undefined;
  private asked = "";
  private sizes: ResizeObserver | undefined;

  constructor() {
    super();
    this.width = 600;
  }

  override getGridOptions(): Record<string, unknown> {
    return { columns: "full" };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes = new ResizeObserver(([entry]) => {
      if (entry) this.width = Math.max(240, entry.contentRect.width - 32);
    });
    this.sizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes?.disconnect();
    this.stop?.();
    this.stop = undefined;
    this.asked = "";
  }

  protected override willUpdate(): void {
    const site = this.site;
    if (!site?.entry_id || !this.isConnected || this.asked === site.entry_id) return;
    this.asked = site.entry_id;
    this.stop?.();
    this.stop = feed<Plan>(this.hass, {
      type: "sunfuse/plan/subscribe",
      entry_id: site.entry_id,
    }).listen((plan) => {
      this.plan = plan;
    });
  }

  protected override content(_site: SiteView, say: Say): TemplateResult {
    const plan = this.plan;
    const shown = this.trial?.plan ?? plan;
    return html`
      <div class="head">
        <h2>${this.config?.title ?? say("plan")}</h2>
        ${plan?.made_at ? html`<span class="quiet">${say("made_at", { time: moment(this.hass, plan.made_at) })}</span>` : nothing}
      </div>
      ${plan?.failing ? html`<p class="error">${say("plan_failing")}</p>` : nothing}
      ${plan && shown?.starts?.length
        ? html`${this.chart(plan, shown, say)} ${this.numbers(shown, plan, say)} ${this.proposal(plan, say)}
          ${this.cars(plan, say)}`
        : html`<p class="quiet">${say("no_plan")}</p>`}
    `;
  }

  // --- The chart -------------------------------------------------------------------------------------------------

  private times(plan: Plan): number[] {
    const starts = (plan.starts ?? []).map((start) => Date.parse(start));
    return [...starts, plan.end ? Date.parse(plan.end) : (starts[starts.length - 1] ?? 0) + QUARTER];
  }

  private x(at: number, times: number[]): number {
    const from = times[0] ?? 0;
    const to = times[times.length - 1] ?? from + 1;
    return START + ((at - from) / (to - from)) * (this.width - START - END);
  }

  private at(x: number, times: number[]): number {
    const from = times[0] ?? 0;
    const to = times[times.length - 1] ?? from + 1;
    return from + ((x - START) / (this.width - START - END)) * (to - from);
  }

  private chart(plan: Plan, shown: Plan, say: Say): TemplateResult {
    const times = this.times(shown);
    const steps = times.length - 1;
    const cars = shown.cars ?? [];
    const stacked = Array.from({ length: steps }, (_, step) =>
      cars.reduce((sum, car) => sum + (car.power_w[step] ?? 0), 0),
    );
    const most = Math.max(2000, ...stacked, ...(shown.sun_w ?? []), ...(shown.house_w ?? []));
    // The limit is drawn where it is near enough to matter.
    const limit = shown.limit_w && shown.limit_w < most * 2 ? shown.limit_w : null;
    const top = Math.ceil(Math.max(most, limit ?? 0) / 2000) * 2000;
    const floor = HEIGHT - BOTTOM;
    const y = (watts: number) => floor - (watts / top) * (floor - TOP);
    const x = times.map((at) => this.x(at, times));
    const area = (values: number[]) =>
      `M${x[0]} ${floor}` +
      values.map((value, step) => `L${x[step]} ${y(value)}L${x[step + 1]} ${y(value)}`).join("") +
      `L${x[steps]} ${floor}Z`;
    const line = (values: number[], of: (value: number) => number) =>
      values.map((value, step) => `${step ? "L" : "M"}${x[step]} ${of(value)}L${x[step + 1]} ${of(value)}`).join("");
    const prices = shown.price ?? [];
    const dearest = Math.max(0.01, ...prices);
    const cheapest = Math.min(0, ...prices);
    const priceY = (price: number) => floor - ((price - cheapest) / (dearest - cheapest)) * (floor - TOP);
    const bases = new Array<number>(steps).fill(0);
    return html`<div
      class="chart"
      role="group"
      tabindex="0"
      aria-label=${say("plan_chart")}
      @pointermove=${(event: PointerEvent) => this.point(event, times)}
      @pointerdown=${(event: PointerEvent) => this.point(event, times)}
      @keydown=${(event: KeyboardEvent) => this.move(event, steps)}
    >
      <svg viewBox="0 0 ${this.width} ${HEIGHT}">
        ${[0, 0.5, 1].map(
          (share) => svg`<line class="grid" x1=${START} x2=${this.width - END} y1=${y(top * share)} y2=${y(top * share)} />
            <text x=${START - 6} y=${y(top * share) + 4} text-anchor="end">${number(this.hass, (top * share) / 1000, 0)}</text>`,
        )}
        <text x=${START - 6} y=${TOP - 5} text-anchor="end">kW</text>
        ${this.hours(times, floor)}
        ${shown.sun_w ? svg`<path class="sun" d=${area(shown.sun_w)} />` : nothing}
        ${cars.map((car, index) =>
          car.power_w.map((watts, step) => {
            if (!watts) return nothing;
            const base = bases[step] ?? 0;
            bases[step] = base + watts;
            const left = x[step] ?? 0;
            return svg`<rect x=${left + 0.5} width=${Math.max(1, (x[step + 1] ?? 0) - left - 1)}
              y=${y(base + watts)} height=${y(base) - y(base + watts)} style="fill:${colour(index)}" />`;
          }),
        )}
        ${shown.house_w ? svg`<path class="house" d=${line(shown.house_w, y)} />` : nothing}
        ${limit ? svg`<line class="limit" x1=${START} x2=${this.width - END} y1=${y(limit)} y2=${y(limit)} />` : nothing}
        ${prices.length
          ? svg`<path class="price" d=${line(prices, priceY)} />
            <text x=${this.width - END + 6} y=${priceY(dearest) + 4}>${number(this.hass, dearest, 2)}</text>
            <text x=${this.width - END + 6} y=${TOP - 5}>${plan.currency}</text>`
          : nothing}
        ${this.step !== undefined && x[this.step + 1] !== undefined
          ? svg`<rect class="chosen" x=${x[this.step]} width=${(x[this.step + 1] ?? 0) - (x[this.step] ?? 0)} y=${TOP} height=${floor - TOP} />`
          : nothing}
        ${(plan.cars ?? []).map((car, index) => this.departure(car, index, times, floor, say))}
      </svg>
      <div class="row key" aria-hidden="true">
        ${cars.map((car, index) => html`<span><i style="background:${colour(index)}"></i>${car.name}</span>`)}
        ${shown.sun_w ? html`<span><i style="background:var(--sun);opacity:.4"></i>${say("sun")}</span>` : nothing}
        ${shown.house_w ? html`<span><i style="background:var(--house)"></i>${say("house")}</span>` : nothing}
        ${prices.length ? html`<span>┄ ${say("price")}</span>` : nothing}
        ${limit ? html`<span>╌ ${say("limit")}</span>` : nothing}
      </div>
    </div>`;
  }

  private hours(times: number[], floor: number): SVGTemplateResult[] {
    const from = times[0] ?? 0;
    const to = times[times.length - 1] ?? 0;
    const span = (to - from) / 3_600_000;
    const every = [1, 2, 3, 6, 12].find((hours) => (span / hours) * 56 < this.width) ?? 24;
    const ticks: SVGTemplateResult[] = [];
    const zone = { timeZone: this.hass.config.time_zone, hour: "2-digit", hour12: false } as const;
    for (let at = Math.ceil(from / 3_600_000) * 3_600_000; at <= to; at += 3_600_000) {
      const hour = Number(new Date(at).toLocaleString("en-GB", zone)) % 24;
      if (hour % every) continue;
      const x = this.x(at, times);
      ticks.push(svg`<line class="grid" x1=${x} x2=${x} y1=${TOP} y2=${floor} />
        <text x=${x} y=${HEIGHT - 6} text-anchor="middle">${hour}:00</text>`);
    }
    return ticks;
  }

  private departure(
    car: PlannedCar,
    index: number,
    times: number[],
    floor: number,
    say: Say,
  ): SVGTemplateResult | typeof nothing {
    const leaves = this.leaves(car);
    const at = this.trial?.car === car.id ? this.trial.at : leaves ? Date.parse(leaves) : null;
    const last = times[times.length - 1] ?? 0;
    if (at === null || at > last) return nothing;
    const x = this.x(at, times);
    const time = moment(this.hass, new Date(at).toISOString());
    const mark = svg`<line x1=${x} x2=${x} y1=${TOP} y2=${floor} style="stroke:${colour(index)}" />
      <circle cx=${x} cy=${TOP} r="9" style="fill:${colour(index)}" />`;
    if (!car.may_drive) return svg`<g>${mark}</g>`;
    return svg`<g
      class="departure"
      role="slider"
      tabindex="0"
      aria-label=${say("departure_of", { car: car.name })}
      aria-valuemin=${times[0] ?? 0}
      aria-valuemax=${last}
      aria-valuenow=${at}
      aria-valuetext=${time}
      @pointerdown=${(event: PointerEvent) => this.drag(event, car, times)}
      @keydown=${(event: KeyboardEvent) => this.nudge(event, car, at, times)}
    >${mark}<rect x=${x - 22} y="0" width="44" height=${floor} fill="transparent" /></g>`;
  }

  private point(event: PointerEvent, times: number[]): void {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const at = this.at(event.clientX - box.left, times);
    const step = times.findIndex((start, index) => start <= at && at < (times[index + 1] ?? 0));
    this.step = step < 0 ? undefined : step;
  }

  private move(event: KeyboardEvent, steps: number): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.target !== event.currentTarget) return;
    this.step = Math.min(steps - 1, Math.max(0, (this.step ?? -1) + by));
    event.preventDefault();
  }

  private drag(event: PointerEvent, car: PlannedCar, times: number[]): void {
    const handle = event.currentTarget as SVGElement;
    const chart = handle.ownerSVGElement as SVGElement;
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    const moved = (next: PointerEvent) => {
      this.place(car, this.at(next.clientX - chart.getBoundingClientRect().left, times), times);
    };
    const ended = () => {
      handle.removeEventListener("pointermove", moved);
      handle.removeEventListener("pointerup", ended);
      handle.removeEventListener("pointercancel", ended);
      void this.tryOut();
    };
    handle.addEventListener("pointermove", moved);
    handle.addEventListener("pointerup", ended);
    handle.addEventListener("pointercancel", ended);
  }

  private nudge(event: KeyboardEvent, car: PlannedCar, at: number, times: number[]): void {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.place(car, at + by * QUARTER, times);
    void this.tryOut();
  }

  private place(car: PlannedCar, at: number, times: number[]): void {
    const first = (times[0] ?? 0) + QUARTER;
    const last = times[times.length - 1] ?? first;
    const quarter = Math.round(at / QUARTER) * QUARTER;
    const plan = this.trial?.car === car.id ? this.trial.plan : undefined;
    this.trial = { car: car.id, at: Math.min(last, Math.max(first, quarter)), ...(plan ? { plan } : {}) };
  }

  // --- A trial ---------------------------------------------------------------------------------------------------

  private async tryOut(): Promise<void> {
    const trial = this.trial;
    if (!trial) return;
    try {
      const plan = await this.hass.callWS<Plan>({
        type: "sunfuse/plan/preview",
        entry_id: this.site?.entry_id,
        charger: trial.car,
        departure: new Date(trial.at).toISOString(),
      });
      if (this.trial?.car === trial.car && this.trial.at === trial.at) this.trial = { ...trial, plan };
    } catch (error) {
      this.trial = { ...trial, problem: (error as Error).message };
    }
  }

  private async keep(car: PlannedCar, at: number): Promise<void> {
    // A simulated site may live faster than the wall clock, by which departures are set.
    const speed = this.plan?.speed ?? 1;
    const now = this.plan?.made_at ? Date.parse(this.plan.made_at) : Date.now();
    const wall = speed === 1 ? at : Date.now() + (at - now) / speed;
    const done = this.say?.("departure_set") ?? "";
    if (
      await this.act(
        "sunfuse",
        "set_departure",
        { device_id: car.device_id, departure: new Date(wall).toISOString() },
        done,
      )
    ) {
      this.trial = undefined;
    } else if (this.trial) {
      this.trial = { ...this.trial, problem: this.announced };
    }
  }

  private proposal(plan: Plan, say: Say): TemplateResult | typeof nothing {
    const trial = this.trial;
    const before = plan.cars?.find(({ id }) => id === trial?.car);
    if (!trial || !before) return nothing;
    const after = trial.plan?.cars?.find(({ id }) => id === trial.car);
    const time = moment(this.hass, new Date(trial.at).toISOString());
    return html`<div class="trial" role="group" aria-label=${say("preview")}>
      <strong>${say("if_leaving", { car: before.name, time })}</strong>
      ${trial.problem ? html`<p class="error">${trial.problem}</p>` : nothing}
      ${after
        ? html`<p>
              ${say("preview_costs", {
                cost: money(this.hass, after.cost, plan.currency),
                before: money(this.hass, before.cost, plan.currency),
                saving: money(this.hass, after.saving, plan.currency),
              })}
            </p>
            ${after.missing_wh
              ? html`<p class="error">${say("misses", { energy: energy(this.hass, after.missing_wh) })}</p>`
              : nothing}`
        : trial.problem
          ? nothing
          : html`<p class="quiet">${say("loading")}</p>`}
      <div class="row">
        <button class="main" ?disabled=${!after} @click=${() => this.keep(before, trial.at)}>${say("keep")}</button>
        <button
          @click=${() => {
            this.trial = undefined;
          }}
        >
          ${say("cancel")}
        </button>
      </div>
    </div>`;
  }

  // --- Numbers ---------------------------------------------------------------------------------------------------

  private numbers(shown: Plan, plan: Plan, say: Say): TemplateResult {
    const step = this.step;
    const start = step === undefined ? undefined : shown.starts?.[step];
    if (step === undefined || !start) return html`<p class="slot quiet">${say("touch_slot")}</p>`;
    const hass = this.hass;
    const parts = [
      shown.sun_w ? `${say("sun")} ${power(hass, shown.sun_w[step])}` : "",
      shown.house_w ? `${say("house")} ${power(hass, shown.house_w[step])}` : "",
      ...(shown.cars ?? [])
        .filter((car) => car.power_w[step])
        .map((car) => `${car.name} ${power(hass, car.power_w[step])}`),
      shown.price ? `${say("price")} ${number(hass, shown.price[step] ?? 0, 3)} ${plan.currency}/kWh` : "",
    ];
    return html`<p class="slot" aria-live="polite">
      <strong>${moment(hass, start)}</strong> ${parts.filter(Boolean).join(" · ")}
    </p>`;
  }

  /** When a car leaves: as it is planned, else as somebody said; only in some modes it is planned by that. */
  private leaves(car: PlannedCar): string | null {
    const said = this.site?.chargers[car.id]?.demand;
    return car.departure ?? (said && !said.guessed && this.plan?.speed === 1 ? said.departure : null);
  }

  private cars(plan: Plan, say: Say): TemplateResult | typeof nothing {
    const hass = this.hass;
    const cars = (plan.cars ?? []).filter((car) => car.energy_wh || car.departure || car.may_drive);
    if (!cars.length) return nothing;
    const soonest = this.local(Date.now());
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${say("plan")}>
      <table>
        <thead>
          <tr>
            <th>${say("charger")}</th>
            <th>${say("departure")}</th>
            <th>${say("ready")}</th>
            <th class="number">${say("energy")}</th>
            <th class="number">${say("cost")}</th>
            <th class="number">${say("saving")}</th>
            <th class="number">${say("sun_share")}</th>
          </tr>
        </thead>
        <tbody>
          ${cars.map(
            (car) => html`<tr>
              <td>${car.name}</td>
              <td>
                ${car.may_drive
                  ? html`<input
                      type="datetime-local"
                      aria-label=${say("departure_of", { car: car.name })}
                      min=${soonest}
                      .value=${this.leaves(car) ? this.local(Date.parse(this.leaves(car) ?? "")) : ""}
                      @change=${(event: Event) => {
                        const at = this.instant((event.target as HTMLInputElement).value);
                        if (Number.isNaN(at)) return;
                        this.trial = { car: car.id, at };
                        void this.tryOut();
                      }}
                    />`
                  : this.leaves(car)
                    ? moment(hass, this.leaves(car) ?? "")
                    : "–"}
              </td>
              <td>${car.missing_wh ? say("misses", { energy: energy(hass, car.missing_wh) }) : car.ready ? moment(hass, car.ready) : "–"}</td>
              <td class="number">${energy(hass, car.energy_wh)}</td>
              <td class="number">${money(hass, car.cost, plan.currency)}</td>
              <td class="number">${money(hass, car.saving, plan.currency)}</td>
              <td class="number">${percent(hass, car.sun_share * 100)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  /** An instant as a form has it, in the time zone of the site. */
  private local(at: number): string {
    return new Date(at)
      .toLocaleString("sv-SE", { timeZone: this.hass.config.time_zone })
      .replace(" ", "T")
      .slice(0, 16);
  }

  private instant(local: string): number {
    const guess = Date.parse(`${local}:00Z`);
    const off = Date.parse(`${this.local(guess)}:00Z`) - guess;
    return guess - off;
  }
}

define("sunfuse-plan-card", PlanCard);
