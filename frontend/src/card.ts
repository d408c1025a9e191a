/* What all cards have in common: a site that is pushed, texts, and what is shown while neither is there. */

import { LitElement, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import { configForm } from "./editor";
import { siteFeed } from "./feed";
import type { Charger, Feed, SiteView } from "./feed";
import type { CardConfig, Hass } from "./home-assistant";
import { styles } from "./styles";
import { problemInWords, texts } from "./texts";
import type { Say } from "./texts";

export abstract class SunfuseCard extends LitElement {
  static override styles = [styles];

  static override properties = {
    config: { state: true },
    say: { state: true },
    announced: { state: true },
  };

  declare protected config: CardConfig | undefined;
  declare protected say: Say | undefined;
  declare protected announced: string;

  protected site: SiteView | undefined;
  private failure: string | undefined;
  private home: Hass | undefined;
  private leave: (() => void) | undefined;
  private followed: Feed<SiteView> | undefined;
  /* What was shown of the site, and on which day. */
  private known: readonly unknown[] = [];
  /* Whether there has been a site. */
  private had = false;

  constructor() {
    super();
    this.announced = "";
  }

  static getConfigForm(): ReturnType<typeof configForm> {
    return configForm();
  }

  static getStubConfig(): Record<string, unknown> {
    return {};
  }

  setConfig(config: CardConfig): void {
    this.config = config;
    this.follow();
  }

  getCardSize(): number {
    return 6;
  }

  getGridOptions(): Record<string, unknown> {
    return { columns: 12, min_columns: 6 };
  }

  set hass(hass: Hass) {
    const before = this.home;
    this.home = hass;
    if (!before || before.language !== hass.language) {
      void texts(hass).then((say) => {
        this.say = say;
      });
    }
    if (!before || before.locale !== hass.locale || before.language !== hass.language || before.connection !== hass.connection) {
      this.follow();
    }
    if (!before || this.matters(before, hass)) this.requestUpdate();
  }

  get hass(): Hass {
    return this.home as Hass;
  }

  /** Home Assistant hands over every state that changes; a card follows what is pushed to it. */
  protected matters(before: Hass, now: Hass): boolean {
    // Names of states may be loaded after the first picture.
    return (["locale", "localize"] as const).some((of) => before[of] !== now[of]) || before.themes?.darkMode !== now.themes?.darkMode;
  }

  /** What the card shows of its site: it is drawn again when one of these changed. All of it, unless a card says less. */
  protected shows(site: SiteView): readonly unknown[] {
    return [site];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.leave?.();
    this.leave = undefined;
    this.followed = undefined;
  }

  private follow(): void {
    if (!this.isConnected || !this.home || !this.config) return;
    const wanted = siteFeed(this.home, this.config.site);
    if (this.leave && wanted === this.followed) return;
    this.leave?.();
    this.followed = wanted;
    this.leave = wanted.listen((site, failure) => this.told(site, failure));
  }

  private told(site: SiteView | undefined, failure: string | undefined): void {
    const [was, is] = [this.known, this.drawn(site)];
    const same = failure === this.failure && was.length === is.length && was.every((one, at) => one === is[at]);
    this.known = is;
    this.site = site;
    this.failure = failure;
    this.had = this.had || Boolean(site?.entry_id);
    if (!same) this.requestUpdate();
  }

  private drawn(site: SiteView | undefined): readonly unknown[] {
    // Times are written with the day unless it is today.
    return site?.entry_id ? [site.entry_id, new Date().getDate(), ...this.shows(site)] : [Boolean(site)];
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.say || !this.home || !this.config) return html`<ha-card aria-busy="true"></ha-card>`;
    return html`<ha-card>${this.site && this.site.entry_id ? this.content(this.site, this.say) : this.missing(this.say)}
      <div class="hidden" role="status">${this.announced}</div>
    </ha-card>`;
  }

  private missing(say: Say): TemplateResult {
    if (this.failure === "unauthorized") return html`<p class="error">${say("not_allowed")}</p>`;
    // Who has had a site, or names one, waits for it: Home Assistant may still be starting.
    if (this.failure && !this.config?.site && !this.had) return html`<p class="error">${say("no_site")}</p>`;
    return html`<p class="quiet">${say(this.site || this.failure ? "site_not_loaded" : "loading")}</p>`;
  }

  protected abstract content(site: SiteView, say: Say): TemplateResult;

  /** Call an action; what it refuses is said on the card, in its own words. */
  protected async act(
    domain: string,
    service: string,
    data: Record<string, unknown>,
    done = "",
  ): Promise<boolean> {
    try {
      await this.hass.callService(domain, service, data);
      this.announced = done;
      return true;
    } catch (error) {
      this.announced = await problemInWords(this.hass, error);
      return false;
    }
  }

  protected override updated(_changed: PropertyValues): void {
    this.dir = this.home && document.dir === "rtl" ? "rtl" : "";
  }
}

const byName = new Intl.Collator(undefined, { numeric: true });

/** The chargers of a site in the order of their names: all, or those that are chosen. */
export function chargersOf(site: SiteView, chosen?: string[]): Charger[] {
  return Object.values(site.chargers)
    .filter(({ id }) => !chosen?.length || chosen.includes(id))
    .sort((a, b) => byName.compare(a.name, b.name));
}
