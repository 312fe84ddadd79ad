import type { CcxtExchange } from './ccxt-module.js';

/**
 * ccxt sends a request later where it has sent others just before, and looks at nothing that goes wrong with it then. Where the connection has ended in the
 * meantime, that would end the process (`unhandledRejection`); what was waited for is refused by the end of the connection itself.
 */
export function handleSends(exchange: CcxtExchange): void {
  if (exchange.client === undefined) return;
  const clientOf = exchange.client.bind(exchange);
  const seen = new WeakSet();
  exchange.client = (url) => {
    const client = clientOf(url);
    if (seen.has(client)) return client;
    seen.add(client);
    const send = client.send.bind(client);
    client.send = (message) => {
      const sent = send(message);
      sent.catch(() => undefined);
      return sent;
    };
    return client;
  };
}
