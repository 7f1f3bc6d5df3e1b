import { fault } from "../../errors.js";

/** Steps and what each waits for, by their place in the file. */
export interface StepGraph {
  readonly ids: readonly string[];
  /** Places of the steps that a step waits for. */
  readonly needs: readonly ReadonlySet<number>[];
}

/**
 * An order in which the steps can run: each after all that it waits for, and of those that could come next always the one that is
 * declared first.
 *
 * @throws DatapyError `DATAPY_STEP_CYCLE`
 */
export function runningOrder({ ids, needs }: StepGraph): number[] {
  const dependents = dependentsOf(needs);
  const open = needs.map((own) => own.size);
  const ready = new FirstDeclared();
  open.forEach((count, index) => {
    if (count === 0) ready.add(index);
  });
  const order: number[] = [];
  for (let next = ready.take(); next !== undefined; next = ready.take()) {
    order.push(next);
    for (const dependent of dependents[next] ?? []) {
      open[dependent] = (open[dependent] ?? 0) - 1;
      if (open[dependent] === 0) ready.add(dependent);
    }
  }
  if (order.length < ids.length) {
    const circle = findCircle(needs, new Set(order)).map((index) => ids[index] ?? "");
    throw fault("DATAPY_STEP_CYCLE", { cycle: circle.join(" → ") });
  }
  return order;
}

/** Places of the steps that wait for a step, by its place. */
export function dependentsOf(needs: readonly ReadonlySet<number>[]): readonly (readonly number[])[] {
  const dependents: number[][] = needs.map(() => []);
  needs.forEach((own, index) => {
    for (const need of own) dependents[need]?.push(index);
  });
  return dependents;
}

/** All that can be reached from `starts` along `next`, the starts themselves included. */
export function reachable(starts: Iterable<number>, next: readonly Iterable<number>[]): Set<number> {
  const found = new Set<number>();
  const waiting = [...starts];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    for (const other of next[one] ?? []) if (!found.has(other)) waiting.push(other);
  }
  return found;
}

function findCircle(needs: readonly ReadonlySet<number>[], done: ReadonlySet<number>): number[] {
  const start = needs.findIndex((_, index) => !done.has(index));
  const path: number[] = [];
  for (let current = start; !path.includes(current);) {
    path.push(current);
    current = [...(needs[current] ?? [])].find((one) => !done.has(one)) ?? start;
    if (path.includes(current)) return [...path.slice(path.indexOf(current)), current].reverse();
  }
  return path;
}

/** A binary heap: what is added comes out in the order of the file. */
class FirstDeclared {
  readonly #heap: number[] = [];

  add(value: number): void {
    const heap = this.#heap;
    let index = heap.push(value) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if ((heap[above] ?? 0) <= value) break;
      heap[index] = heap[above] ?? 0;
      index = above;
    }
    heap[index] = value;
  }

  take(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && (heap[below + 1] ?? 0) < (heap[below] ?? 0)) below += 1;
      if ((heap[below] ?? 0) >= last) break;
      heap[index] = heap[below] ?? 0;
      index = below;
    }
    heap[index] = last;
    return first;
  }
}
