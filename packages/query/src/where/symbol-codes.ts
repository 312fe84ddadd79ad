import { DeepwaterError, type Field, type SymbolDictionaryReader } from '@deepwater/core/engine';

/** Codes of the symbols with these texts, ascending; a text that no record ever had has none. */
export function symbolCodes(symbols: SymbolDictionaryReader, fieldIndex: number, wanted: readonly string[]): number[] {
  const texts = symbols.texts(fieldIndex);
  const found = codesOf(texts, wanted);
  if (found.length >= wanted.length) return found;
  const before = texts.length;
  symbols.reload();
  return texts.length === before ? found : codesOf(texts, wanted);
}

/** A record has a code that the dictionary does not have: it is not whole. */
export function unknownSymbol({ name, index }: Field, symbols: SymbolDictionaryReader): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `Records have codes in field ${name} that ${symbols.path} has no entry of: it is damaged, and has ${symbols.texts(index).length} of them. Put the dictionary back, or run \`deepwater repair\`.`, {
    values: { path: symbols.path, field: name, entries: symbols.texts(index).length },
  });
}

function codesOf(texts: readonly string[], wanted: readonly string[]): number[] {
  const set = new Set(wanted);
  const codes: number[] = [];
  for (let code = 0; code < texts.length; code++) if (set.has(texts[code] as string)) codes.push(code);
  return codes;
}
