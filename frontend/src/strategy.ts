/* Lays out a dashboard for whatever the sites have. Home Assistant asks again when chargers come and go. */

import type { Site } from "./editor";
import { siteFeed } from "./feed";
import type { Hass } from "./home-assistant";
import { persistently } from "./persistent";
import { texts } from "./texts";
import type { Say } from "./texts";

type Config = Record<string, unknown>;

/* More than these are found sooner in a table than on cards of their own. */
const MOST_CARDS = 6;
const WARM_MS = 10_000;

function section(...cards: Config[]): Config {
  return { type: "grid", cards };
}

function view(site: Site, say: Say): Config {
  const here = { site: site.entry_id };
  const sections: Config[] = [];
  // A table of one says nothing that its card does not; who has one charger accepts the next ones beside the site.
  const only = site.chargers.length === 1;
  if (site.whole) sections.push(section({ type: "custom:sunfuse-site-card", ...here, ...(only ? { new_chargers: true } : {}) }));
  if (site.chargers.length > MOST_CARDS) {
    sections.push({
      ...section({ type: "custom:sunfuse-chargers-card", ...here, grid_options: { columns: "full" } }),
      column_span: 3,
    });
  } else {
    for (const charger of site.chargers) {
      sections.push(section({ type: "custom:sunfuse-charger-card", ...here, charger }));
    }
    if (site.whole && !only) {
      sections.push({
        ...section({ type: "custom:sunfuse-chargers-card", ...here, grid_options: { columns: "full" } }),
        column_span: 2,
      });
    }
  }
  if (site.chargers.length) {
    sections.push({
      ...section({ type: "custom:sunfuse-plan-card", ...here, grid_options: { columns: "full" } }),
      column_span: 2,
    });
  }
  if (site.chargers.length) {
    sections.push({
      ...section({ type: "custom:sunfuse-sessions-card", ...here, grid_options: { columns: "full" } }),
      column_span: 2,
    });
  }
  if (site.whole) sections.push(section({ type: "custom:sunfuse-capacity-card", ...here }));
  return {
    title: site.title || say("site"),
    path: site.entry_id.toLowerCase(),
    type: "sections",
    max_columns: 4,
    dense_section_placement: true,
    sections,
  };
}

/** Ask for what the cards will show while Home Assistant still makes them. */
function warm(hass: Hass, site: Site): void {
  const leave = siteFeed(hass, site.entry_id).listen(() => undefined);
  setTimeout(leave, WARM_MS);
}

export async function generate(hass: Hass): Promise<Config> {
  const [say, sites] = await Promise.all([texts(hass), persistently(() => hass.callWS<Site[]>({ type: "sunfuse/sites" }))]);
  for (const site of sites) warm(hass, site);
  if (sites.length) return { views: sites.map((site) => view(site, say)) };
  const link = hass.user?.is_admin ? ` [${say("add_site")}](/config/integrations/dashboard/add?domain=sunfuse)` : "";
  return {
    views: [{ title: "Sunfuse", cards: [{ type: "markdown", content: `${say("no_site")}${link}` }] }],
  };
}
