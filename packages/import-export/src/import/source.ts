/** What is imported, whatever it is: a file, or a feed of another store. */
import type { Batch, ReadContext } from './batch.js';
import type { LayoutName } from './layout-names.js';

export interface Source {
  readonly path: string;
  readonly bytes: number;
  /** Packed bytes that were read since it was opened. */
  readonly bytesRead: number;
  /** What tells its content from every other. */
  hash(signal: AbortSignal | undefined, told: (bytes: number) => void): Promise<string>;
  /** Whether it can be read to its end, as far as that can be told without making records of it. @throws DeepwaterError DW_IMPORT_UNREADABLE */
  tryUnpacking(signal: AbortSignal | undefined): Promise<void>;
  /** What it looks like. @param told of bytes that were read for it, where that is all of them @throws DeepwaterError DW_IMPORT_LAYOUT */
  layout(told?: (bytes: number) => void): Promise<SourceLayout>;
  /** @throws DeepwaterError DW_IMPORT_UNREADABLE where it was changed since it was opened */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export interface SourceLayout {
  readonly name: LayoutName;
  /** What else decides which records it gives: a date in its name, the files before it. */
  readonly identity: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>);
  /** Later sources depend on what this one leaves behind, so it is read to its end even where all of it is in already. */
  readonly leaves?: boolean;
  /** Of a source that may grow: how many rows it has by now. More than an import of before has seen are gone on with. */
  readonly rows?: number;
  /** The time of its first record, ns, where it is known without reading records. */
  firstTime?(): bigint;
  /** Its records, always the same ones in the same order. May be called again, for another run through it. */
  read(context: ReadContext): AsyncIterable<Batch>;
}

/** A source that is not open yet: there may be more of them than files may be open. */
export interface SourceRef {
  readonly path: string;
  readonly bytes: number;
  open(): Promise<Source>;
}
