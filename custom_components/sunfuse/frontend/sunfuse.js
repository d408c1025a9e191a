/* sources 39e1631acb46c2e7e2bf7af7e0ed9cebcb07aaf1f14fecce4623c2d8ae84d3a2 */
// src/loader.ts
await customElements.whenDefined("home-assistant");
var e = new URL(import.meta.url);
await import(
	/* @vite-ignore */
	new URL(`sunfuse-cards.js${e.search}`, e).href
);
