import { DeepwaterError, type Platform, type Writer } from 'deepwater';

/** Writers that belong to an ingest of this process: a platform gives the same one to everybody who asks. */
const taken = new WeakSet<object>();

/** A writer that nobody else in this process has been given here. @throws DeepwaterError DW_WRITER_EXISTS, and as createWriter does */
export async function ownWriter(platform: Platform, feed: string): Promise<Writer> {
  const writer = await platform.createWriter(feed) as Writer;
  if (taken.has(writer)) throw new DeepwaterError('DW_WRITER_EXISTS', `Feed ${feed} is written by another ingest of this process; stop that one first.`, { values: { feed } });
  taken.add(writer);
  return writer;
}
