/* The site at a glance: what flows, how full each circuit is, this interval's peak, and what limits now. */

import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { SunfuseCard } from "./card";
import type { Circuit, Flows, Peak, SiteView } from "./feed";
import { current, moment, money, percent, power } from "./format";
import { define, moreInfo } from "./home-assistant";
import "./new-chargers";
import { styles } from "./styles";
import { stateName } from "./texts";
import type { Say } from "./texts";

/* Below this nothing is drawn as a flow: meters are never still. */
const STILL_W = 30;

/* Where the picture of the flows ends. */
const BOTTOM = 236;

interface Node {
  name: string;
  icon: string;
  x: number;
  y: number;
  watts: number | null;
  /* Positive towards the middle. */
  inward: number;
  detail?: string;
}

export class SiteCard extends SunfuseCard {
  static override styles = [
    styles,
    css`
      .flows {
        position: relative;
        inline-size: 100%;
        max-inline-size: 420px;
        margin-inline: auto;
      }
      .node {
        position: absolute;
        transform: translate(-50%, -50%);
        inline-size: min(84px, 28%);
        aspect-ratio: 1;
        box-sizing: border-box;
        border-radius: 50%;
        border: 2px solid var(--colour);
        background: var(--card-background-color, #fff);
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        text-align: center;
        font-size: 12px;
        line-height: 1.25;
      }
      .node ha-icon {
        --mdc-icon-size: clamp(14px, 5.5cqi, 20px);
        color: var(--colour);
      }
      /* A long word, such as "teruglevering", goes beyond the circle, but no line through it. */
      .node .detail {
        font-size: 11px;
        white-space: nowrap;
        background: var(--card-background-color, #fff);
      }
      .node strong {
        font-size: 14px;
        font-weight: 500;
        font-variant-numeric: tabular-nums;
      }
      .flow {
        position: absolute;
        direction: ltr;
        block-size: 3px;
        margin-block-start: -1.5px;
        transform-origin: 0 50%;
        overflow: hidden;
        background: linear-gradient(var(--quiet), var(--quiet)) 0 50% / 100% 2px no-repeat;
      }
      .flow.moves {
        background: none;
      }
      /* Moved by its transform alone: what a browser does beside the page, which a tablet on the wall does all day. */
      .flow.moves::before {
        content: "";
        display: block;
        block-size: 100%;
        inline-size: calc(100% + 12px);
        background: radial-gradient(circle at 1.5px 50%, var(--colour) 1.5px, transparent 2px) 0 0 / 6px 100%;
        animation: move 1.2s linear infinite;
      }
      .flow.out::before {
        animation-direction: reverse;
      }
      @keyframes move {
        from {
          transform: translateX(-12px);
        }
        to {
          transform: none;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .flow.moves::before {
          animation: none;
        }
      }
      .phase {
        display: grid;
        grid-template-columns: 2em 1fr 8.5em;
        align-items: center;
        gap: 8px;
        font-size: 13px;
        font-variant-numeric: tabular-nums;
      }
      .phase.whole {
        grid-template-columns: 1fr 8.5em;
      }
      .small-text {
        font-size: 13px;
      }
      .phase span:last-child {
        text-align: end;
      }
      .bar {
        display: flex;
        block-size: 14px;
        border-radius: 7px;
        overflow: hidden;
        background: var(--quiet);
      }
      .bar i {
        display: block;
        block-size: 100%;
      }
      .bar .other {
        background: var(--house);
      }
      .bar .cars {
        background: var(--cars);
      }
      .bar .over {
        background: var(--error-color, #db4437);
      }
      .key {
        font-size: 12px;
        color: var(--secondary-text-color);
        margin-block-start: 6px;
      }
      .key i {
        display: inline-block;
        inline-size: 10px;
        block-size: 10px;
        border-radius: 5px;
        margin-inline-end: 4px;
      }
      .small {
        min-block-size: 32px;
        font-size: 13px;
      }
    `,
  ];

