import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeepwaterError } from '@deepwater/core';
import { obey, type ControlRequest, type ReplayControl } from './control.js';
import type { FaultPlan } from './faults/fault-plan.js';
import type { Market, RestAnswer } from './venues/venue.js';

const BODY_BYTES_MAX = 64 * 1024;

/** What is asked for besides sockets: the venue's REST API, and control. */
export class HttpRequests {
  readonly #market: Market;
  readonly #plan: FaultPlan;
  readonly #control: ReplayControl;

  constructor(market: Market, plan: FaultPlan, control: ReplayControl) {
    this.#market = market;
    this.#plan = plan;
    this.#control = control;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.method === 'POST' && url.pathname === '/control') return this.#obey(request, response);
    if (request.method !== 'GET') return send(response, 405, { error: 'GET the exchange’s REST paths, or POST /control' });
    return this.#rest(url, response);
  }

  async #rest(url: URL, response: ServerResponse): Promise<void> {
    const asked = url.pathname + url.search;
    const status = this.#plan.request('rest-status');
    if (status !== undefined) {
      this.#plan.recordRequest('rest-status', 0, asked);
      if (status.retryAfterS !== undefined) response.setHeader('retry-after', String(status.retryAfterS));
      return send(response, status.status, { code: -1003, msg: 'A fault that was asked for.' });
    }
    const slow = this.#plan.request('rest-slow');
    if (slow !== undefined) {
      this.#plan.recordRequest('rest-slow', 0, asked);
      await sleep(slow.ms);
    }
    const stale = this.#plan.request('rest-stale') !== undefined;
    if (stale) this.#plan.recordRequest('rest-stale', 0, asked);
    const answer: RestAnswer | undefined = this.#market.rest(url, stale);
    return answer === undefined ? send(response, 404, { error: `the capture has nothing at ${asked}` }) : send(response, answer.status, answer.body);
  }

  async #obey(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Pages of other origins cannot send this type without being asked first whether they may.
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return send(response, 415, { error: 'content-type must be application/json' });
    try {
      const told = obey(this.#control, this.#plan.records, await bodyOf(request));
      return send(response, 200, told as object);
    } catch (error) {
      if (DeepwaterError.isDeepwaterError(error)) return send(response, 400, error.toJSON());
      throw error;
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<ControlRequest> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new DeepwaterError('DW_OPTION_INVALID', `A control request has at most ${BODY_BYTES_MAX} bytes.`);
    parts.push(part);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (typeof body === 'object' && body !== null) return body as ControlRequest;
  } catch {
    // Told below.
  }
  throw new DeepwaterError('DW_OPTION_INVALID', 'A control request is a JSON object with `do`.');
}

function send(response: ServerResponse, status: number, body: object | string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
}
