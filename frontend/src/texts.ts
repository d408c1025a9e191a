/* The cards' texts: those of the integration, in the language of who looks. */

import type { Hass, Values } from "./home-assistant";
import { persistently } from "./persistent";

export type Say = (key: string, values?: Values) => string;

const loaded = new Map<string, Promise<Say>>();
let latest: Say | undefined;

export function texts(hass: Hass): Promise<Say> {
  const language = hass.language;
  let say = loaded.get(language);
  if (!say) {
    say = persistently(() => hass.loadBackendTranslation("common", "sunfuse")).then((localize) => {
      latest = (key, values) => localize(`component.sunfuse.common.card_${key}`, values) || key;
      return latest;
    });
    loaded.set(language, say);
  }
  return say;
}

/** A text if any card has loaded them by now, for what is asked without waiting. */
export function known(key: string): string | undefined {
  return latest?.(key);
}

/** The name of an entity's state, as the integration's entities have it. */
export function stateName(hass: Hass, kind: string, entity: string, state: string): string {
  return hass.localize(`component.sunfuse.entity.${kind}.${entity}.state.${state}`) || state;
}