  protected override content(site: SiteView, say: Say): TemplateResult {
    const { flows, circuits } = site;
    const main = circuits?.find((circuit) => circuit.parent === null);
    return html`
      <div class="head">
        <h2>${this.config?.title ?? site.title}</h2>
        ${main?.state
          ? html`<span class="chip ${main.state === "ok" ? "good" : "bad"}"
              >${stateName(this.hass, "sensor", "state", main.state)}</span
            >`
          : nothing}
      </div>
      ${this.config?.new_chargers && site.admin
        ? html`<sunfuse-new-chargers .hass=${this.hass} .site=${site.entry_id} .say=${say}></sunfuse-new-chargers>`
        : nothing}
      ${site.available ? nothing : html`<p class="error">${say("site_failed")}</p>`}
      ${flows ? this.flows(flows, site, say) : html`<p class="quiet">${say("only_chargers")}</p>`}
      ${circuits?.map((circuit) => this.circuit(circuit, site, say))}
      ${circuits
        ? html`<p class="key row" aria-hidden="true">
            <span><i style="background:var(--house)"></i>${say("other_loads")}</span>
            <span><i style="background:var(--cars)"></i>${say("cars")}</span>
          </p>`
        : nothing}
      ${site.peaks?.map((peak) => this.peak(peak, say))} ${this.limits(site, say)}
    `;
  }

  private flows(flows: Flows, site: SiteView, say: Say): TemplateResult {
    const hass = this.hass;
    const grid = flows.grid_w ?? 0;
    const battery = flows.battery_w ?? 0;
    const nodes: Node[] = [];
    // Without a sun there is nothing in the upper third.
    const top = flows.solar_w === null ? 74 : 0;
    if (flows.solar_w !== null) {
      nodes.push({ name: "sun", icon: "mdi:solar-power", x: 150, y: 44, watts: flows.solar_w, inward: flows.solar_w });
    }
    nodes.push({
      name: "grid",
      icon: "mdi:transmission-tower",
      x: 44,
      y: 118,
      watts: flows.grid_w === null ? null : Math.abs(grid),
      inward: grid,
      detail: Math.abs(grid) < STILL_W ? "" : say(grid > 0 ? "imports" : "exports"),
    });
    nodes.push({ name: "house", icon: "mdi:home", x: 256, y: 118, watts: flows.house_w, inward: -(flows.house_w ?? 0) });
    if (flows.battery_w !== null) {
      nodes.push({
        name: "battery",
        icon: "mdi:home-battery",
        x: 96,
        y: 192,
        watts: Math.abs(battery),
        inward: battery,
        detail: flows.battery_soc === null ? "" : percent(hass, flows.battery_soc),
      });
    }
    nodes.push({
      name: "cars",
      icon: "mdi:car-electric",
      x: flows.battery_w === null ? 150 : 204,
      y: 192,
      watts: flows.cars_w,
      inward: -(flows.cars_w ?? 0),
    });
    const place = ({ x, y }: Node) => `left:${(x / 300) * 100}%;top:${((y - top) / (BOTTOM - top)) * 100}%`;
    return html`
      <div class="flows" role="group" aria-label=${say("flows")} style="aspect-ratio:300/${BOTTOM - top}">
        ${nodes.map((node) => {
          const [across, down] = [150 - node.x, 118 - node.y];
          const moves = Math.abs(node.inward) >= STILL_W ? "moves" : "";
          return html`<div
            class="flow ${moves} ${node.inward < 0 ? "out" : ""}"
            aria-hidden="true"
            style="--colour:var(--${node.name});${place(node)};inline-size:${(Math.hypot(across, down) / 300) * 100}%;transform:rotate(${Math.atan2(down, across)}rad)"
          ></div>`;
        })}
        ${nodes.map(
          (node) => html`<div
            class="node"
            style="--colour:var(--${node.name});${place(node)}"
          >
            <ha-icon icon=${node.icon} aria-hidden="true"></ha-icon>
            <span>${say(node.name)}</span>
            <strong>${power(hass, node.watts)}</strong>
            ${node.detail ? html`<span class="detail">${node.detail}</span>` : nothing}
          </div>`,
        )}
      </div>
      ${site.clock ? html`<p class="quiet">${say("clock", { time: moment(hass, site.clock) })}</p>` : nothing}
      ${site.surplus_w ? html`<p>${say("surplus", { power: power(hass, site.surplus_w) })}</p>` : nothing}
    `;
  }

