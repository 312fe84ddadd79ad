/** Other places than an exchange's own for all addresses that ccxt has of it: only what is before the path is another. */
import type { StreamHost } from '../source.js';
import type { CcxtExchange } from './ccxt-module.js';

export function pointAt(exchange: CcxtExchange, urls: StreamHost['urls']): void {
  exchange.urls.api = moved(exchange.urls.api, urls);
}

function moved(value: unknown, urls: StreamHost['urls']): unknown {
  if (typeof value === 'string') {
    const place = /^wss?:/.test(value) ? urls.ws : urls.rest;
    return place === undefined ? value : value.replace(/^\w+:\/\/[^/]+/, place.replace(/\/$/, ''));
  }
  if (Array.isArray(value)) return value.map((below) => moved(below, urls));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, moved(below, urls)]));
}
