/** The fields of a book feed: one record is one level of one side, with the size there is at its price from now on. */
import { DeepwaterError, type Field, type Schema, describeValue, didYouMean } from '@deepwater/core/engine';
import { checkKeys } from '@deepwater/query';
import { AmountCells } from './amount-cells.js';

/** Bits of a book record's `flags`. */
export const BOOK_FLAGS = {
  /** It is a level of a snapshot: the first of these, which is an index point, ends the book before it. */
  SNAPSHOT: 1,
  /** The last record of its message: the book is as the exchange meant it to be only behind such a one. */
  LAST: 2,
} as const;

/** Bids or asks. */
export type BookSideName = 'B' | 'A';

/** Codes of `side` as they stand in a column. */
export const SIDE_CODES = { BIDS: 66, ASKS: 65 } as const;

/** Names of the fields that a book is made of, where a feed has others than those of exchanges. */
export interface BookFieldNames {
  /** A char (or uint8): `B` bids, `A` asks. Default `side`. */
  readonly side?: string;
  /** A decimal, an int64 or a float64. Default `price`. */
  readonly price?: string;
  /** The same; 0 takes the level away. Default `size`. */
  readonly size?: string;
  /** A uint8 of `BOOK_FLAGS`. Default `flags`, where the feed has that field; without it each record is a message of its own, and an index point begins a snapshot. */
  readonly flags?: string;
}

/** The fields of one feed, looked up. */
export interface BookFields {
  readonly side: string;
  readonly price: string;
  readonly size: string;
  readonly flags: string | undefined;
  readonly prices: AmountCells;
  readonly sizes: AmountCells;
}

/** @throws DeepwaterError DW_FIELD_UNKNOWN, DW_OPTION_INVALID for a field of a type that cannot be it */
export function bookFieldsOf(feed: string, schema: Schema, names?: BookFieldNames): BookFields {
  checkKeys(names, ['side', 'price', 'size', 'flags']);
  const { side = 'side', price = 'price', size = 'size', flags } = names ?? {};
  const hasFlags = flags !== undefined || schema.fields.some(({ name }) => name === 'flags');
  const found = (role: string, name: string, types: readonly string[]): Field => fieldOf(feed, schema, role, name, types);
  const amounts = ['decimal', 'int64', 'float64'];
  return {
    side: found('side', side, ['char', 'uint8']).name,
    price: found('price', price, amounts).name,
    size: found('size', size, amounts).name,
    flags: hasFlags ? found('flags', flags ?? 'flags', ['uint8']).name : undefined,
    prices: AmountCells.ofField(found('price', price, amounts)),
    sizes: AmountCells.ofField(found('size', size, amounts)),
  };
}

function fieldOf(feed: string, { fields }: Schema, role: string, wanted: string, types: readonly string[]): Field {
  const field = fields.find(({ name }) => name === wanted);
  const names = fields.map(({ name }) => name);
  if (field === undefined) {
    throw new DeepwaterError('DW_FIELD_UNKNOWN', `Feed ${feed} has no field ${describeValue(wanted)} for the ${role} of its book${didYouMean(wanted, names)}. Its fields: ${names.join(', ')}; name another with fields: { ${role}: … }.`, {
      values: { feed, field: wanted, fields: names },
    });
  }
  if (types.includes(field.type)) return field;
  throw new DeepwaterError('DW_OPTION_INVALID', `Field ${wanted} of feed ${feed} is of type ${field.type}, and the ${role} of a book is ${types.join(' or ')}. Name another with fields: { ${role}: … }.`, {
    values: { feed, field: wanted, type: field.type, types },
  });
}
