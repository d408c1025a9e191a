/* sources 8f5f7ec5d05eb700b0dec8f080f52d834ef9b7423d04622c94aba0d3655bce84 */
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
