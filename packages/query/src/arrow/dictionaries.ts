/** The texts behind dictionary columns, in plain memory: `TextDecoder` refuses memory that is shared. */
import type { Utf8, Vector } from 'apache-arrow';
import type { ArrowModule } from './load-arrow.js';

interface KnownTexts {
  readonly arrow: ArrowModule;
  readonly count: number;
  readonly vector: Vector<Utf8>;
}

/** Made once for each list, and again when it has grown. */
const known = new WeakMap<readonly string[], KnownTexts>();

/** A list of texts, which may grow at its end, as an Arrow vector. */
export function textVector(arrow: ArrowModule, texts: readonly string[]): Vector<Utf8> {
  const last = known.get(texts);
  if (last?.arrow === arrow && last.count === texts.length) return last.vector;
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, code) => { offsets[code + 1] = (offsets[code] as number) + Buffer.byteLength(text); });
  const data = arrow.makeData({
    type: new arrow.Utf8(), length: texts.length, nullCount: 0, valueOffsets: offsets, data: new TextEncoder().encode(texts.join('')),
  });
  const vector = new arrow.Vector([data]);
  known.set(texts, { arrow, count: texts.length, vector });
  return vector;
}
