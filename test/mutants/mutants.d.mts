export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly test: string;
  readonly only?: string;
}
export const MUTANTS: readonly Mutant[];
