/** A process that reads: queries and a subscription, each answer held against the model. */
import { FeedReader, Subscription, newStopWord, subscriptionHandle } from '../../../query/dist/index.js';
import type { FeedSource } from '../../../ingest/dist/lane-source.js';
import type { Kernel, Process, Thread } from './kernel.js';
import type { Model } from './model.js';
import type { Random } from './random.js';
import { type Shape, Violation, idOf, timeOf } from './records.js';

/** What a walk over a feed found. */
export interface Found {
  readonly sequences: number[];
  readonly ids: number[];
}

export class ReaderProcess implements Process {
  readonly name = 'reader';
  readonly #thread: Thread = { name: 'reader', process: this, alive: true };
  readonly #reader: FeedReader;
  #subscription: Subscription | undefined;
  /** Where the subscription is, by what it has given. */
  #next = 0;
  #lost: { from: number; to: number }[] = [];
  #idle = 0;

  constructor(private readonly kernel: Kernel, readonly source: FeedSource, private readonly shape: Shape) {
    this.#reader = new FeedReader(source);
  }

  /** One look, of a kind that chance decides. */
  step(model: Model, random: Random): string {
    return this.#as(() => {
      const kind = random.below(16);
      if (kind < 9) return this.#follow(model, random);
      if (kind < 11) return this.#last(model, random);
      if (kind < 14) return this.#from(model, random);
      if (kind < 15) return this.#range(model, random);
      return this.#bounds(model);
    });
  }

  /** Everything there is, by number and by id, as a subscription from the beginning gives it; queries have to say the same. */
  everything(): Found {
    return this.#as(() => {
      const found: Found = { sequences: [], ids: [] };
      const subscription = this.#subscribe(0);
      try {
        for (let empty = 0; empty < 2;) {
          const run = subscription.poll();
          if (run === undefined) {
            empty += 1;
            continue;
          }
          for (let i = 0; i < run.length; i++) {
            found.sequences.push(run.firstSequence + i);
            found.ids.push(idOf(run.tuple(i) as unknown[], this.shape));
          }
        }
      } finally {
        subscription.close();
      }
      const { records } = this.#reader.readFromSync(0, 1e9);
      const ids = (records as unknown[][]).map((record) => idOf(record, this.shape));
      if (ids.length !== found.ids.length || ids.some((id, i) => id !== found.ids[i])) {
        const wrong = ids.findIndex((id, i) => id !== found.ids[i]);
        throw new Violation(`a query finds ${ids.length} records, a subscription ${found.ids.length}; at ${wrong}: ${ids[wrong]} and ${found.ids[wrong]} (number ${found.sequences[wrong]}, after ${found.sequences[wrong - 1]})`);
      }
      return found;
    });
  }

  /** Whether the subscription has had everything there is. */
  finish(model: Model): void {
    this.#as(() => {
      if (this.#subscription === undefined) return;
      for (let idle = 0; idle < 600;) idle = this.#poll(this.#subscription, model, 4096) === 0 ? idle + 1 : 0;
      if (this.#next < (model.sequences.at(-1) ?? -1)) throw new Violation(`the subscription stays at ${this.#next}, and there are records up to ${model.sequences.at(-1) as number}`);
    });
  }

  /** Lets go of everything: its process ends. */
  close(): void {
    this.#as(() => {
      this.#subscription?.close();
      this.#subscription = undefined;
      void this.#reader.close();
    });
    this.kernel.end(this);
  }

  #as<T>(look: () => T): T {
    const before = this.kernel.current;
    this.kernel.current = this.#thread;
    try {
      return look();
    } finally {
      this.kernel.current = before;
    }
  }

  #subscribe(from: number): Subscription {
    const handle = subscriptionHandle(this.source, newStopWord());
    return new Subscription(handle, { fromSequence: from, onLoss: (range) => { this.#lost.push({ from: range.from, to: range.to }); } });
  }

  #follow(model: Model, random: Random): string {
    if (this.#subscription !== undefined && random.chance(0.01)) {
      this.#subscription.close();
      this.#subscription = undefined;
    }
    if (this.#subscription === undefined) {
      const start = random.chance(0.3) ? 0 : model.sequences[random.below(Math.max(1, model.count))] ?? model.seenEnd;
      this.#next = start;
      this.#lost = [];
      this.#subscription = this.#subscribe(start);
      return `subscribes from ${start}`;
    }
    const count = this.#poll(this.#subscription, model, random.pick([1, 10, 100, 4096]));
    return `is given ${count} records, up to ${this.#next}`;
  }

  #poll(subscription: Subscription, model: Model, max: number): number {
    const run = subscription.poll(max);
    for (const { from, to } of this.#lost.splice(0)) model.lost(from, to);
    if (run === undefined) {
      // A successor of the ring is looked for once in a while only.
      this.#idle += 1;
      if (this.#idle > 600 && this.#next <= (model.sequences.at(-1) ?? -1)) throw new Violation(`the subscription is at ${this.#next} and finds nothing, up to ${model.sequences.at(-1) as number} there is`);
      return 0;
    }
    this.#idle = 0;
    let place = model.indexOf(this.#next);
    for (let i = 0; i < run.length; i++, place++) {
      const sequence = run.firstSequence + i;
      const id = idOf(run.tuple(i) as unknown[], this.shape);
      if (model.sequences[place] !== sequence || model.ids[place] !== id) {
        throw new Violation(`the subscription at ${this.#next} is given record ${id} as number ${sequence}; next is ${model.ids[place]} as ${model.sequences[place]}`);
      }
    }
    this.#next = run.firstSequence + run.length;
    return run.length;
  }

  #last(model: Model, random: Random): string {
    const count = random.between(1, 40);
    const records = this.#reader.lastSync(count) as unknown[][];
    this.#compare(records, model.ids.slice(-count), `last ${count}`);
    return `reads the last ${count}`;
  }

  #from(model: Model, random: Random): string {
    const all = random.chance(0.1);
    const place = all ? 0 : random.below(model.count + 1);
    const from = all ? 0 : model.sequences[place] ?? model.seenEnd;
    const max = all ? 1e9 : random.between(1, 100);
    const { records, first } = this.#reader.readFromSync(from, max);
    const wanted = model.ids.slice(place, place + max);
    this.#compare(records as unknown[][], wanted, `${max} from ${from}`);
    if (wanted.length > 0 && first !== model.sequences[place]) throw new Violation(`what is read from ${from} on begins with ${first}, not ${model.sequences[place]}`);
    return `reads ${wanted.length} from ${from}`;
  }

  #range(model: Model, random: Random): string {
    const low = timeOf(model.ids[random.below(Math.max(1, model.count))] ?? 1);
    const high = low + random.pick([1, 100, 1000]);
    const records = this.#reader.rangeSync(low, high) as unknown[][];
    this.#compare(records, model.ids.filter((id) => timeOf(id) >= low && timeOf(id) < high), `times from ${low} to ${high}`);
    return `reads times ${low} to ${high}`;
  }

  #bounds(model: Model): string {
    const { first, next } = this.#reader.bounds();
    if (model.count > 0 && first !== model.sequences[0]) throw new Violation(`the feed is said to begin with ${first}, and does with ${model.sequences[0] as number}`);
    if (model.count > 0 && next <= (model.sequences.at(-1) as number)) throw new Violation(`the next record is said to be ${next}, and ${model.sequences.at(-1) as number} is there`);
    return `asks for the bounds: ${first}, ${next}`;
  }

  #compare(records: unknown[][], wanted: number[], what: string): void {
    const ids = records.map((record) => idOf(record, this.shape));
    const wrong = ids.findIndex((id, i) => id !== wanted[i]);
    if (ids.length === wanted.length && wrong < 0) return;
    throw new Violation(`${what}: ${ids.length} records, ${wanted.length} wanted${wrong < 0 ? '' : `; the first that differs is ${wrong}: ${ids[wrong] as number}, wanted ${wanted[wrong]}`} (last ${ids.at(-1)}, wanted ${wanted.at(-1)})`);
  }
}
