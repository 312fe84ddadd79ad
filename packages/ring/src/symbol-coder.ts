/** Gives the dictionary code of a symbol, adding it where it is new. */
export interface SymbolCoder {
  code(text: string): number;
  /** How many codes exist. */
  readonly size: number;
}
