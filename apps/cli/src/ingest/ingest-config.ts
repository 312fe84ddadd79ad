/** What `deepwater ingest` is to do: of the command line, and of the file that `--config` names. */
import { readFileSync } from 'node:fs';
import { type IngestOptions, findSource } from '@deepwater/exchanges';
import { DeepwaterError } from 'deepwater';
import { z } from 'zod';

const text = z.string().min(1);
const texts = z.array(text);
const count = z.int().min(1);
const scale = z.int().min(0).max(18);

const entryShape = z.strictObject({
  source: text,
  symbols: texts,
  channels: texts.optional(),
  url: text.optional(),
  restUrl: text.optional(),
  symbolsPerConnection: count.optional(),
  amounts: z.enum(['decimal', 'float64']).optional(),
  priceScale: scale.optional(),
  sizeScale: scale.optional(),
  retentionHours: z.number().min(0).optional(),
  recordRaw: text.optional(),
  recordBad: text.optional(),
});

/** One source and what is wanted of it. */
export type IngestEntry = z.infer<typeof entryShape>;

const fileShape = z.union([z.strictObject({ basePath: text.optional(), sources: z.array(entryShape).min(1) }), entryShape.extend({ basePath: text.optional() })]);

export interface IngestConfig {
  readonly basePath?: string | undefined;
  readonly entries: readonly IngestEntry[];
}

/** @throws DeepwaterError DW_OPTION_INVALID, with the place in the file and what is wrong there */
export function readIngestConfig(path: string): IngestConfig {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new DeepwaterError('DW_OPTION_INVALID', `--config: ${path} cannot be read: ${(cause as Error).message}`, { values: { file: path }, cause });
  }
  // Which of the two forms is meant decides which complaints help.
  const shape = typeof given === 'object' && given !== null && 'sources' in given ? fileShape.options[0] : fileShape.options[1];
  const checked = shape.safeParse(given);
  if (!checked.success) {
    const wrong = checked.error.issues.map(({ path: at, message }) => `${at.length === 0 ? 'the file' : at.join('.')}: ${message}`);
    throw new DeepwaterError('DW_OPTION_INVALID', `--config: ${path} is not a configuration: ${wrong.join('; ')}.`, { values: { file: path, wrong } });
  }
  if ('sources' in checked.data) return { basePath: checked.data.basePath, entries: checked.data.sources };
  const { basePath, ...entry } = checked.data;
  return { basePath, entries: [entry] };
}

/** @throws DeepwaterError DW_SOURCE_UNKNOWN, DW_SOURCE_UNUSABLE */
export async function ingestOptions({ source, url, restUrl, ...entry }: IngestEntry): Promise<IngestOptions> {
  return { ...entry, source: await findSource(source), ...(url === undefined && restUrl === undefined ? {} : { urls: { ws: url, rest: restUrl } }) } as IngestOptions;
}
