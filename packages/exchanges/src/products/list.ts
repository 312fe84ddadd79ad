/** What the lists of all exchanges have in common: bodies are checked, pages are put together, and what cannot be subscribed is left out. */
import { DeepwaterError, describeValue } from '@deepwater/core';
import type { Exchange } from '../exchange.js';
import { type Fields, isFields } from '../frame-checks.js';
import { recordFeedName } from '../records/record-feeds.js';
import { getText } from '../rest.js';
import type { Product, ProductsOptions } from './product.js';

/** More than any exchange has: Bybit's list is the longest way, 1000 at a time. */
const PAGES_MAX = 100;

export interface Page {
  readonly entries: readonly unknown[];
  /** The path of the page after it; undefined for the last. */
  readonly next?: string | undefined;
}

export interface ProductList {
  /** Path of the first page. */
  readonly path: string;
  /** @returns what is wrong with the body where it is not one of the exchange's */
  page(body: Fields | readonly unknown[]): Page | string;
  /** undefined for an entry that is no product. @returns what is wrong with the entry, as text */
  product(entry: Fields): Product | undefined | string;
}

/** @throws DeepwaterError DW_EXCHANGE_REST */
export async function listProducts(exchange: Exchange, list: ProductList, options: ProductsOptions = {}): Promise<readonly Product[]> {
  const endpoint = options.urls?.rest ?? exchange.endpoints.rest;
  const products = new Map<string, Product>();
  let path: string | undefined = list.path;
  for (let pages = 0; path !== undefined; pages++) {
    const asked: string = path;
    const refuse = (what: string): DeepwaterError => new DeepwaterError('DW_EXCHANGE_REST', `GET ${endpoint}${asked} gave no products of ${exchange.title}: ${what}`, { values: { url: `${endpoint}${asked}` } });
    if (pages === PAGES_MAX) throw refuse(`it is the page after ${PAGES_MAX} others`);
    const page = list.page(bodyOf(await getText(endpoint, asked), refuse));
    if (typeof page === 'string') throw refuse(page);
    for (const entry of page.entries) {
      const product = isFields(entry) ? list.product(entry) : `an entry is ${describeValue(entry)}`;
      if (typeof product === 'string') throw refuse(product);
      if (product !== undefined && canBeSubscribed(exchange, product.symbol)) products.set(product.symbol, product);
    }
    path = page.next;
  }
  return [...products.values()];
}

function bodyOf(text: string, refuse: (what: string) => DeepwaterError): Fields | readonly unknown[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw refuse('it is not JSON');
  }
  if (isFields(body) || Array.isArray(body)) return body;
  throw refuse(`it is ${describeValue(body)}`);
}

/** Whether this is what is subscribed, not another name of it, and its feeds can be named. */
function canBeSubscribed(exchange: Exchange, symbol: string): boolean {
  try {
    for (const channel of exchange.channels) recordFeedName(exchange, symbol, channel);
    return exchange.symbolOf(symbol) === symbol;
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error) && error.code === 'DW_SYMBOL_UNKNOWN') return false;
    throw error;
  }
}

/** The product of an entry whose fields are named so. */
export function productOf(entry: Fields, symbol: string, status: string, base: string, quote: string): Product | string {
  const name = entry[symbol];
  if (typeof name !== 'string' || name === '') return `an entry has no ${symbol}`;
  return { symbol: name, status: textOf(entry[status]), base: textOf(entry[base]), quote: textOf(entry[quote]) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
