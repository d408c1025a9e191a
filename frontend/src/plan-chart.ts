/* The chart of a plan: stacked power by car, sun, house, price and limit, and a mark for each departure. */

import { css, html, nothing, svg } from "lit";
import type { SVGTemplateResult, TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { hourFormat, localTime, moment, number, timeFormat, zone } from "./format";
import type { Hass } from "./home-assistant";
import { QUARTER } from "./plan-model";
import type { Plan, PlannedCar, Scale } from "./plan-model";
import type { Say } from "./texts";

export const HEIGHT = 240;
export const START = 44;
export const END = 48;
const TOP = 26;
const BOTTOM = 24;
const FLOOR = HEIGHT - BOTTOM;
/* How wide and high the handle of a departure is, and how many are put below each other. */
const HANDLE = 26;
const LANES = 7;
/* What a thumb finds. */
const THUMB = 44;
const HOUR = 3_600_000;
/* Colours that are told apart in light and dark, after Home Assistant's own for graphs. */
const COLOURS = ["#4269d0", "#d1495b", "#3ca951", "#a463f2", "#0d9488", "#97785a", "#ef8e2d", "#5f8dd3"];
const SHADES = ["", "var(--primary-text-color, #000)", "var(--card-background-color, #fff)"];

export const chartStyles = css`
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
  .departure path {
    fill: none;
    stroke: var(--card-background-color, #fff);
    stroke-width: 1.5;
  }
  .departure:focus-visible {
    outline: 3px solid var(--primary-color);
  }
`;

export interface Mark {
  car: PlannedCar;
  at: number;
}

export interface Picture {
  hass: Hass;
  say: Say;
  plan: Plan;
  /* The plan that is drawn: that of a trial, or the one in force. */
  shown: Plan;
  scale: Scale;
  step: number | undefined;
  marks: Mark[];
}

export interface Hands {
  point(event: PointerEvent): void;
  move(event: KeyboardEvent): void;
  drag(event: PointerEvent, car: PlannedCar): void;
  key(event: KeyboardEvent, car: PlannedCar, at: number): void;
}

/** Each car keeps its colour, whatever plan is drawn. */
function colour(plan: Plan, car: string): string {
  const index = Math.max(0, (plan.cars ?? []).findIndex(({ id }) => id === car));
  const hue = `var(--graph-color-${(index % COLOURS.length) + 1}, ${COLOURS[index % COLOURS.length]})`;
  // Further cars have the same colours lighter or darker than the card, then closer to it.
  const shade = SHADES[Math.floor(index / COLOURS.length) % SHADES.length];
  return shade ? `color-mix(in srgb, ${hue} 60%, ${shade})` : hue;
}

export function chart(picture: Picture, hands: Hands): TemplateResult {
  const { shown, plan, scale, say, hass } = picture;
  const cars = shown.cars ?? [];
  const width = scale.end + END;
  const stacked = Array.from({ length: scale.steps }, (_, step) =>
    cars.reduce((sum, car) => sum + (car.power_w[step] ?? 0), 0),
  );
  const most = Math.max(2000, ...stacked, ...(shown.sun_w ?? []), ...(shown.house_w ?? []));
  // The limit is drawn where it is near enough to matter.
  const limit = shown.limit_w && shown.limit_w < most * 2 ? shown.limit_w : null;
  const top = Math.ceil(Math.max(most, limit ?? 0) / 2000) * 2000;
  const y = (watts: number) => FLOOR - (watts / top) * (FLOOR - TOP);
  const prices = shown.price ?? [];
  const dearest = Math.max(0.01, ...prices);
  const cheapest = Math.min(0, ...prices);
  const priceY = (price: number) => FLOOR - ((price - cheapest) / (dearest - cheapest)) * (FLOOR - TOP);
  return html`<div
    class="chart"
    role="group"
    tabindex="0"
    aria-label=${say("plan_chart")}
    @pointermove=${hands.point}
    @pointerdown=${hands.point}
    @keydown=${hands.move}
  >
    <svg viewBox="0 0 ${width} ${HEIGHT}">
      ${[0, 0.5, 1].map(
        (share) => svg`<line class="grid" x1=${START} x2=${scale.end} y1=${y(top * share)} y2=${y(top * share)} />
          <text x=${START - 6} y=${y(top * share) + 4} text-anchor="end">${number(hass, (top * share) / 1000, 0)}</text>`,
      )}
      <text x=${START - 6} y="12" text-anchor="end">kW</text>
      ${hours(picture, width)}
      ${shown.sun_w ? svg`<path class="sun" d=${area(shown.sun_w, scale, y)} />` : nothing}
      ${bars(picture, cars, y)}
      ${shown.house_w ? svg`<path class="house" d=${line(shown.house_w, scale, y)} />` : nothing}
      ${limit ? svg`<line class="limit" x1=${START} x2=${scale.end} y1=${y(limit)} y2=${y(limit)} />` : nothing}
      ${prices.length
        ? svg`<path class="price" d=${line(prices, scale, priceY)} />
          <text x=${scale.end + 6} y=${priceY(dearest) + 4}>${number(hass, dearest, 2)}</text>
          <text x=${scale.end + 6} y="12">${plan.currency}</text>`
        : nothing}
      ${picture.step !== undefined && picture.step < scale.steps
        ? svg`<rect class="chosen" x=${scale.edge(picture.step)} y=${TOP} height=${FLOOR - TOP}
            width=${scale.edge(picture.step + 1) - scale.edge(picture.step)} />`
        : nothing}
      ${repeat(
        placed(picture.marks, scale),
        // Whoever moves a handle by keys keeps it, whichever car leaves first then.
        ({ car }) => car.id,
        (mark) => departure(picture, mark, hands),
      )}
    </svg>
    <div class="row key" aria-hidden="true">
      ${cars
        .filter((car) => car.power_w.some(Boolean))
        .map((car) => html`<span><i style="background:${colour(plan, car.id)}"></i>${car.name}</span>`)}
      ${shown.sun_w?.some(Boolean)
        ? html`<span><i style="background:var(--sun);opacity:.4"></i>${say("sun")}</span>`
        : nothing}
      ${shown.house_w ? html`<span><i style="background:var(--house)"></i>${say("house")}</span>` : nothing}
      ${prices.length ? html`<span><i class="line" style="border-block-start-style:dotted"></i>${say("price")}</span>` : nothing}
      ${limit ? html`<span><i class="line" style="border-color:var(--error-color, #db4437)"></i>${say("limit")}</span>` : nothing}
    </div>
  </div>`;
}

function area(values: number[], scale: Scale, y: (value: number) => number): string {
  const steps = values.map((value, step) => `L${scale.edge(step)} ${y(value)}L${scale.edge(step + 1)} ${y(value)}`);
  return `M${scale.edge(0)} ${FLOOR}${steps.join("")}L${scale.edge(values.length)} ${FLOOR}Z`;
}

function line(values: number[], scale: Scale, y: (value: number) => number): string {
  return values
    .map((value, step) => `${step ? "L" : "M"}${scale.edge(step)} ${y(value)}L${scale.edge(step + 1)} ${y(value)}`)
    .join("");
}

/** One path for each car, however many steps there are: fifty cars would be thousands of rectangles. */
function bars({ plan, scale }: Picture, cars: PlannedCar[], y: (watts: number) => number): SVGTemplateResult[] {
  const bases = new Array<number>(scale.steps).fill(0);
  return cars.map((car) => {
    let d = "";
    car.power_w.forEach((watts, step) => {
      if (!watts) return;
      const base = bases[step] ?? 0;
      bases[step] = base + watts;
      const left = scale.edge(step) + 0.5;
      const wide = Math.max(1, scale.edge(step + 1) - left - 0.5);
      d += `M${left} ${y(base)}V${y(base + watts)}h${wide}V${y(base)}Z`;
    });
    return svg`<path d=${d} style="fill:${colour(plan, car.id)}" />`;
  });
}

function hours({ hass, scale }: Picture, width: number): SVGTemplateResult[] {
  const span = (scale.to - scale.from) / HOUR;
  const every = [1, 2, 3, 6, 12].find((count) => (span / count) * 56 < width) ?? 24;
  const clock = hourFormat(hass);
  const dayOf = timeFormat(hass.locale.language, { timeZone: zone(hass), weekday: "short" });
  const ticks: SVGTemplateResult[] = [];
  let first = Math.ceil(scale.from / QUARTER) * QUARTER;
  // In some countries an hour begins at half past, or at a quarter to, in UTC.
  while (!localTime(hass, first).endsWith(":00")) first += QUARTER;
  for (let at = first; at <= scale.to; at += HOUR) {
    const hour = Number(localTime(hass, at).slice(11, 13));
    if (hour % every) continue;
    const x = scale.x(at);
    ticks.push(svg`<line class="grid" x1=${x} x2=${x} y1=${TOP} y2=${FLOOR} />
      <text x=${x} y=${HEIGHT - 6} text-anchor="middle">${hour ? clock.format(at) : dayOf.format(at)}</text>`);
  }
  return ticks;
}

interface Placed extends Mark {
  lane: number;
  /* Whether another departure is within reach of the same thumb. */
  crowded: boolean;
}

/** Handles that would cover each other are put below each other: two cars often leave at the same time. */
function placed(marks: Mark[], scale: Scale): Placed[] {
  const ends: number[] = [];
  const lanes = new Map<Mark, number>();
  for (const mark of [...marks].sort((a, b) => a.at - b.at)) {
    const x = scale.x(mark.at);
    const free = ends.findIndex((end) => end <= x);
    const lane = free >= 0 ? free : ends.length < LANES ? ends.length : 0;
    ends[lane] = x + HANDLE;
    lanes.set(mark, lane);
  }
  return marks.map((mark) => {
    const near = (other: Mark) => other !== mark && Math.abs(scale.x(other.at) - scale.x(mark.at)) < THUMB;
    return { ...mark, lane: lanes.get(mark) ?? 0, crowded: marks.some(near) };
  });
}

function departure(picture: Picture, { car, at, lane, crowded }: Placed, hands: Hands): SVGTemplateResult | typeof nothing {
  const { plan, scale, say, hass } = picture;
  if (at > scale.to) return nothing;
  const x = scale.x(at);
  const fill = colour(plan, car.id);
  const y = HANDLE / 2 + lane * HANDLE;
  const [wide, high] = crowded ? [HANDLE, HANDLE] : [THUMB, FLOOR];
  const mark = svg`<line x1=${x} x2=${x} y1=${y} y2=${FLOOR} style="stroke:${fill};stroke-width:2" />
    <circle cx=${x} cy=${y} r="10" style="fill:${fill}" />`;
  if (!car.may_drive) return svg`<g>${mark}</g>`;
  return svg`<g
    class="departure"
    role="slider"
    tabindex="0"
    aria-label=${say("departure_of", { car: car.name })}
    aria-valuemin=${scale.from}
    aria-valuemax=${scale.to}
    aria-valuenow=${at}
    aria-valuetext=${moment(hass, new Date(at).toISOString())}
    @pointerdown=${(event: PointerEvent) => hands.drag(event, car)}
    @keydown=${(event: KeyboardEvent) => hands.key(event, car, at)}
  ><rect x=${x - wide / 2} y=${lane * HANDLE} width=${wide} height=${high} fill="transparent" />${mark}<path
      d="M${x - 3} ${y - 3}l-3 3l3 3M${x + 3} ${y - 3}l3 3l-3 3" /></g>`;
}