  private circuit(circuit: Circuit, site: SiteView, say: Say): TemplateResult {
    const hass = this.hass;
    const entity = circuit.limit_entity;
    return html`
      <div class="row spread">
        <h3>${circuit.name}</h3>
        ${entity && site.admin
          ? html`<button class="small" @click=${() => moreInfo(this, entity)} aria-label=${say("change_limit_of", { circuit: circuit.name })}>
              ${say("change_limit")}
            </button>`
          : nothing}
      </div>
      ${circuit.limit_a.map((limit, phase) => {
        const other = Math.max(0, circuit.other_a[phase] ?? 0);
        const load = (circuit.other_a[phase] ?? 0) + (circuit.cars_a[phase] ?? 0);
        // What the sun gives to the cars does not pass the fuse.
        const cars = Math.max(0, load - other);
        if (limit <= 0) return nothing;
        const scale = Math.max(limit, other + cars);
        const name = site.phases === 1 ? "" : `L${phase + 1}`;
        const used = say("of_limit", { current: current(hass, Math.abs(load)), limit: current(hass, limit) });
        const value = load < -0.05 ? `${used}, ${say("exports")}` : used;
        return html`<div class="phase">
          <span>${name}</span>
          <div
            class="bar"
            role="meter"
            aria-label="${circuit.name} ${name}"
            aria-valuemin="0"
            aria-valuemax=${limit}
            aria-valuenow=${Math.max(0, Math.min(load, limit))}
            aria-valuetext=${value}
          >
            <i class="other" style="inline-size:${(other / scale) * 100}%"></i>
            <i class=${load > limit ? "over" : "cars"} style="inline-size:${(cars / scale) * 100}%"></i>
          </div>
          <span>${value}</span>
        </div>`;
      })}
      ${circuit.why ? html`<p>${circuit.why}</p>` : nothing}
    `;
  }

  private peak(peak: Peak, say: Say): TemplateResult {
    const hass = this.hass;
    const scale = Math.max(peak.target_w ?? 0, peak.interval_w, peak.month_w, 1);
    return html`
      <h3>${peak.name}</h3>
      <p class="quiet small-text">${say("interval_peak")}</p>
      <div class="phase whole">
        <div
          class="bar"
          role="meter"
          aria-label=${say("interval_peak")}
          aria-valuemin="0"
          aria-valuemax=${scale}
          aria-valuenow=${peak.interval_w}
          aria-valuetext=${power(hass, peak.interval_w)}
        >
          <i class="cars" style="inline-size:${(peak.interval_w / scale) * 100}%"></i>
        </div>
        <span>${power(hass, peak.interval_w)}</span>
      </div>
      <p>
        ${say("peak", {
          until: moment(hass, peak.interval_end),
          allowed: power(hass, peak.may_draw_w),
          month: power(hass, peak.month_w),
        })}
        ${peak.cost === null ? nothing : say("named", { name: say("cost"), value: money(hass, peak.cost, this.site?.currency ?? "EUR") })}
      </p>
    `;
  }

  private limits(site: SiteView, say: Say): TemplateResult | typeof nothing {
    const hass = this.hass;
    if (!site.limits?.length) return nothing;
    return html`
      <h3>${say("limits_now")}</h3>
      ${site.limits.map((limit) => {
        const value =
          limit.power_w !== null
            ? power(hass, limit.power_w)
            : limit.current_a !== null
              ? `${current(hass, limit.current_a)} A`
              : "";
        return html`<p>
          ${say("named", { name: limit.name, value })}
          ${limit.until ? html`<span class="quiet">${say("until", { time: moment(hass, limit.until) })}</span>` : nothing}
        </p>`;
      })}
    `;
  }
}

define("sunfuse-site-card", SiteCard);
