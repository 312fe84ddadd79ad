import { transferHandlers } from 'comlink';
import { type SerializedError, deserializeError, serializeError } from '../errors/index.js';

/** What travels for a thrown error: Comlink's own form, which other copies of Comlink understand, and ours beside it. */
interface ThrownWire {
  readonly isError: boolean;
  readonly value: unknown;
  readonly deepwater?: SerializedError;
}

/** The wire form of whatever was thrown. */
export function thrownToWire(thrown: unknown): ThrownWire {
  const deepwater = serializeError(thrown);
  const { name, message, stack } = deepwater;
  return { isError: true, value: { name, message, stack }, deepwater };
}

/** A reply that makes Comlink reject the call with that id. */
export function rejectionOf(callId: string, error: Error): object {
  return { id: callId, type: 'HANDLER', name: 'throw', value: thrownToWire(error) };
}

let installed = false;

/**
 * Has Comlink carry errors with class, code, values and cause; by itself it keeps name, message and stack. The handler
 * table is one per thread and may be shared with the user's own Comlink, so both forms are read.
 */
export function installErrorTransfer(): void {
  if (installed) return;
  installed = true;
  // Comlink keeps the symbol that marks a thrown value to itself; its own handler knows it.
  const original = transferHandlers.get('throw') as { canHandle: (value: unknown) => value is { value: unknown } };
  transferHandlers.set('throw', {
    canHandle: original.canHandle,
    serialize: ({ value }: { value: unknown }) => [thrownToWire(value), []],
    deserialize: (wire: ThrownWire): never => {
      if (wire.deepwater !== undefined) throw deserializeError(wire.deepwater);
      throw wire.isError ? Object.assign(new Error(), wire.value) : wire.value;
    },
  });
}
