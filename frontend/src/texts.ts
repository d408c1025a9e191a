/* The cards' texts: those of the integration, in the language of who looks. */

import type { Hass, Localize, Values } from "./home-assistant";
import { persistently } from "./persistent";

export type Say = (key: string, values?: Values) => string;

const categories = new Map<string, Promise<Localize>>();

/* Home Assistant answers the second who asks before the first one has the texts: so they are asked for once. */
function category(hass: Hass, name: string, domain: string): Promise<Localize> {
  const key = `${hass.language} ${name} ${domain}`;
  let found = categories.get(key);
  if (!found) {
    found = persistently(() => hass.loadBackendTranslation(name, domain));
    categories.set(key, found);
  }
  return found;
}

let latest: Say | undefined;

/** The texts of the cards, or of the site report. */
export async function texts(hass: Hass, of: "card" | "report" = "card"): Promise<Say> {
  const localize = await category(hass, "common", "sunfuse");
  const say: Say = (key, values) => localize(`component.sunfuse.common.${of}_${key}`, values) || key;
  if (of === "card") latest = say;
  return say;
}

/** What the choices of the integration's forms are called. */
export function formChoices(hass: Hass): Promise<Localize> {
  return category(hass, "selector", "sunfuse");
}

/** What Home Assistant says of something that went wrong. */
interface Refusal {
  code?: string | number;
  message?: string;
  translation_domain?: string;
  translation_key?: string;
  translation_placeholders?: Values;
}

/* The code of the connection's library, which says it alone, or in an answer of its own. */
const CONNECTION_LOST = 3;

/** What went wrong, in the language of who looks: the message itself is in the server's, with words for programmers before it. */
export async function problemInWords(hass: Hass, error: unknown): Promise<string> {
  const refusal: Refusal = (error as { error?: Refusal }).error ?? (error as Refusal);
  const { message, translation_domain: domain, translation_key: key, translation_placeholders: values } = refusal;
  if (error === CONNECTION_LOST || refusal.code === CONNECTION_LOST) {
    const words = hass.localize("ui.notification_toast.connection_lost");
    if (words) return words;
  }
  if (domain && key) {
    const localize = await category(hass, "exceptions", domain);
    const words = localize(`component.${domain}.exceptions.${key}.message`, values ?? {});
    if (words) return words;
  }
  return message ?? String(error);
}

/** When a charger in this mode charges, in words; nothing for one that is off. */
export function modeInWords(choice: Localize, mode: string): string {
  return choice(`component.sunfuse.selector.first_mode.options.${mode}`);
}

/** A text if any card has loaded them by now, for what is asked without waiting. */
export function known(key: string): string | undefined {
  return latest?.(key);
}

/** The name of an entity's state, as the integration's entities have it. */
export function stateName(hass: Hass, kind: string, entity: string, state: string): string {
  return hass.localize(`component.sunfuse.entity.${kind}.${entity}.state.${state}`) || state;
}
