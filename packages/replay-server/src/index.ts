/** Captures of real exchanges, played in the exchanges' own protocols. */
export { startReplayServer } from './server.js';
export { replayServerCommand } from './command.js';
export type { ReplayServer } from './server.js';
export type { ReplayOptions } from './options.js';
export type { ControlRequest, ReplayControl, ReplayStatus } from './control.js';
export type { Fault, FaultKind, FaultRecord, FrameFault, RequestFault, When } from './faults/fault.js';
export { VENUES } from './venues/registry.js';
export type { VenueName } from './venues/registry.js';
