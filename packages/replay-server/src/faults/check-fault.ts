import { DeepwaterError } from '@deepwater/core';
import type { Fault, FaultKind } from './fault.js';

type Check = (value: unknown) => boolean;
const whole = (from: number, to = Number.MAX_SAFE_INTEGER): Check => (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to;
const text: Check = (value) => typeof value === 'string';
/** Longest stall or delay: an hour. */
const MS = whole(0, 3_600_000);

const WHEN: Readonly<Record<string, Check>> = {
  at: whole(1), chance: (value) => typeof value === 'number' && value >= 0 && value <= 1, times: whole(1), connection: whole(1), topic: text,
};

/** The keys of each kind; those that must be given come first, in `needs`. */
const KINDS: Readonly<Record<FaultKind, { readonly needs?: readonly string[]; readonly keys: Readonly<Record<string, Check>> }>> = {
  'drop': { keys: { ...WHEN, frames: whole(1) } },
  'duplicate': { keys: WHEN },
  'reorder': { keys: WHEN },
  'stall': { needs: ['ms'], keys: { ...WHEN, ms: MS } },
  'half-open': { keys: WHEN },
  'garbage': { needs: ['form'], keys: { ...WHEN, form: (value) => value === 'json' || value === 'binary' || value === 'truncated' } },
  'close': { keys: { ...WHEN, code: (value) => isCloseCode(value), reason: (value) => typeof value === 'string' && Buffer.byteLength(value) <= 123 } },
  'refuse-subscriptions': { keys: { times: whole(1), connection: whole(1) } },
  'refuse-connections': { keys: { times: whole(1), ms: MS, status: whole(400, 599) } },
  'rest-status': { needs: ['status'], keys: { status: whole(400, 599), times: whole(1), retryAfterS: whole(0, 3600) } },
  'rest-slow': { needs: ['ms'], keys: { ms: MS, times: whole(1) } },
  'rest-stale': { keys: { times: whole(1) } },
};

/** Codes that a server may send (RFC 6455, 7.4), and 1006 for none. */
const isCloseCode: Check = (value) => whole(3000, 4999)(value) || [1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(value as number);

/** @throws DeepwaterError DW_OPTION_INVALID for what is no fault */
export function checkFault(given: unknown): Fault {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('a fault is an object with a kind', given);
  const fault = given as Record<string, unknown>;
  const rules = Object.hasOwn(KINDS, String(fault['kind'])) ? KINDS[fault['kind'] as FaultKind] : undefined;
  if (rules === undefined) throw wrong(`kind is one of ${Object.keys(KINDS).join(', ')}`, given);
  for (const [key, value] of Object.entries(fault)) {
    if (key === 'kind' || value === undefined) continue;
    if (!Object.hasOwn(rules.keys, key)) throw wrong(`${String(fault['kind'])} has ${Object.keys(rules.keys).join(', ')}; not ${key}`, given);
    if (!rules.keys[key](value)) throw wrong(`${key} cannot be ${JSON.stringify(value)}`, given);
  }
  for (const key of rules.needs ?? []) if (fault[key] === undefined) throw wrong(`${String(fault['kind'])} needs ${key}`, given);
  if (fault['at'] !== undefined && fault['chance'] !== undefined) throw wrong('at and chance exclude each other', given);
  return fault as unknown as Fault;
}

function wrong(what: string, fault: unknown): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `faults: ${what}.`, { values: { fault } });
}
