/** What can be subscribed at a source, as the source itself lists it; what no feed can be named after is left out. */

/** One instrument. */
export interface Product {
  /** As it is subscribed and as feeds are named. */
  readonly symbol: string;
  /** The source's own word for it: `online`, `TRADING`, `Trading`. */
  readonly status?: string | undefined;
  /** What is traded, and what it is paid in, as the source names them. */
  readonly base?: string | undefined;
  readonly quote?: string | undefined;
}

export interface ProductsOptions {
  /** Another place than the source's own: a proxy's, a test's. */
  readonly urls?: { readonly rest?: string | undefined } | undefined;
}

/** @throws DeepwaterError DW_EXCHANGE_REST where it cannot be had, or is not what the source's documents say */
export type ListProducts = (options?: ProductsOptions) => Promise<readonly Product[]>;
