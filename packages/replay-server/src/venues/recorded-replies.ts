import type { Capture } from '@deepwater/captures';
import type { RestAnswer } from './venue.js';

/** Replies of the capture for requests like those of the recorder: the same path, and the same query in any order. */
export class RecordedReplies {
  readonly #byUrl = new Map<string, string>();

  constructor(capture: Capture) {
    for (const { url, body } of capture.replies) if (URL.canParse(url) && !this.#byUrl.has(keyOf(new URL(url)))) this.#byUrl.set(keyOf(new URL(url)), body);
  }

  answer(url: URL): RestAnswer | undefined {
    const body = this.#byUrl.get(keyOf(url));
    return body === undefined ? undefined : { status: 200, body };
  }
}

function keyOf(url: URL): string {
  const query = [...url.searchParams].map(([name, value]) => `${name}=${value}`).sort().join('&');
  return `${url.pathname}?${query}`;
}
