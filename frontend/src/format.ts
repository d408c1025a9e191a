/* Numbers as people write them, in the language of who looks. */

import type { Hass } from "./home-assistant";

type Maybe = number | null | undefined;

export function number(hass: Hass, value: number, digits: number): string {
  return new Intl.NumberFormat(hass.locale.language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A number with its unit stays in its order where texts are read from the right. */
function together(text: string): string {
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
  return together(new Intl.NumberFormat(hass.locale.language, { style: "currency", currency }).format(amount));
}

/** The clock's time in the time zone of the site; with the day unless it is today. */
export function moment(hass: Hass, iso: string, now = new Date()): string {
  const at = new Date(iso);
  const zone = { timeZone: hass.config.time_zone };
  const day = (date: Date) => date.toLocaleDateString("en-CA", zone);
  const clock = at.toLocaleTimeString(hass.locale.language, {
    ...zone,
    hour: "2-digit",
    minute: "2-digit",
    ...(hass.locale.time_format === "12" ? { hour12: true } : {}),
    ...(hass.locale.time_format === "24" ? { hour12: false } : {}),
  });
  if (day(at) === day(now)) return clock;
  return `${at.toLocaleDateString(hass.locale.language, { ...zone, weekday: "short", day: "numeric", month: "short" })} ${clock}`;
}

export function date(hass: Hass, iso: string): string {
  return new Date(iso).toLocaleDateString(hass.locale.language, {
    timeZone: hass.config.time_zone,
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}
