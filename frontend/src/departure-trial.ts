/* Another departure, tried out before it holds: dragged, moved by keys or typed; then asked for, and set or dropped.

   A drag belongs to the pointer and not to the mark under it: the plan is made anew while somebody drags, and the mark is
   then another element. Until the pointer is up the chart stays as it was, so that nothing moves under the thumb. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { QUARTER } from "./plan-model";
import type { Plan, PlannedCar, Scale } from "./plan-model";

export interface Trial {
  car: string;
  at: number;
  plan?: Plan;
  problem?: string;
  /* Although there is a problem: only its plan is not known. */
  settable?: boolean;
}

const STEPS: Record<string, number> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 4,
  PageDown: -4,
};

export class DepartureTrial implements ReactiveController {
  now: Trial | undefined;
  dragging = false;
  private asked = 0;
  private release: (() => void) | undefined;
  private readonly host: ReactiveControllerHost;
  private readonly ask: (car: string, at: number) => Promise<Plan>;
  private readonly dragged: () => void;

  constructor(host: ReactiveControllerHost, ask: (car: string, at: number) => Promise<Plan>, dragged: () => void) {
    this.host = host;
    this.ask = ask;
    this.dragged = dragged;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.release?.();
    this.now = undefined;
  }

  drop(): void {
    this.asked += 1;
    this.now = undefined;
    this.host.requestUpdate();
  }

  fail(problem: string): void {
    if (this.now) this.now = { ...this.now, problem };
    this.host.requestUpdate();
  }

  /** Follow a pointer from where it went down until it is up. */
  drag(event: PointerEvent, car: PlannedCar, scale: Scale, left: number): void {
    if (this.dragging || event.button > 0) return;
    event.preventDefault();
    (event.currentTarget as Element).closest<HTMLElement>("[role=slider]")?.focus({ preventScroll: true });
    const before = this.now;
    const mine = (next: PointerEvent) => next.pointerId === event.pointerId;
    const moved = (next: PointerEvent) => {
      if (mine(next)) this.place(car.id, scale.leaving(scale.at(next.clientX - left)));
    };
    const up = (next: PointerEvent) => {
      if (!mine(next)) return;
      this.release?.();
      if (this.now && this.now !== before) void this.tryOut();
    };
    const cancelled = (next: PointerEvent) => {
      if (!mine(next)) return;
      this.now = before;
      this.release?.();
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", cancelled);
    this.dragging = true;
    this.release = () => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", cancelled);
      this.release = undefined;
      this.dragging = false;
      this.dragged();
      this.host.requestUpdate();
    };
  }

  /** Arrow keys move by a quarter of an hour, page keys by an hour; Escape takes it back. */
  key(event: KeyboardEvent, car: PlannedCar, at: number, scale: Scale): void {
    const by = STEPS[event.key];
    if (!by && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (by) this.type(car.id, scale.leaving(at + by * QUARTER));
    else this.drop();
  }

  /** Try a time that was typed or stepped to. */
  type(car: string, at: number): void {
    this.place(car, at);
    void this.tryOut();
  }

  private place(car: string, at: number): void {
    const plan = this.now?.car === car ? this.now.plan : undefined;
    this.now = { car, at, ...(plan ? { plan } : {}) };
    this.host.requestUpdate();
  }

  /** Ask what it comes to. Only the answer to what was asked last counts: earlier ones may come later. */
  private async tryOut(): Promise<void> {
    const trial = this.now;
    if (!trial) return;
    const asked = ++this.asked;
    let answer: Partial<Trial>;
    try {
      answer = { plan: await this.ask(trial.car, trial.at) };
    } catch (error) {
      const { message, settable } = error as Error & { settable?: boolean };
      answer = { problem: message ?? String(error), ...(settable ? { settable } : {}) };
    }
    if (asked !== this.asked || !this.now) return;
    this.now = { car: this.now.car, at: this.now.at, ...answer };
    this.host.requestUpdate();
  }
}
