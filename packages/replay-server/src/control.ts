import { DeepwaterError } from '@deepwater/core';
import type { Fault, FaultRecord } from './faults/fault.js';
import type { VenueName } from './venues/registry.js';

/** How a playback stands. */
export interface ReplayStatus {
  readonly venue: VenueName;
  readonly playing: boolean;
  /** Frames of the capture, and how many of them were played in this round. */
  readonly frames: number;
  readonly played: number;
  /** How often the last frame was reached. */
  readonly rounds: number;
  /** The capture's time of the last frame that was played, microseconds since 1970. */
  readonly us: number;
  /** Open connections, and how many there have been. */
  readonly clients: number;
  readonly connections: number;
  /** Faults that are still to come. */
  readonly faults: readonly Fault[];
}

/** What can be done with a running server; by POST /control, too. */
export interface ReplayControl {
  /** Begins, or goes on. */
  play(): void;
  pause(): void;
  /** Plays the next frames at once, whatever the pace, and stays paused where it was. */
  step(frames: number): void;
  /** Adds a fault. @throws DeepwaterError DW_OPTION_INVALID */
  inject(fault: Fault): void;
  /** Forgets the faults that are still to come. */
  clearFaults(): void;
  /** Closes all connections. @param code 1006 for sockets that end without a word */
  closeAll(code?: number, reason?: string): void;
  status(): ReplayStatus;
}

/** What POST /control takes: `{"do": "inject", "fault": {"kind": "drop", "at": 100}}`. */
export interface ControlRequest {
  readonly do: 'play' | 'pause' | 'step' | 'inject' | 'clear-faults' | 'close-all' | 'status' | 'faults';
  readonly fault?: Fault;
  readonly frames?: number;
  readonly code?: number;
}

/** @returns what is answered @throws DeepwaterError DW_OPTION_INVALID */
export function obey(control: ReplayControl, faults: readonly FaultRecord[], request: ControlRequest): unknown {
  switch (request.do) {
    case 'play': control.play(); break;
    case 'pause': control.pause(); break;
    case 'step': control.step(request.frames ?? 1); break;
    case 'inject': control.inject(request.fault as Fault); break;
    case 'clear-faults': control.clearFaults(); break;
    case 'close-all': control.closeAll(request.code); break;
    case 'faults': return faults;
    case 'status': break;
    default: throw new DeepwaterError('DW_OPTION_INVALID', 'do: one of play, pause, step, inject, clear-faults, close-all, status, faults.', { values: { do: request.do } });
  }
  return control.status();
}
