/* Loads the cards once Home Assistant's own elements are there.

   Home Assistant replaces the browser's registry of elements while it starts. This script is loaded beside it; elements
   that were made before would be unknown after. */

import type { Hass } from "./home-assistant";

const here = new URL(import.meta.url);
// The same version: all files of a build belong together.
const cards = new URL(`sunfuse-cards.js${here.search}`, here);
// Fetched at once: Home Assistant will ask for a hundred files of its own, and the browser for six at a time.
const ahead = document.createElement("link");
ahead.rel = "modulepreload";
ahead.href = cards.href;
document.head.append(ahead);
await customElements.whenDefined("home-assistant");
const loaded: Promise<{ generate: (hass: Hass) => Promise<unknown> }> = import(/* @vite-ignore */ cards.href);

/* Home Assistant waits five seconds for a strategy, which a busy phone may need for the cards: this part is there at once. */
const STRATEGY = "ll-strategy-dashboard-sunfuse";
class Strategy extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  static async generate(_config: unknown, hass: Hass): Promise<unknown> {
    return (await loaded).generate(hass);
  }
}
if (!customElements.get(STRATEGY)) customElements.define(STRATEGY, Strategy);

window.customStrategies = window.customStrategies ?? [];
window.customStrategies.push({
  type: "sunfuse",
  strategyType: "dashboard",
  name: "Sunfuse",
  description: "EV chargers, sun, plan and sessions of each site",
});
