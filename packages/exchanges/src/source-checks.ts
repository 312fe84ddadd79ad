/** Whether a definition is one: every key, each with what to give instead. */
import { DeepwaterError, describeValue, didYouMean } from '@deepwater/core';
import { CHANNELS } from './exchange.js';

type Check = readonly [is: (value: unknown) => boolean, give: string];
type Checks = Readonly<Record<string, Check>>;

const TIMER_MS_MAX = 2 ** 31 - 1;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const call: Check = [(value) => typeof value === 'function', 'a function'];
const oneOf = (...values: readonly string[]): Check => [(value) => values.includes(value as string), `one of ${values.join(', ')}`];
const whole = (from: number, to: number): Check => [(value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to, `a whole number from ${from} to ${to}`];
const label: Check = [(value) => typeof value === 'string' && /^\P{Cc}{1,64}$/u.test(value), 'a text of 1 to 64 characters'];
const address = (...schemes: readonly string[]): Check => [
  (value) => typeof value === 'string' && schemes.some((scheme) => value.startsWith(`${scheme}://`)) && URL.canParse(value), `a URL that begins with ${schemes.join(':// or ')}://`,
];
const object: Check = [isObject, 'an object'];

const ALL: Checks = {
  name: [(value) => typeof value === 'string' && /^[a-z][a-z0-9-]{0,39}$/.test(value), '1 to 40 of a-z 0-9 -, beginning with a letter'],
  title: label,
  market: label,
  channels: [
    (value) => Array.isArray(value) && value.length > 0 && new Set(value).size === value.length && value.every((channel) => (CHANNELS as readonly unknown[]).includes(channel)),
    `a list of some of ${CHANNELS.join(', ')}, each once`,
  ],
  tradeIds: oneOf('number', 'text', 'none'),
  symbolOf: call,
  products: call,
  limits: object,
};
const SOCKET: Checks = { ...ALL, url: address('wss', 'ws'), rest: address('https', 'http') };

export type Form = 'stream' | 'session' | 'socket';

/** What may be given in each form, and what must. */
const FORMS: Readonly<Record<Form, { readonly checks: Checks; readonly required: readonly string[] }>> = {
  stream: { checks: { ...ALL, run: call }, required: ['name', 'run'] },
  session: { checks: { ...SOCKET, newSession: call }, required: ['name', 'url', 'newSession'] },
  socket: {
    checks: {
      ...SOCKET, subscribe: call, unsubscribe: call, message: call, format: oneOf('json', 'text'),
      ping: [(value) => isObject(value) && Object.keys(value).every((key) => key === 'everyMs' || key === 'frame') && whole(100, TIMER_MS_MAX)[0](value['everyMs']) && isFrame(value['frame']),
        `{ everyMs, frame }: a whole number from 100, and a text or an object`],
    },
    required: ['name', 'url', 'subscribe', 'message'],
  },
};

const STREAM_LIMITS: Checks = { symbolsMax: whole(1, 100_000), silenceMs: whole(100, TIMER_MS_MAX) };
const SOCKET_LIMITS: Checks = { ...STREAM_LIMITS, sendsPerSecond: whole(1, 10_000), lifeMs: whole(1000, TIMER_MS_MAX) };

export const isFrame = (value: unknown): boolean => typeof value === 'string' || (typeof value === 'object' && value !== null);

/** @throws DeepwaterError DW_SOURCE_INVALID with the key, and what to give */
export function checkDefinition(definition: unknown): Form {
  if (!isObject(definition)) throw invalid(undefined, `A source is defined by an object, not by ${describeValue(definition)}.`);
  const form: Form = 'run' in definition ? 'stream' : 'newSession' in definition ? 'session' : 'socket';
  const { checks, required } = FORMS[form];
  check(definition, checks, '', form);
  if (definition['limits'] !== undefined) check(definition['limits'] as Record<string, unknown>, form === 'stream' ? STREAM_LIMITS : SOCKET_LIMITS, 'limits.', form);
  const missing = required.filter((key) => definition[key] === undefined);
  if (missing.length > 0) {
    const otherwise = form === 'socket' ? ' A source has `run`, or `url` with `subscribe` and `message`, or `url` with `newSession`.' : '';
    throw invalid(missing[0], `A source needs ${missing.map((key) => `${key} (${checks[key]![1]})`).join(', ')}.${otherwise}`);
  }
  return form;
}

function check(given: Readonly<Record<string, unknown>>, checks: Checks, at: string, form: Form): void {
  for (const [key, value] of Object.entries(given)) {
    const known = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (known === undefined) throw invalid(at + key, `A source ${WITH[form]} has no ${describeValue(at + key)}${didYouMean(key, Object.keys(checks))}; remove or correct it.`);
    if (value !== undefined && !known[0](value)) throw invalid(at + key, `${at}${key} of the source is ${describeValue(value)}; give ${known[1]}.`, value);
  }
}

const WITH: Readonly<Record<Form, string>> = { stream: 'with `run`', session: 'with `newSession`', socket: 'with a `url`' };

function invalid(key: string | undefined, message: string, given?: unknown): DeepwaterError {
  return new DeepwaterError('DW_SOURCE_INVALID', message, { values: { key, given: describeValue(given) } });
}
