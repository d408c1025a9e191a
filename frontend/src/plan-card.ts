/* The coming hours: what each car takes, beside sun, house, price and limit. A departure is dragged, and holds only once
   its preview was accepted. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { SunfuseCard } from "./card";
import { DepartureTrial } from "./departure-trial";
import { configForm } from "./editor";
import type { SiteView } from "./feed";
import { Following } from "./following";
import { energy, instantOf, localTime, moment, money, number, percent, power } from "./format";
import { define } from "./home-assistant";
import { END, START, chart, chartStyles } from "./plan-chart";
import type { Hands, Mark } from "./plan-chart";
import { Scale } from "./plan-model";
import type { Plan, PlannedCar } from "./plan-model";
import { styles } from "./styles";
import { problemInWords } from "./texts";
import type { Say } from "./texts";

/* So many cars are listed at once: those with something planned come first. */
const PAGE = 8;

export class PlanCard extends SunfuseCard {
  static override properties = {
    ...SunfuseCard.properties,
    plan: { state: true },
    step: { state: true },
    width: { state: true },
    rows: { state: true },
  };

  static override styles = [
    styles,
    chartStyles,
    css`
      .wait {
        min-block-size: 400px;
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
  declare private step: number | undefined;
  declare private width: number;
  declare private rows: number;
  private trial: DepartureTrial;
  private waiting: Plan | undefined;
  private readonly plans = new Following<Plan>(this, (plan) => {
    // While somebody drags, the chart stays as it is under their thumb.
    if (this.trial.dragging) this.waiting = plan;
    else this.plan = plan;
  });
  private sizes: ResizeObserver | undefined;

  constructor() {
    super();
    this.width = 600;
    this.rows = PAGE;
    this.trial = new DepartureTrial(
      this,
      (charger, at) => this.planIf(charger, at),
      () => {
        if (this.waiting) this.plan = this.waiting;
        this.waiting = undefined;
      },
    );
  }

  /** Home Assistant sets a property `preview` of each card: a method must not be called so. */
  private async planIf(charger: string, at: number): Promise<Plan> {
    const departure = new Date(at).toISOString();
    try {
      return await this.hass.callWS<Plan>({
        type: "sunfuse/plan/preview",
        entry_id: this.site?.entry_id,
        charger,
        departure,
      });
    } catch (error) {
      const { code, translation_key: key } = error as { code?: string; translation_key?: string };
      const outOfRange = code === "invalid_format" && this.say?.("departure_range");
      const words = outOfRange || (await problemInWords(this.hass, error));
      // What no plan reaches yet can be set all the same.
      throw Object.assign(new Error(words), { settable: !outOfRange && key === "departure_beyond_plan" });
    }
  }

  static override getConfigForm(): ReturnType<typeof configForm> {
    return configForm("chargers");
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
  }

  protected override willUpdate(): void {
    const entry_id = this.site?.entry_id;
    if (entry_id) this.plans.follow(this.hass, { type: "sunfuse/plan/subscribe", entry_id });
  }

  protected override shows(site: SiteView): readonly unknown[] {
    return Object.values(site.chargers).flatMap(({ demand }) => [demand?.departure, demand?.guessed]);
  }

  protected override content(_site: SiteView, say: Say): TemplateResult {
    const plan = this.plan;
    const shown = this.trial.now?.plan ?? plan;
    return html`
      <div class="head">
        <h2>${this.config?.title ?? say("plan")}</h2>
        ${plan?.made_at ? html`<span class="quiet">${say("made_at", { time: moment(this.hass, plan.made_at) })}</span>` : nothing}
      </div>
      ${plan?.failing ? html`<p class="error">${say("plan_failing")}</p>` : nothing}
      ${plan && shown?.starts?.length
        ? html`${this.chart(plan, shown, say)} ${this.numbers(shown, plan, say)} ${this.proposal(plan, say)}
          ${this.cars(plan, say)}`
        : html`<p class="quiet ${plan ? "" : "wait"}">${say(plan ? "no_plan" : "loading")}</p>`}
    `;
  }

  private chart(plan: Plan, shown: Plan, say: Say): TemplateResult {
    const scale = new Scale(shown, START, this.width - END);
    const { hass, step } = this;
    const hands: Hands = {
      point: (event) => {
        const left = (event.currentTarget as HTMLElement).getBoundingClientRect().left;
        this.step = scale.step(scale.at(event.clientX - left));
      },
      move: (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!by || event.target !== event.currentTarget) return;
        this.step = Math.min(scale.steps - 1, Math.max(0, (this.step ?? -1) + by));
        event.preventDefault();
      },
      drag: (event, car) => {
        const picture = (event.currentTarget as SVGElement).ownerSVGElement as SVGElement;
        this.trial.drag(event, car, scale, picture.getBoundingClientRect().left);
      },
      key: (event, car, at) => this.trial.key(event, car, at, scale),
    };
    return chart({ hass, say, plan, shown, scale, step, marks: this.marks(plan) }, hands);
  }

  private marks(plan: Plan): Mark[] {
    const trial = this.trial.now;
    return this.chosen(plan).flatMap((car) => {
      const leaves = this.leaves(car);
      if (trial?.car === car.id) return [{ car, at: trial.at }];
      return leaves ? [{ car, at: Date.parse(leaves) }] : [];
    });
  }

  private chosen(plan: Plan): PlannedCar[] {
    const chosen = this.config?.chargers;
    return (plan.cars ?? []).filter(({ id }) => !chosen?.length || chosen.includes(id));
  }

  /** When a car leaves: as it is planned, else as somebody said; only in some modes it is planned by that. */
  private leaves(car: PlannedCar): string | null {
    const said = this.site?.chargers[car.id]?.demand;
    return car.departure ?? (said && !said.guessed && this.plan?.speed === 1 ? said.departure : null);
  }

  /** What the field of a departure shows: the time that is tried, else the one that holds. */
  private shownAt(car: PlannedCar, leaves: string | null): string {
    const tried = this.trial.now?.car === car.id ? this.trial.now.at : undefined;
    const at = tried ?? (leaves ? Date.parse(leaves) : undefined);
    return at === undefined ? "" : localTime(this.hass, at);
  }

  private async keep(car: PlannedCar, at: number): Promise<void> {
    // A simulated site may live faster than the wall clock, by which departures are set.
    const speed = this.plan?.speed ?? 1;
    const now = this.plan?.made_at ? Date.parse(this.plan.made_at) : Date.now();
    const wall = speed === 1 ? at : Date.now() + (at - now) / speed;
    const departure = new Date(wall).toISOString();
    const done = this.say?.("departure_set") ?? "";
    if (await this.act("sunfuse", "set_departure", { device_id: car.device_id, departure }, done)) this.trial.drop();
    else this.trial.fail(this.announced);
  }

  private proposal(plan: Plan, say: Say): TemplateResult | typeof nothing {
    const trial = this.trial.now;
    const before = plan.cars?.find(({ id }) => id === trial?.car);
    if (!trial || !before) return nothing;
    const after = trial.plan?.cars?.find(({ id }) => id === trial.car);
    const time = moment(this.hass, new Date(trial.at).toISOString());
    return html`<div class="trial" role="group" aria-label=${say("preview")}>
      <strong>${say("if_leaving", { car: before.name, time })}</strong>
      ${trial.problem ? html`<p class="error">${trial.problem}</p>` : nothing}
      ${after ? this.outcome(before, after, plan, say) : nothing}
      ${after || trial.problem ? nothing : html`<p class="quiet">${say("loading")}</p>`}
      <div class="row">
        <button class="main" ?disabled=${!after && !trial.settable} @click=${() => this.keep(before, trial.at)}>${say("keep")}</button>
        <button @click=${() => this.trial.drop()}>${say("cancel")}</button>
      </div>
    </div>`;
  }

  private outcome(before: PlannedCar, after: PlannedCar, plan: Plan, say: Say): TemplateResult {
    const hass = this.hass;
    const cost = money(hass, after.cost, plan.currency);
    const was = money(hass, before.cost, plan.currency);
    return html`<p>
        ${!plan.priced || after.cost === null || before.cost === null ? nothing : cost === was ? say("preview_costs_same", { cost }) : say("preview_costs", { cost, before: was })}
        ${plan.priced && after.saving && after.saving > 0 ? say("preview_saves", { saving: money(hass, after.saving, plan.currency) }) : nothing}
        ${after.ready && !after.missing_wh ? say("expected", { time: moment(hass, after.ready) }) : nothing}
      </p>
      ${after.missing_wh ? html`<p class="error">${say("misses", { energy: energy(hass, after.missing_wh) })}</p>` : nothing}`;
  }

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

  private cars(plan: Plan, say: Say): TemplateResult | typeof nothing {
    const cars = this.chosen(plan).filter((car) => car.energy_wh !== 0 || car.departure || car.may_drive);
    if (!cars.length) return nothing;
    const idle = (car: PlannedCar) => Number(car.energy_wh === 0 && !this.leaves(car) && this.trial.now?.car !== car.id);
    cars.sort((a, b) => idle(a) - idle(b));
    // A car that charges with the sun is ready when the sky allows it, which nobody knows.
    const promised = cars.some((car) => car.ready || car.missing_wh);
    const sunny = !plan.sun_w || plan.sun_w.some(Boolean) || cars.some((car) => car.sun_share);
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${say("plan")}>
      <table class="stack">
        <thead>
          <tr>
            <th>${say("charger")}</th>
            <th>${say("departure")}</th>
            ${promised ? html`<th>${say("ready")}</th>` : nothing}
            <th class="number">${say("energy")}</th>
            ${plan.priced
              ? html`<th class="number">${say("cost")}</th>
                  <th class="number">${say("saving")}</th>`
              : nothing}
            ${sunny ? html`<th class="number">${say("sun_share")}</th>` : nothing}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            cars.slice(0, this.rows),
            ({ id }) => id,
            (car) => this.car(car, { promised, sunny: Boolean(sunny) }, plan, say),
          )}
        </tbody>
      </table>
    </div>
    ${plan.priced && cars.some((car) => car.energy_wh) ? html`<p class="quiet">${say("saving_means")}</p>` : nothing}
    ${cars.length > this.rows ? html`<button @click=${() => (this.rows = cars.length)}>${say("show_more")}</button>` : nothing}`;
  }

