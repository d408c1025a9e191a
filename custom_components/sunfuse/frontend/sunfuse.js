/* sources d6b90e3ea8121a777dd9f9f2c8775fa8a46f8cc67daa03bcd4e0862137243bcf */
// src/loader.ts
await customElements.whenDefined("home-assistant");
var e = new URL(import.meta.url);
await import(
	/* @vite-ignore */
	new URL(`sunfuse-cards.js${e.search}`, e).href
);
