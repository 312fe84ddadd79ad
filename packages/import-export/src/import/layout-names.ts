export const LAYOUTS = ['binance', 'tardis', 'lean', 'plain', 'jsonl', 'parquet', 'capture', 'python'] as const;
/** What a file looks like; docs/FILES.md has each of them, column by column. */
export type LayoutName = (typeof LAYOUTS)[number];
