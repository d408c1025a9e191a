/* sources d647b072d52369e4dc29df0b7b4ab3ab5c792625195dcdbc31c8f64686009e8b */
// src/loader.ts
var e = new URL(import.meta.url), t = new URL(`sunfuse-cards.js${e.search}`, e), n = document.createElement("link");
n.rel = "modulepreload", n.href = t.href, document.head.append(n), await customElements.whenDefined("home-assistant");
var r = import(
	/* @vite-ignore */
	t.href
), i = "ll-strategy-dashboard-sunfuse", a = class extends HTMLElement {
	static registryDependencies = ["entities", "devices"];
	static async generate(e, t) {
		return (await r).generate(t);
	}
};
customElements.get(i) || customElements.define(i, a), window.customStrategies = window.customStrategies ?? [], window.customStrategies.push({
	type: "sunfuse",
	strategyType: "dashboard",
	name: "Sunfuse",
	description: "EV chargers, sun, plan and sessions of each site"
});
