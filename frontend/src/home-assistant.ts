/* What the cards use of Home Assistant's frontend. */

export interface HassEntity {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
}

export type Values = Record<string, string | number>;
export type Localize = (key: string, values?: Values) => string;

export interface Connection {
  addEventListener(event: "ready", listener: () => void): void;
  removeEventListener(event: "ready", listener: () => void): void;
  subscribeMessage<T>(
    callback: (message: T) => void,
    message: Record<string, unknown>,
    options?: { resubscribe?: boolean },
  ): Promise<() => Promise<void>>;
}

/* What a user has chosen in their profile. */
export interface Locale {
  language: string;
  number_format?: string;
  time_format?: string;
  time_zone?: string;
}

export interface Hass {
  connection: Connection;
  states: Record<string, HassEntity>;
  language: string;
  locale: Locale;
  config: { currency: string; time_zone: string; external_url?: string | null };
  themes?: { darkMode?: boolean };
  user?: { id: string; is_admin: boolean; name: string };
  localize: Localize;
  callService(domain: string, service: string, data?: Record<string, unknown>): Promise<unknown>;
  callWS<T>(message: Record<string, unknown>): Promise<T>;
  loadBackendTranslation(category: string, integration: string): Promise<Localize>;
}

export interface CardConfig {
  type: string;
  site?: string;
  charger?: string;
  chargers?: string[];
  title?: string;
  /* Whether the card of a site shows the chargers that wait to be accepted. */
  new_chargers?: boolean;
}

interface Registered {
  type: string;
  name: string;
  description: string;
  preview?: boolean;
  documentationURL?: string;
  strategyType?: string;
}

declare global {
  interface Window {
    customCards?: Registered[];
    customStrategies?: Registered[];
  }
}

export function define(tag: string, element: CustomElementConstructor): void {
  if (!customElements.get(tag)) customElements.define(tag, element);
}

export function navigate(path: string, replace = false): void {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace } }));
}

export function moreInfo(from: HTMLElement, entityId: string): void {
  from.dispatchEvent(
    new CustomEvent("hass-more-info", { detail: { entityId }, bubbles: true, composed: true }),
  );
}

/** Say something at the edge of the page for some seconds, as Home Assistant itself does. */
export function toast(from: HTMLElement, message: string): void {
  from.dispatchEvent(new CustomEvent("hass-notification", { detail: { message }, bubbles: true, composed: true }));
}
