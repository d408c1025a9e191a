/* sources b3de42ee5903ad6d3a21f758a8e18b50f489979c9394ef294c4e7619be3b0c6c */
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
