/* Sessions as the card lists and sums them. */

import { timeFormat } from "./format";
import type { Hass } from "./home-assistant";

export interface Session {
  number: number;
  station: string;
  charger: string;
  person: string | null;
  vehicle: string | null;
  start: string | null;
  stop: string | null;
  running: boolean;
  energy_wh: number;
  sun_wh: number;
  cost: number | null;
  saving: number | null;
  billed: number | null;
  currency: string | null;
}

export interface Sessions {
  all: boolean;
  currency: string;
  sessions: Session[];
}

export type Group = "person" | "vehicle" | "charger";

/* Whose sums, and what that is called. */
export const GROUPS: Record<Group, string> = { person: "by_person", vehicle: "by_vehicle", charger: "by_charger" };
export const MONTHS = 12;

export interface Sum {
  energy_wh: number;
  sun_wh: number;
  cost: number | null;
  saving: number | null;
  billed: number | null;
}

export function summed(sessions: Session[]): Sum {
  const add = (before: number | null, value: number | null) => (value === null ? before : (before ?? 0) + value);
  return sessions.reduce<Sum>(
    (sum, one) => ({
      energy_wh: sum.energy_wh + one.energy_wh,
      sun_wh: sum.sun_wh + one.sun_wh,
      cost: add(sum.cost, one.cost),
      saving: add(sum.saving, one.saving),
      billed: add(sum.billed, one.billed),
    }),
    { energy_wh: 0, sun_wh: 0, cost: null, saving: null, billed: null },
  );
}

/** Since when sessions are shown. */
export function firstDay(): string {
  const start = new Date();
  start.setUTCMonth(start.getUTCMonth() - MONTHS + 1, 1);
  start.setUTCHours(0, 0, 0, 0);
  return start.toISOString();
}

/** By what the list is sorted: the time that it shows. */
export function shownAt({ start, stop }: Session): number {
  return Date.parse(start ?? stop ?? "") || 0;
}

/** Says of a session in which month it stopped, as a bill has it: in the time of the site, wherever its owner is. */
export function byMonth(hass: Hass): (session: Session) => string {
  const day = timeFormat("en-CA", { timeZone: hass.config.time_zone, year: "numeric", month: "2-digit" });
  return (session) => day.format(new Date(session.stop ?? session.start ?? Date.now())).slice(0, 7);
}

export function grouped(sessions: Session[], of: (session: Session) => string): Map<string, Session[]> {
  const groups = new Map<string, Session[]>();
  for (const session of sessions) {
    const name = of(session);
    const group = groups.get(name);
    if (group) group.push(session);
    else groups.set(name, [session]);
  }
  return groups;
}

/* What there is to show of sessions: a column that would be empty is none. */
export interface Columns {
  sun: boolean;
  cost: boolean;
  saving: boolean;
  /* Whether anybody has a price list. */
  billed: boolean;
}

export function columnsOf(sessions: Session[]): Columns {
  return {
    sun: sessions.some(({ sun_wh }) => sun_wh > 0),
    cost: sessions.some(({ cost }) => cost !== null),
    saving: sessions.some(({ saving }) => saving !== null),
    billed: sessions.some(({ billed }) => billed !== null),
  };
}
