import cliProgress from 'cli-progress';

/** A piece of work under way. */
export interface Task {
  /** So many records more are done. */
  advance(records: number): void;
  /** The piece is done; `note` says what came of it. */
  finish(note?: string): void;
}

export interface Progress {
  /** @param total records to expect, or null where only doing it tells */
  start(title: string, total: number | null): Task;
}

/** A bar that fills on a terminal, a line for each finished piece of work elsewhere. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
}

const TITLE_WIDTH = 42;

function barProgress(stream: NodeJS.WriteStream): Progress {
  return {
    start(title, total) {
      const startedMs = performance.now();
      const known = total !== null;
      const bar = new cliProgress.SingleBar({
        stream,
        format: known ? '{title} [{bar}] {percentage}% | {value}/{total} {note}' : '{title} {value} {note}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 28,
        // The engine closes on SIGINT and SIGTERM; a second handler for the bar's sake would be in its way.
        hideCursor: null,
        gracefulExit: false,
        formatValue: (value, _options, type) => (type === 'value' || type === 'total' ? value.toLocaleString('en-US') : String(value)),
        // Writing is synchronous and leaves no time for a timer to draw: advance() itself draws when it is time.
        synchronousUpdate: true,
        fps: 20,
      });
      let done = 0;
      bar.start(total ?? 0, 0, { title: title.padEnd(TITLE_WIDTH), note: '' });
      return {
        advance(records) {
          done += records;
          bar.update(done);
        },
        finish(note) {
          bar.update(done, { note: note ?? rate(done, startedMs) });
          bar.stop();
        },
      };
    },
  };
}

function lineProgress(stream: NodeJS.WriteStream): Progress {
  return {
    start(title) {
      const startedMs = performance.now();
      let done = 0;
      return {
        advance(records) {
          done += records;
        },
        finish(note) {
          const records = done > 0 ? `${done.toLocaleString('en-US').padStart(9)} records  ` : '';
          stream.write(`${title.padEnd(TITLE_WIDTH)} ${records}${note ?? rate(done, startedMs)}\n`);
        },
      };
    },
  };
}

function rate(records: number, startedMs: number): string {
  const perSecond = (records / (performance.now() - startedMs)) * 1000;
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(1)} M/s` : `${(perSecond / 1e3).toFixed(0)} k/s`;
}
