/* What Home Assistant pushes about a site: one subscription, however many cards show it. */

import { reading } from "./format";
import type { Hass } from "./home-assistant";

export interface Flows {
  grid_w: number | null;
  solar_w: number | null;
  battery_w: number | null;
  battery_soc: number | null;
  house_w: number | null;
  cars_w: number | null;
}

export interface Circuit {
  id: string;
  name: string;
  parent: string | null;
  state: string | null;
  limit_a: number[];
  other_a: number[];
  cars_a: number[];
  headroom_a: number[];
  why: string | null;
  limit_entity: string | null;
}

export interface Peak {
  id: string;
  name: string;
  interval_end: string;
  interval_w: number;
  target_w: number | null;
  may_draw_w: number;
  month_w: number;
  billed_w: number;
  cost: number | null;
}

export interface Limit {
  name: string;
  circuit: string | null;
  current_a: number | null;
  power_w: number | null;
  until: string | null;
}

export interface Charger {
  id: string;
  identity: string;
  name: string;
  device_id: string | null;
  connected: boolean;
  status: string | null;
  power_w: number | null;
  session_wh: number | null;
  today_wh: number | null;
  cost: number | null;
  sun_share: number | null;
  soc: number | null;
  offer_a: number;
  driver: string | null;
  vehicle: string | null;
  /* Whether it is the driver who looks. */
  mine: boolean;
  mode: string;
  allowed: boolean;
  reason: { key: string; text: string; change: string; until: string | null };
  boost: {
    on: boolean;
    until: string | null;
    energy_wh: number | null;
    quota_wh: number | null;
    used_wh: number | null;
  };
  demand: Demand | null;
  plan: { ready: string | null; missing_wh: number; saving: number; sun_share: number } | null;
  may_drive: boolean;
  entities: Record<string, string>;
}

export interface Demand {
  departure: string | null;
  target_soc: number | null;
  guessed: boolean;
  /** Whether it was said for this session only, and can be taken back. */
  clearable: boolean;
}

export interface SiteView {
  entry_id: string;
  title: string;
  admin: boolean;
  available: boolean;
  phases: number;
  currency: string;
  /* Where chargers connect to. */
  address: string;
  /* The time at a simulated site that runs faster. */
  clock?: string;
  flows?: Flows;
  surplus_w?: number;
  circuits?: Circuit[];
  peaks?: Peak[];
  limits?: Limit[];
  chargers: Record<string, Charger>;
}

interface News {
  set?: Record<string, unknown>;
  gone?: string[];
  [items: string]: unknown;
}

type View = Record<string, unknown>;

/** Apply what changed to what was shown: a new object, and new items only where they changed. */
export function merged(before: View, news: News): View {
  const { set, gone, ...items } = news;
  const after: View = { ...before, ...set };
  for (const key of gone ?? []) delete after[key];
  for (const [name, change] of Object.entries(items)) {
    after[name] = merged((before[name] as View) ?? {}, change as News);
  }
  return after;
}

/* When it is asked again after an error: Home Assistant may still be starting, or the site may be set up anew. */
const PAUSES_MS = [1_000, 2_000, 5_000, 10_000];

/* What Home Assistant refuses with; a lost connection has it inside of an answer that never came. */
interface Refusal {
  code?: string | number;
  error?: { code?: string | number };
}

type Listener<T> = (view: T | undefined, error: string | undefined) => void;

/** A subscription that lasts: over lost connections, restarts of Home Assistant and reloads of the site. */
export class Feed<T> {
  private view: View = {};
  private listeners = new Set<Listener<T>>();
  private unsubscribe: Promise<() => Promise<void>> | undefined;
  private error: string | undefined;
  private failures = 0;
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly hass: Hass;
  private readonly message: Record<string, unknown>;

  constructor(hass: Hass, message: Record<string, unknown>) {
    this.hass = hass;
    this.message = message;
  }

  listen(listener: Listener<T>): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      this.view = {};
      this.error = undefined;
      // After a lost connection it is asked for anew, by ourselves: who is refused while Home Assistant starts asks again.
      this.hass.connection.addEventListener("ready", this.start);
      this.start();
    } else if (this.error || Object.keys(this.view).length) this.tell(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  }

  private readonly start = (): void => {
    const mine = ++this.turn;
    let first = true;
    clearTimeout(this.timer);
    this.unsubscribe = this.hass.connection.subscribeMessage<News>(
      (news) => {
        if (mine !== this.turn) return;
        this.view = merged(first ? {} : this.view, news);
        first = false;
        this.failures = 0;
        this.error = undefined;
        this.tellAll();
      },
      this.message,
      { resubscribe: false },
    );
    this.unsubscribe.catch((error: Refusal) => {
      if (mine === this.turn) this.refused(error.error?.code ?? error.code);
    });
  };

  private refused(code: string | number | undefined): void {
    this.unsubscribe = undefined;
    const pause = PAUSES_MS[Math.min(this.failures, PAUSES_MS.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(this.start, pause);
    // A number is the connection's: Home Assistant says itself that it is lost, and what was last known stays.
    if (typeof code === "number") return;
    this.view = {};
    this.error = code ?? "unknown_error";
    this.tellAll();
  }

  private tellAll(): void {
    for (const listener of this.listeners) this.tell(listener);
  }

  private tell(listener: Listener<T>): void {
    const known = Object.keys(this.view).length > 0;
    listener(known ? (this.view as T) : undefined, this.error);
  }

  private stop(): void {
    this.turn += 1;
    clearTimeout(this.timer);
    this.hass.connection.removeEventListener("ready", this.start);
    void this.unsubscribe?.then((unsubscribe) => unsubscribe()).catch(() => undefined);
    this.unsubscribe = undefined;
  }
}

const feeds = new Map<string, { connection: unknown; feed: Feed<unknown> }>();

export function feed<T>(hass: Hass, message: Record<string, unknown>): Feed<T> {
  const key = JSON.stringify(message);
  let found = feeds.get(key);
  if (!found || found.connection !== hass.connection) {
    found = { connection: hass.connection, feed: new Feed<unknown>(hass, message) };
    feeds.set(key, found);
  }
  return found.feed as Feed<T>;
}

export function siteFeed(hass: Hass, site: string | undefined): Feed<SiteView> {
  return feed<SiteView>(hass, {
    type: "sunfuse/site/subscribe",
    language: hass.language,
    ...reading(hass),
    ...(site ? { entry_id: site } : {}),
  });
}
