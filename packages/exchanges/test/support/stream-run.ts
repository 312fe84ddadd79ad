/** A source with a transport of its own, run as users run it, with all that comes of it. */
import { BadFrame, type BookSide, type ConnectionEvent, type ConnectionOptions, type RecordSink, type StreamSource, type Wanted, newLink } from '../../dist/index.js';
import type { Written } from './scripted-host.js';

/** Keeps what is written. A price that is in `unholdable` fits no record; while `broken` is set nothing can be written at all. */
export class KeptRecords implements RecordSink {
  readonly written: Written[] = [];
  readonly unholdable = new Set<unknown>();
  broken: Error | undefined;

  of(symbol: string) {
    const write = (kind: string, values: unknown[]): void => {
      if (this.broken !== undefined) throw this.broken;
      if (values.some((value) => this.unholdable.has(value))) throw new BadFrame('a value that does not fit');
      this.written.push([kind, symbol, ...values]);
    };
    return {
      trade: (...values: unknown[]) => { write('trade', values); },
      quote: (...values: unknown[]) => { write('quote', values); },
      beginBook: (...values: unknown[]) => { write('beginBook', values); },
      level: (...values: [side: BookSide, price: unknown, size: unknown]) => { write('level', values); },
      endBook: () => { write('endBook', []); },
      heartbeat: (...values: unknown[]) => { write('heartbeat', values); },
    };
  }

  /** What was written of a kind, without the kind. */
  all(kind: string): unknown[][] {
    return this.written.filter(([of]) => of === kind).map(([, ...rest]) => rest);
  }
}

export function runOf(source: StreamSource, wanted: Wanted, options: Partial<ConnectionOptions> = {}) {
  const records = new KeptRecords();
  const events: ConnectionEvent[] = [];
  const bad: [reason: string, text: string][] = [];
  const frames: string[] = [];
  const errors: unknown[] = [];
  const link = newLink(source, wanted, {
    records, backoff: { minMs: 5, maxMs: 20 }, onEvent: (event) => { events.push(event); }, onBad: ({ reason }, text) => { bad.push([reason, text]); },
    onFrame: (text) => { frames.push(text); }, onError: (error) => { errors.push(error); }, ...options,
  });
  return { link, records, events, bad, frames, errors };
}