  private car(car: PlannedCar, columns: { promised: boolean; sunny: boolean }, plan: Plan, say: Say): TemplateResult {
    const hass = this.hass;
    const leaves = this.leaves(car);
    const known = (is: unknown) => (is ? "" : "none");
    return html`<tr>
      <td><strong>${car.name}</strong></td>
      <td class="wide ${known(car.may_drive || leaves)}" data-name=${say("departure")}>
        ${car.may_drive
          ? html`<input
              type="datetime-local"
              aria-label=${say("departure_of", { car: car.name })}
              min=${localTime(hass, Date.now())}
              .value=${live(this.shownAt(car, leaves))}
              @change=${(event: Event) => {
                const at = instantOf(hass, (event.target as HTMLInputElement).value);
                if (!Number.isNaN(at)) this.trial.type(car.id, at);
              }}
            />`
          : leaves
            ? moment(hass, leaves)
            : "–"}
      </td>
      ${columns.promised
        ? html`<td class=${known(car.missing_wh || car.ready)} data-name=${say("ready")}>
            ${car.missing_wh
              ? say("misses", { energy: energy(hass, car.missing_wh) })
              : car.ready
                ? moment(hass, car.ready)
                : "–"}
          </td>`
        : nothing}
      <td class="number" data-name=${say("energy")}>${energy(hass, car.energy_wh)}</td>
      ${plan.priced
        ? html`<td class="number ${known(car.energy_wh)}" data-name=${say("cost")}>${car.energy_wh ? money(hass, car.cost, plan.currency) : "–"}</td>
            <td class="number ${known(car.energy_wh)}" data-name=${say("saving")}>${car.energy_wh ? money(hass, car.saving, plan.currency) : "–"}</td>`
        : nothing}
      ${columns.sunny
        ? html`<td class="number ${known(car.energy_wh)}" data-name=${say("sun_share")}>${car.energy_wh ? percent(hass, car.sun_share * 100) : "–"}</td>`
        : nothing}
    </tr>`;
  }
}

define("sunfuse-plan-card", PlanCard);
