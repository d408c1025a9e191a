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

import { known } from "./texts";

export { generate } from "./strategy";

/* Each card, what it is called, and what it shows. */
const CARDS: [string, string, string][] = [
  ["sunfuse-site-card", "name_site", "about_site"],
  ["sunfuse-charger-card", "name_charger", "about_charger"],
  ["sunfuse-chargers-card", "name_chargers", "about_chargers"],
  ["sunfuse-plan-card", "name_plan", "about_plan"],
  ["sunfuse-sessions-card", "name_sessions", "about_sessions"],
  ["sunfuse-capacity-card", "name_capacity", "about_capacity"],
];

window.customCards = window.customCards ?? [];
for (const [type, name, about] of CARDS) {
  window.customCards.push({
    type,
    preview: true,
    // Asked when a user looks for a card; nobody waits for texts there.
    get name() {
      return known(name) ?? type;
    },
    get description() {
      return known(about) ?? "";
    },
  });
}
