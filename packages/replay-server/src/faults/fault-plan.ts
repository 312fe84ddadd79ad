import { DeepwaterError } from '@deepwater/core';
import { checkFault } from './check-fault.js';
import type { Fault, FaultKind, FaultRecord, FrameFault } from './fault.js';

/** Faults that are kept at once, and strokes that are remembered. */
const FAULTS_MAX = 1000;
const RECORDS_MAX = 100_000;

const REQUEST_KINDS: ReadonlySet<FaultKind> = new Set(['refuse-subscriptions', 'refuse-connections', 'rest-status', 'rest-slow', 'rest-stale']);

/** A fault, and how often it may still strike. */
interface Pending {
  readonly fault: Fault;
  /** Tells the random numbers of one fault from those of another. */
  readonly serial: number;
  readonly since: number;
  left: number;
}

/** A frame on its way to a client, as faults look at it. */
export interface FrameAtRisk {
  readonly connection: number;
  readonly frame: number;
  readonly topic: string;
  readonly text: string;
  readonly us: number;
}

/** Which faults are still to come, and the list of those that came. */
export class FaultPlan {
  readonly records: FaultRecord[] = [];
  readonly #seed: number;
  #pending: Pending[] = [];
  #serial = 0;
  #number = 0;

  constructor(faults: readonly unknown[], seed: number) {
    this.#seed = seed;
    for (const fault of faults) this.add(fault);
  }

  get pending(): readonly Fault[] {
    return this.#pending.map(({ fault }) => fault);
  }

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_LIMIT_EXCEEDED */
  add(given: unknown): void {
    const fault = checkFault(given);
    if (this.#pending.length >= FAULTS_MAX) throw new DeepwaterError('DW_LIMIT_EXCEEDED', `faults: no more than ${FAULTS_MAX} at once.`, { values: { limit: FAULTS_MAX } });
    const endless = ('chance' in fault && fault.chance !== undefined) || (fault.kind === 'refuse-connections' && fault.ms !== undefined);
    this.#pending.push({ fault, serial: this.#serial++, since: performance.now(), left: fault.times ?? (endless ? Infinity : 1) });
  }

  clear(): void {
    this.#pending = [];
  }

  /** The fault that strikes a frame, if one does: the first in the order in which they were given. */
  strike(at: FrameAtRisk): FrameFault | undefined {
    for (const pending of this.#pending) {
      if (REQUEST_KINDS.has(pending.fault.kind)) continue;
      const fault = pending.fault as FrameFault;
      if (fault.connection !== undefined && fault.connection !== at.connection) continue;
      if (fault.topic !== undefined && !at.topic.includes(fault.topic)) continue;
      if (fault.at !== undefined && fault.at !== at.frame) continue;
      // The same numbers for the same frames of the same connection, whatever happens on others.
      if (fault.chance !== undefined && uniform(this.#seed, pending.serial, at.connection, at.frame) >= fault.chance) continue;
      this.#spend(pending);
      return fault;
    }
    return undefined;
  }

  /** The fault of a kind that strikes a request, if one does. */
  request<K extends FaultKind>(kind: K, connection = 0): Extract<Fault, { kind: K }> | undefined {
    for (const pending of this.#pending) {
      const { fault } = pending;
      if (fault.kind !== kind) continue;
      if (fault.kind === 'refuse-subscriptions' && fault.connection !== undefined && fault.connection !== connection) continue;
      if (fault.kind === 'refuse-connections' && fault.ms !== undefined && performance.now() - pending.since > fault.ms) {
        this.#remove(pending);
        continue;
      }
      this.#spend(pending);
      return fault as Extract<Fault, { kind: K }>;
    }
    return undefined;
  }

  record(kind: FaultKind, at: FrameAtRisk, lost: boolean): void {
    if (this.records.length >= RECORDS_MAX) this.records.shift();
    this.records.push({ number: ++this.#number, kind, connection: at.connection, frame: at.frame, topic: at.topic, text: at.text, us: at.us, lost });
  }

  /** A stroke at what is no frame. */
  recordRequest(kind: FaultKind, connection: number, topic: string): void {
    this.record(kind, { connection, frame: 0, topic, text: '', us: 0 }, false);
  }

  #spend(pending: Pending): void {
    if (--pending.left === 0) this.#remove(pending);
  }

  #remove(pending: Pending): void {
    this.#pending = this.#pending.filter((other) => other !== pending);
  }
}

/** A number from 0 to 1 that depends on nothing but its arguments: 32 bits, mixed as murmur3 ends (Appleby, public domain). */
function uniform(...parts: readonly number[]): number {
  let hash = 0x9747b28c;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}
