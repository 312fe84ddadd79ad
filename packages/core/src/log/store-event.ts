export type EventLevel = 'debug' | 'info' | 'warn' | 'error';

/** Something that happened in a store and that nobody is waiting for: it goes to the log. */
export interface StoreEvent {
  readonly level: EventLevel;
  readonly message: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export type EventSink = (event: StoreEvent) => void;
