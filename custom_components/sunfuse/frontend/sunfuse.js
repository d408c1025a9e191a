/* sources 98bc495fcdd544c077d90f44af185bc3dffbfe39b878917535a8adb05a0ad573 */
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
