/* Loads the cards once Home Assistant's own elements are there.

   Home Assistant replaces the browser's registry of elements while it starts. This script is loaded beside it; elements
   that were made before would be unknown after. */

export {};

const here = new URL(import.meta.url);
// The same version: all files of a build belong together.
const cards = new URL(`sunfuse-cards.js${here.search}`, here);
// Fetched at once: Home Assistant will ask for a hundred files of its own, and the browser for six at a time.
const ahead = document.createElement("link");
ahead.rel = "modulepreload";
ahead.href = cards.href;
document.head.append(ahead);
await customElements.whenDefined("home-assistant");
await import(/* @vite-ignore */ cards.href);
