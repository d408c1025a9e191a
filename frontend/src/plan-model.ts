/* What the plan card shows and tries out, and where a time is in its chart. */

export interface PlannedCar {
  id: string;
  name: string;
  device_id: string | null;
  may_drive: boolean;
  power_w: number[];
  departure: string | null;
  ready: string | null;
  /* Null where nobody knows how much the car takes, and so what that costs. */
  energy_wh: number | null;
  missing_wh: number;
  cost: number | null;
  saving: number | null;
  sun_share: number;
}

export interface Plan {
  speed: number;
  currency: string;
  failing: boolean;
  made_at?: string;
  starts?: string[];
  end?: string | null;
  cars?: PlannedCar[];
  sun_w?: number[];
  house_w?: number[];
  price?: number[] | null;
  /* Whether what things cost is known. */
  priced?: boolean;
  limit_w?: number | null;
}

export const QUARTER = 15 * 60_000;

/** From instants to pixels and back: `times` are the beginnings of the steps, and the end of the last one. */
export class Scale {
  readonly times: number[];
  readonly start: number;
  readonly end: number;

  constructor(plan: Plan, start: number, end: number) {
    const starts = (plan.starts ?? []).map((at) => Date.parse(at));
    this.times = [...starts, plan.end ? Date.parse(plan.end) : (starts[starts.length - 1] ?? 0) + QUARTER];
    this.start = start;
    this.end = end;
  }

  get steps(): number {
    return this.times.length - 1;
  }

  get from(): number {
    return this.times[0] ?? 0;
  }

  get to(): number {
    return this.times[this.steps] ?? this.from + 1;
  }

  x(at: number): number {
    return this.start + ((at - this.from) / (this.to - this.from)) * (this.end - this.start);
  }

  at(x: number): number {
    return this.from + ((x - this.start) / (this.end - this.start)) * (this.to - this.from);
  }

  /** Where a step begins. */
  edge(step: number): number {
    return this.x(this.times[step] ?? this.to);
  }

  /** The step that holds an instant, if any does. */
  step(at: number): number | undefined {
    const step = this.times.findIndex((start, index) => start <= at && at < (this.times[index + 1] ?? 0));
    return step < 0 ? undefined : step;
  }

  /** The quarter hour nearest to an instant in which a car can leave. */
  leaving(at: number): number {
    const quarter = Math.round(at / QUARTER) * QUARTER;
    return Math.min(this.to, Math.max(this.from + QUARTER, quarter));
  }
}
