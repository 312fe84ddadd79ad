/**
 * The keeper: the thread that waits for disks so that the ingest worker never does. It opens feeds (and recovers them),
 * makes chunks ahead of time, lets them grow, syncs and seals them. Also the only thread that creates or removes files.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { exposeService, threadKernelId } from '@deepwater/core/engine';
import { INGEST } from './control-layout.js';
import { Keeper, type OpenedLane } from './keeper.js';
import { wakeIngest } from './lane-control.js';
import type { FeedSource, IngestSettings, KeeperRequest, LaneInit } from './lane-source.js';

/** What the main thread may ask of the keeper. */
export interface KeeperApi {
  /** Takes the port of a new ingest worker. */
  connect(port: MessagePort, control: SharedArrayBuffer): void;
  /** Takes the port that events go to. */
  tell(port: MessagePort): void;
  open(laneId: number, source: FeedSource, settings: IngestSettings, control?: SharedArrayBuffer): OpenedLane;
  reopen(laneId: number): Promise<LaneInit>;
  close(laneId: number): Promise<void>;
  stop(): void;
}

let port: MessagePort | undefined;
let events: MessagePort | undefined;
let ingest: Int32Array | undefined;

const keeper = new Keeper({
  reply(message) {
    port?.postMessage(message);
    if (ingest !== undefined) wakeIngest(ingest);
  },
  event(event) { events?.postMessage(event); },
  nextRequest: () => (port === undefined ? undefined : (receiveMessageOnPort(port) as { message: KeeperRequest } | undefined)?.message),
});

const api: KeeperApi = {
  connect(next, control) {
    keeper.catchUp();
    port?.close();
    port = next;
    ingest = new Int32Array(control);
    Atomics.store(ingest, INGEST.KEEPER, threadKernelId());
    next.on('message', (request: KeeperRequest) => { keeper.serve(request); });
  },
  tell(next) {
    events = next;
    next.unref();
  },
  open: (laneId, source, settings, control) => keeper.open(laneId, source, settings, control),
  reopen: (laneId) => keeper.reopen(laneId),
  close: (laneId) => keeper.close(laneId),
  stop() {
    port?.close();
    events?.close();
  },
};

exposeService(api);
