/* Chargers that wait to be accepted: many at once, with names from a pattern, and asked when they are to charge. */

import { LitElement, css, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import { Following } from "./following";
import { current } from "./format";
import { define } from "./home-assistant";
import type { Hass, Localize } from "./home-assistant";
import { styles } from "./styles";
import { formChoices, modeInWords, problemInWords } from "./texts";
import type { Say } from "./texts";

interface Waiting {
  waiting: { identity: string; vendor: string; model: string }[];
  more: boolean;
  circuits: { id: string; name: string }[];
  modes: string[];
  phases: number;
}

interface Proposed {
  identity: string;
  name: string;
  phase: string;
  fail_safe_a: number;
}

class NewChargers extends LitElement {
  static override properties = {
    hass: { attribute: false },
    site: {},
    say: { attribute: false },
    found: { state: true },
    proposed: { state: true },
    problem: { state: true },
    choice: { state: true },
    left: { state: true },
  };

  static override styles = [
    styles,
    css`
      form {
        border: 2px solid var(--primary-color);
        border-radius: 12px;
        padding: 12px;
        margin-block-end: 16px;
      }
      h3 {
        margin-block-start: 0;
      }
      label {
        flex: 1 1 140px;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 12px 0;
        min-inline-size: 0;
      }
      legend {
        padding: 0;
        font-weight: 500;
      }
      .pick {
        flex-direction: row;
        align-items: center;
        gap: 8px;
        min-block-size: 40px;
        font-size: 14px;
        color: var(--primary-text-color);
      }
      .pick input {
        inline-size: 24px;
        block-size: 24px;
        min-block-size: 24px;
        flex: none;
        margin: 0;
      }
      input,
      select {
        inline-size: 100%;
      }
      fieldset + .row {
        align-items: end;
      }
      button.main {
        margin-block-start: 12px;
      }
    `,
  ];

  declare hass: Hass;
  declare site: string;
  declare say: Say;
  declare private found: Waiting | undefined;
  declare private proposed: Proposed[] | undefined;
  declare private problem: string | undefined;
  declare private choice: Localize | undefined;
  declare private left: Set<string>;
  private language = "";
  private readonly waiting = new Following<Waiting>(this, (view) => {
    this.found = view;
    this.proposed = undefined;
  });

  constructor() {
    super();
    this.left = new Set();
  }

  /** Home Assistant hands over each state that changes; only another site or language matters here. */
  protected override shouldUpdate(changed: PropertyValues): boolean {
    return changed.size > 1 || !changed.has("hass") || !this.hasUpdated;
  }

  protected override willUpdate(): void {
    const { hass, site: entry_id } = this;
    if (this.language !== hass.language) {
      this.language = hass.language;
      void formChoices(hass).then((choice) => {
        this.choice = choice;
      });
    }
    if (entry_id) this.waiting.follow(hass, { type: "sunfuse/new_chargers/subscribe", entry_id, language: hass.language });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { found, say } = this;
    // What stands between the tags is shown while nothing waits.
    if (!found?.waiting?.length) return found ? html`<slot></slot>` : nothing;
    if (!this.choice) return nothing;
    const chosen = this.chosen(found);
    return html`<form
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        void this.accept(event.target as HTMLFormElement, chosen, !this.proposed);
      }}
      @input=${() => {
        this.proposed = undefined;
        this.problem = undefined;
      }}
    >
      <h3>${say("new_chargers", { count: found.waiting.length })}</h3>
      ${found.waiting.length > 1
        ? html`<div class="row">${found.waiting.map(({ identity, vendor, model }) => this.pick(identity, `${identity} (${vendor} ${model})`))}</div>`
        : html`<p class="quiet">${found.waiting.map(({ identity, vendor, model }) => `${identity} (${vendor} ${model})`)}</p>`}
      ${found.more ? html`<p class="quiet">${say("new_chargers_more")}</p>` : nothing}
      <fieldset>
        <legend>${say("mode_asked")}</legend>
        ${found.modes.map(
          (mode) => html`<label class="pick"
            ><input type="radio" name="mode" value=${mode} required ?checked=${found.modes.length === 1} />
            ${(this.choice && modeInWords(this.choice, mode)) || mode}</label
          >`,
        )}
      </fieldset>
      <div class="row">
        <label>${say("name_pattern", { n: "{n}" })}<input name="pattern" required value=${say("name_default", { n: "{n}" })} maxlength="60" /></label>
        <label>${say("first_number")}<input name="first" type="number" min="0" max="100000" value="1" required /></label>
        ${found.circuits.length > 1
          ? html`<label
              >${say("circuit")}<select name="circuit">
                ${found.circuits.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
              </select></label
            >`
          : nothing}
        ${found.phases > 1
          ? html`<label
              >${say("phases")}<select name="phases">
                ${[3, 2, 1].filter((count) => count <= found.phases).map((count) => html`<option value=${count}>${count}</option>`)}
              </select></label
            >`
          : nothing}
        <label>${say("maximum_current")}<input name="max_a" type="number" min="6" max="500" value="16" required /></label>
      </div>
      ${this.proposed
        ? html`<ul>
              ${this.proposed.map(
                ({ identity, name, fail_safe_a }) =>
                  html`<li>${say("named", { name: identity, value: say("proposed", { name, current: current(this.hass, fail_safe_a) }) })}</li>`,
              )}
            </ul>
            <p class="quiet">${say("accept_note")}</p>`
        : nothing}
      ${this.problem ? html`<p class="error" role="alert">${this.problem}</p>` : nothing}
      <button class="main" type="submit" ?disabled=${!chosen.length}>
        ${say(this.proposed ? "accept_all" : "accept_preview", { count: chosen.length })}
      </button>
    </form>`;
  }

  private chosen(found: Waiting): string[] {
    return found.waiting.map(({ identity }) => identity).filter((identity) => !this.left.has(identity));
  }

  private pick(identity: string, text: string): TemplateResult {
    return html`<label class="pick"
      ><input
        type="checkbox"
        .checked=${!this.left.has(identity)}
        @change=${() => {
          const left = new Set(this.left);
          if (!left.delete(identity)) left.add(identity);
          this.left = left;
        }}
      />${text}</label
    >`;
  }

  private async accept(form: HTMLFormElement, identities: string[], preview: boolean): Promise<void> {
    const values = new FormData(form);
    const optional = (name: string) => (values.has(name) ? { [name]: values.get(name) } : {});
    try {
      const answer = await this.hass.callWS<Proposed[]>({
        type: "sunfuse/new_chargers/accept",
        entry_id: this.site,
        identities,
        mode: values.get("mode"),
        pattern: values.get("pattern"),
        first: Number(values.get("first")),
        max_a: Number(values.get("max_a")),
        ...optional("circuit"),
        ...(values.has("phases") ? { phases: Number(values.get("phases")) } : {}),
        preview,
      });
      this.proposed = preview ? answer : undefined;
      this.problem = undefined;
    } catch (error) {
      this.problem = await problemInWords(this.hass, error);
    }
  }
}

define("sunfuse-new-chargers", NewChargers);
