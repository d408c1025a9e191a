/* Follows what is pushed about a site for as long as an element is shown; another site is another feed. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { feed } from "./feed";
import type { Hass } from "./home-assistant";

export class Following<T> implements ReactiveController {
  private stop: (() => void) | undefined;
  private asked: string | undefined;
  private readonly host: ReactiveControllerHost & HTMLElement;
  private readonly told: (news: T | undefined) => void;

  constructor(host: ReactiveControllerHost & HTMLElement, told: (news: T | undefined) => void) {
    this.host = host;
    this.told = told;
    host.addController(this);
  }

  /** Called whenever the element is drawn; only what is new is asked. */
  follow(hass: Hass, message: Record<string, unknown>): void {
    const asked = JSON.stringify(message);
    if (!this.host.isConnected || this.asked === asked) return;
    this.stop?.();
    this.asked = asked;
    this.stop = feed<T>(hass, message).listen(this.told);
  }

  /** A dashboard keeps the cards of a view that is left, and shows them again. */
  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.stop?.();
    this.stop = undefined;
    this.asked = undefined;
  }
}
