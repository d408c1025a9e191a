/* The visual editors of the cards: forms of Home Assistant's own, with the sites and chargers that there are. */

import type { Hass } from "./home-assistant";
import { texts } from "./texts";

export interface Site {
  entry_id: string;
  title: string;
  whole: boolean;
  chargers: string[];
  names: Record<string, string>;
}

export type Field = "charger" | "chargers";

interface ConfigForm {
  schema: Record<string, unknown>[];
  computeLabel(field: { name: string }): string;
  computeHelper(field: { name: string }): string;
}

function home(): Hass {
  return (document.querySelector("home-assistant") as unknown as { hass: Hass }).hass;
}

/** Any card is of a site, and has a title; some show one charger, or only those that are chosen. */
export async function configForm(...fields: Field[]): Promise<ConfigForm> {
  const hass = home();
  const [say, sites] = await Promise.all([texts(hass), hass.callWS<Site[]>({ type: "sunfuse/sites" })]);
  const several = sites.length > 1;
  const options = sites.flatMap((site) =>
    site.chargers.map((value) => {
      const name = site.names[value] ?? value;
      return { value, label: several ? `${name} (${site.title})` : name };
    }),
  );
  const select = (multiple: boolean) => ({ select: { options, multiple, mode: "dropdown", sort: true } });
  return {
    schema: [
      { name: "site", selector: { config_entry: { integration: "sunfuse" } } },
      ...fields.map((name) => ({ name, selector: select(name === "chargers") })),
      { name: "title", selector: { text: {} } },
    ],
    computeLabel: ({ name }) => say(`field_${name}`),
    computeHelper: ({ name }) => (name === "title" ? "" : say(`field_${name}_help`)),
  };
}
