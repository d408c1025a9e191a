/* sources eab32f15146e09762d7988526c3cc571cc7509346a7618404b78fc70e2ad92aa */
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
