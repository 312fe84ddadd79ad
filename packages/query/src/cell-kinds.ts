/** Kinds of cells. */
import type { Field } from '@deepwater/core/engine';

type Celled = Pick<Field, 'cell'>;

/** Whole numbers of 64 bits, decimals and times among them: what a number does not hold. */
export const is64 = ({ cell }: Celled): boolean => cell === 'i64' || cell === 'u64';
export const isFloat = ({ cell }: Celled): boolean => cell === 'f64' || cell === 'f32';
