import { type MessagePort, parentPort } from 'node:worker_threads';
import { type Endpoint, expose } from 'comlink';
import { DeepwaterError } from '../errors/index.js';
import { installErrorTransfer } from './error-transfer.js';

type Listener = (event: { data: unknown }) => void;

/**
 * Offers `api` to the thread that started this one with `spawnService`. Call it once, in a worker thread; the thread
 * then lives until it is terminated or exits.
 *
 * @throws DeepwaterError DW_OPTION_INVALID in a main thread, which nobody could call
 */
export function exposeService(api: object): void {
  if (parentPort === null) {
    throw new DeepwaterError('DW_OPTION_INVALID', 'exposeService was called in a main thread; call it in a worker that spawnService starts.');
  }
  installErrorTransfer();
  expose(api, portEndpoint(parentPort));
}

/** A port, in the shape that Comlink wants. Comlink ships one; this one has types, and comes with the same import. */
function portEndpoint(port: MessagePort): Endpoint {
  const handlers = new Map<Listener, (data: unknown) => void>();
  return {
    postMessage: port.postMessage.bind(port),
    addEventListener: (_type: string, listener: Listener) => {
      const handler = (data: unknown): void => listener({ data });
      handlers.set(listener, handler);
      port.on('message', handler);
    },
    removeEventListener: (_type: string, listener: Listener) => {
      const handler = handlers.get(listener);
      if (handler !== undefined) port.off('message', handler);
      handlers.delete(listener);
    },
  } as unknown as Endpoint;
}
