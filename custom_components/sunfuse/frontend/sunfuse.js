/* sources c4641dab2e98e5a62c2ea49908e37bfbd8cf1e284f5aa6199673e867219d46f7 */
// src/loader.ts
await customElements.whenDefined("home-assistant");
var e = new URL(import.meta.url);
await import(
	/* @vite-ignore */
	new URL(`sunfuse-cards.js${e.search}`, e).href
);
