/* All of Sunfuse's frontend: the integration has Home Assistant load it in every dashboard. */

import "./capacity-card";
import "./charger-card";
import "./chargers-card";
import "./driver-panel";
import "./plan-card";
import "./report-panel";
import "./sessions-card";
import "./setup-panel";
import "./site-card";
import "./strategy";

const CARDS: [string, string, string][] = [
  ["sunfuse-site-card", "Sunfuse: site", "Flows, circuits, peak and limits of a site"],
  ["sunfuse-charger-card", "Sunfuse: charger", "What a charger does and why, with mode, boost and pause"],
  ["sunfuse-chargers-card", "Sunfuse: chargers", "All chargers in one table, and new ones to accept"],
  ["sunfuse-plan-card", "Sunfuse: plan", "The coming hours, with departures to drag and a preview"],
  ["sunfuse-sessions-card", "Sunfuse: sessions", "What was charged, by month, person, car and charger"],
  ["sunfuse-capacity-card", "Sunfuse: capacity", "How much the grid connection carries, hour by hour"],
];

window.customCards = window.customCards ?? [];
for (const [type, name, description] of CARDS) {
  window.customCards.push({ type, name, description, preview: true });
}
