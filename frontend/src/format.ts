/* Numbers, times and dates as whoever looks has chosen them in their profile, as Home Assistant's own cards write them. */

import type { Hass, Locale } from "./home-assistant";

type Maybe = number | null | undefined;

/* Languages that write numbers in the way that was chosen. */
const NUMBERS: Record<string, string | undefined> = {
  comma_decimal: "en-US",
  decimal_comma: "de",
  space_comma: "fr",
  quote_decimal: "de-CH",
  none: "en-US",
  system: undefined,
};

/* A formatter takes longer to make than to use a hundred times, and a table of fifty chargers uses it hundreds of times. */
const numberFormats = new Map<string, Intl.NumberFormat>();
const timeFormats = new Map<string, Intl.DateTimeFormat>();

function numberFormat(locale: Locale, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const chosen = locale.number_format ?? "language";
  const language = chosen in NUMBERS ? NUMBERS[chosen] : locale.language;
  const grouping = chosen === "none" ? { useGrouping: false } : {};
  const key = JSON.stringify([language, options, grouping]);
  let format = numberFormats.get(key);
  if (!format) numberFormats.set(key, (format = new Intl.NumberFormat(language, { ...options, ...grouping })));
  return format;
}

export function timeFormat(language: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, options]);
  let format = timeFormats.get(key);
  if (!format) timeFormats.set(key, (format = new Intl.DateTimeFormat(language, options)));
  return format;
}

export function number(hass: Hass, value: number, digits: number): string {
  return numberFormat(hass.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A number with its unit stays on one line, and in its order where texts are read from the right. */
function together(amount: string): string {
  const text = amount.replace(" ", "\u00a0");
  return document.dir === "rtl" ? `\u2066${text}\u2069` : text;
}

export function power(hass: Hass, watts: Maybe): string {
  if (watts == null) return "–";
  return together(`${number(hass, watts / 1000, Math.abs(watts) < 9950 ? 1 : 0)} kW`);
}

export function energy(hass: Hass, wattHours: Maybe): string {
  if (wattHours == null) return "–";
  return together(`${number(hass, wattHours / 1000, wattHours < 99_950 ? 1 : 0)} kWh`);
}

export function current(hass: Hass, amperes: number): string {
  return number(hass, amperes, Number.isInteger(amperes) ? 0 : 1);
}

export function percent(hass: Hass, share: Maybe): string {
  return share == null ? "–" : together(`${number(hass, share, 0)} %`);
}

export function money(hass: Hass, amount: Maybe, currency: string): string {
  if (amount == null) return "–";
  return together(numberFormat(hass.locale, { style: "currency", currency }).format(amount));
}

/** The time zone in which times are shown: that of the browser, unless that of Home Assistant was chosen. */
export function zone(hass: Hass): string {
  const here = timeFormat(undefined, {}).resolvedOptions().timeZone;
  return hass.locale.time_zone === "server" || !here ? hass.config.time_zone : here;
}

/** Whether a day has twice twelve hours. */
export function halfDays(hass: Hass): boolean {
  const { time_format: chosen, language } = hass.locale;
  if (chosen === "12" || chosen === "24") return chosen === "12";
  const tested = chosen === "system" ? undefined : language;
  return !timeFormat(tested, { hour: "numeric", minute: "numeric" }).format(new Date(2023, 0, 1, 22)).includes("22");
}

/** How whoever looks has numbers and times, for the sentences that Home Assistant makes. */
export function reading(hass: Hass): { time_zone: string; half_days: boolean; decimal_sign: string } {
  return {
    time_zone: zone(hass),
    half_days: halfDays(hass),
    decimal_sign: number(hass, 0.5, 1).includes(",") ? "," : ".",
  };
}

/** The clock's time in the language of whoever looks; `h23` because some languages call midnight 24:00. */
function clockFormat(hass: Hass, minutes: boolean): Intl.DateTimeFormat {
  const half = halfDays(hass);
  return timeFormat(hass.locale.time_format === "system" ? undefined : hass.locale.language, {
    timeZone: zone(hass),
    hour: half ? "numeric" : "2-digit",
    ...(minutes ? { minute: "2-digit" } : {}),
    hourCycle: half ? "h12" : "h23",
  });
}

/** The hours of an axis: "3 PM", or "15:00". */
export function hourFormat(hass: Hass): Intl.DateTimeFormat {
  return clockFormat(hass, !halfDays(hass));
}

/** The clock's time; with the day unless it is today. */
export function moment(hass: Hass, iso: string, now = new Date()): string {
  const at = new Date(iso);
  const clock = clockFormat(hass, true).format(at);
  if (localTime(hass, at.getTime()).slice(0, 10) === localTime(hass, now.getTime()).slice(0, 10)) return clock;
  const day = { timeZone: zone(hass), weekday: "short", day: "numeric", month: "short" } as const;
  return `${timeFormat(hass.locale.language, day).format(at)} ${clock}`;
}

/** How long it is until then: "in 18 hours". */
export function fromNow(hass: Hass, at: number, now = Date.now()): string {
  const minutes = Math.max(0, Math.round((at - now) / 60_000));
  const format = new Intl.RelativeTimeFormat(hass.locale.language);
  return minutes < 90 ? format.format(minutes, "minute") : format.format(Math.round(minutes / 60), "hour");
}

export function date(hass: Hass, iso: string): string {
  const day = { timeZone: zone(hass), day: "numeric", month: "short", year: "numeric" } as const;
  return timeFormat(hass.locale.language, day).format(new Date(iso));
}

/** An instant as a form has it: "2026-11-29T07:00". */
export function localTime(hass: Hass, at: number): string {
  const [minute, day] = [{ hour: "2-digit", minute: "2-digit" }, { year: "numeric", month: "2-digit", day: "2-digit" }] as const;
  const timeZone = zone(hass);
  // Swedish writes both as forms do.
  return `${timeFormat("sv-SE", { timeZone, ...day }).format(at)}T${timeFormat("sv-SE", { timeZone, ...minute }).format(at)}`;
}

/** What a form's local time is; NaN while it is incomplete. */
export function instantOf(hass: Hass, local: string): number {
  const guess = Date.parse(`${local}:00Z`);
  if (Number.isNaN(guess)) return guess;
  // Twice, so that it is right on a day on which clocks are put forward or back.
  const offset = (at: number) => Date.parse(`${localTime(hass, at)}:00Z`) - at;
  return guess - offset(guess - offset(guess));
}

/** The next instant at which a clock shows this time ("07:00"). */
export function nextAt(hass: Hass, clock: string, now = Date.now()): number {
  const today = instantOf(hass, `${localTime(hass, now).slice(0, 10)}T${clock}`);
  return today > now ? today : instantOf(hass, `${localTime(hass, now + 24 * 3600_000).slice(0, 10)}T${clock}`);
}
