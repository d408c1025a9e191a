/* sources a36053a0953c53e24eb96e17b660bd5be68e3145271533ae06f3c3ed318a1824 */
// src/loader.ts
var e = new URL(import.meta.url), t = new URL(`sunfuse-cards.js${e.search}`, e), n = document.createElement("link");
n.rel = "modulepreload", n.href = t.href, document.head.append(n), await customElements.whenDefined("home-assistant"), await import(
	/* @vite-ignore */
	t.href
);
