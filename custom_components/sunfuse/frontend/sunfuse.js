/* sources 27e0bec8e893b40a90c1b6ea1c0b999ed0d0bda0e100f2078390d49a4f375bc7 */
// src/loader.ts
var e = new URL(import.meta.url), t = new URL(`sunfuse-cards.js${e.search}`, e), n = document.createElement("link");
n.rel = "modulepreload", n.href = t.href, document.head.append(n), await customElements.whenDefined("home-assistant"), await import(
	/* @vite-ignore */
	t.href
);
