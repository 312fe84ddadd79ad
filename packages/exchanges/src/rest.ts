import { DeepwaterError } from '@deepwater/core';

const TIMEOUT_MS = 15_000;
/** Characters of a refusal that are shown. */
const SHOWN_MAX = 200;

/** The body of a GET. @throws DeepwaterError DW_EXCHANGE_REST, with the status, where there is one */
export async function getText(endpoint: string | undefined, path: string): Promise<string> {
  const url = `${(endpoint ?? '').replace(/\/$/, '')}${path}`;
  let status = 0;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    status = response.status;
    const text = await response.text();
    if (response.ok) return text;
    throw new Error(text.slice(0, SHOWN_MAX));
  } catch (cause) {
    throw new DeepwaterError('DW_EXCHANGE_REST', `GET ${url} gave ${status === 0 ? 'no answer' : status}: ${(cause as Error).message}`, { values: { url, status }, cause });
  }
}
