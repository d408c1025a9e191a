/* Loads the cards once Home Assistant's own elements are there.

   Home Assistant replaces the browser's registry of elements while it starts. This script is loaded beside it; elements
   that were made before would be unknown after. */

export {};

await customElements.whenDefined("home-assistant");
const here = new URL(import.meta.url);
// The same version: all files of a build belong together.
const cards = new URL(`sunfuse-cards.js${here.search}`, here);
await import(/* @vite-ignore */ cards.href);
