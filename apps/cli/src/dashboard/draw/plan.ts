/** Which part of the screen goes where: numbers alone. */

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Below this there is one line that says so. */
export const LEAST: Size = { columns: 60, rows: 16 };
/** From here on the panes stand beside the symbols, all at once. */
export const WIDE: Size = { columns: 140, rows: 30 };

export interface Part {
  readonly width: number;
  readonly height: number;
}

export interface NarrowPlan {
  readonly kind: 'narrow';
  readonly channels: Part;
  readonly symbols: Part;
  readonly pane: Part;
}

export interface WidePlan {
  readonly kind: 'wide';
  readonly channels: Part;
  readonly health: Part;
  readonly symbols: Part;
  readonly panes: Part;
}

export type Plan = { readonly kind: 'tiny' } | NarrowPlan | WidePlan;

/** Header and totals above, keys below. */
const AROUND = 3;
/** Between two parts side by side. */
export const ASIDE = 2;

/** @param channels how many are ingested @param symbols how many are */
export function plan({ columns, rows }: Size, channels: number, symbols: number): Plan {
  if (columns < LEAST.columns || rows < LEAST.rows) return { kind: 'tiny' };
  if (columns >= WIDE.columns && rows >= WIDE.rows) {
    const side = Math.min(96, Math.max(56, Math.floor(columns * 0.38)));
    const left = columns - side - ASIDE;
    const above = Math.max(6, channels + 2);
    const height = rows - AROUND - above;
    return {
      kind: 'wide', channels: { width: left, height: above }, health: { width: side, height: above }, symbols: { width: left, height }, panes: { width: side, height },
    };
  }
  // Title, head, channels, and the line of gaps.
  const above = channels + 3;
  const below = rows - AROUND - above;
  // Title and head; no more than there are, so that the pane has the rest.
  const list = Math.min(2 + Math.max(1, symbols), Math.ceil(below * 0.58));
  return {
    kind: 'narrow', channels: { width: columns, height: above }, symbols: { width: columns, height: list }, pane: { width: columns, height: below - list },
  };
}

/** Rows that a list of symbols has room for: title and head are above them. */
export function listRows({ height }: Part): number {
  return Math.max(0, height - 2);
}
