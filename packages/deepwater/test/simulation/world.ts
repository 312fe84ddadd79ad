/**
 * A machine with a store, a writer and readers, in one thread: what happens next is decided by one sequence of random numbers, so
 * that the same seed gives the same run. Between any two steps of the engine somebody may look, something may be written back, or
 * everything may end.
 */
import { onFailpoint, replaceFile, replaceSystem } from '../../../core/dist/engine.js';
import { DeepwaterError, makeDirectory, parseFeedSpec, writeFeedFile } from '../../../core/dist/index.js';
import type { FeedSource } from '../../../ingest/dist/lane-source.js';
import { Disk, type NameRule } from './disk.js';
import type { Inode } from './inode.js';
import { KILLED, Kernel, type Thread } from './kernel.js';
import { Model } from './model.js';
import type { Random } from './random.js';
import { ReaderProcess } from './reader-process.js';
import { FEED, type Shape, Violation, checkOf, recordOf, specOf, symbolOf, timeOf } from './records.js';
import { WriterProcess } from './writer-process.js';

const STORE_ID = '5'.repeat(32);
const FEED_UID = 'feedfeedfeedfeed';
const STEPS_KEPT = 80;

/** How often things happen; what is left out keeps its usual frequency. */
export interface Habits {
  readonly shape: Shape;
  readonly rule: NameRule;
  /** Chances in each step. */
  readonly processEnds: number;
  readonly threadEnds: number;
  readonly powerLoss: number;
  readonly batches: number;
  readonly diskFills: number;
  readonly syncs: number;
}

/** What a run came to. */
export interface Tally {
  steps: number;
  records: number;
  reads: number;
  flushes: number;
  syncs: number;
  processEnds: number;
  threadEnds: number;
  powerLosses: number;
  opened: number;
  /** Looks before a writer came that were refused with an error. */
  refused: number;
}

export const newTally = (): Tally => ({ steps: 0, records: 0, reads: 0, flushes: 0, syncs: 0, processEnds: 0, threadEnds: 0, powerLosses: 0, opened: 0, refused: 0 });

interface Ending {
  readonly kind: 'process' | 'thread' | 'power';
  readonly thread: Thread;
  readonly contents: Map<Inode, Uint8Array>;
  readonly after?: Disk;
}

/** Puts back what was there when the dead died. */
function undo({ contents }: Ending): void {
  for (const [inode, content] of contents) inode.restore(content);
  contents.clear();
}

interface Wish {
  readonly target: number;
  readonly sync: boolean;
  ticket?: number;
}

let mounts = 0;
export const newMount = (): string => `/disk${++mounts}`;

/** A machine whose power has come back, with what it is known to hold at least. */
export interface Found {
  readonly disk: Disk;
  readonly model: Model;
}

export class World {
  readonly model: Model;
  readonly log: string[] = [];
  readonly kernel: Kernel;
  source: FeedSource;
  writer: WriterProcess | undefined;
  readers: ReaderProcess[] = [];
  readonly #random: Random;
  #wishes: Wish[] = [];
  #ending: Ending | undefined;
  /** The kind of end that is to come, and at how many calls from now. */
  #armed: { kind: Ending['kind']; calls: number } | undefined;
  #nested = false;
  /** What a look within a call of the engine has found to be wrong. */
  #broken: unknown;
  /** Told of every call of the engine's writers, and every failpoint they come to. */
  onCall: ((call: string) => void) | undefined;
  #boots = 1;
  #finishing = false;
  readonly #putBack: () => void;

  constructor(readonly habits: Habits, random: Random, readonly tally: Tally, found?: Found) {
    this.#random = random;
    this.model = found?.model ?? new Model();
    this.#boots = this.model.boots + 1;
    this.kernel = new Kernel(found?.disk ?? new Disk(newMount(), habits.rule), this.#boots);
    this.#putBack = replaceSystem(this.kernel.system());
    this.kernel.atCall = (call) => { this.#interrupt(call); };
    this.listen();
    this.source = { basePath: `${this.kernel.disk.mount}/store`, storeId: STORE_ID, feedUid: FEED_UID, spec: parseFeedSpec(specOf(habits.shape)) };
    if (found === undefined) this.#makeStore();
    this.#addReaders();
  }

  /** Failpoints are told to one world at a time. */
  listen(): void {
    onFailpoint((name) => { this.#interrupt(name); });
  }

  #makeStore(): void {
    const { basePath, spec } = this.source;
    this.#nested = true;
    makeDirectory(basePath, 'owner');
    replaceFile(`${basePath}/manifest.json`, JSON.stringify({ storeId: STORE_ID }), 'owner');
    writeFeedFile(basePath, { format: 1, name: FEED, uid: FEED_UID, spec, createdAt: '2024-01-01T00:00:00.000Z' }, 'owner');
    this.kernel.disk.endSync(this.kernel.disk.beginSync(this.kernel.disk.root));
    this.#nested = false;
  }

  /** Gives everything back. */
  end(): void {
    for (const reader of this.readers) reader.close();
    this.readers = [];
    if (this.writer !== undefined) for (const thread of this.writer.threads()) thread.alive = false;
    this.writer?.forget();
    onFailpoint(undefined);
    this.#putBack();
    this.kernel.disk.free();
  }

  /** One step. A promise where something has to come to rest first. */
  step(): Promise<void> | undefined {
    this.tally.steps += 1;
    const settling = this.#act();
    this.#granted();
    return settling;
  }

  /** Lets everything come to rest, has the feed opened and closed, and looks a last time. */
  async finish(append = 0): Promise<void> {
    let left = append;
    this.#armed = undefined;
    this.#finishing = true;
    this.kernel.disk.freeBlocks = Infinity;
    for (let turn = 0; turn < 20_000; turn++) {
      const { writer } = this;
      if (writer?.state === 'closed') break;
      this.kernel.monotonicMs += 50;
      const settling = this.#guard(() => {
        if (writer === undefined) this.#openWriter();
        else if (this.#finishPending(writer)) return true;
        else if (this.kernel.syncs.length > 0) return this.#completeSync();
        else if (writer.requests.length > 0) writer.serveKeeper();
        else if (writer.replies.length > 0) writer.takeReply();
        else if (writer.state === 'open' && left-- > 0) this.#write(writer);
        else if (writer.state === 'open') writer.detach();
        else writer.round();
        return true;
      }, writer?.main);
      if (settling !== undefined) await settling;
      this.#granted();
    }
    if (this.writer?.state !== 'closed') throw new Violation(`the writer does not come to an end: it is ${this.writer?.state ?? 'gone'}, ${this.writer?.pending?.what ?? 'nothing'} pending, ${String(this.writer?.control?.error)}`);
    this.#note('all is closed');
    this.look();
    for (const reader of this.readers) reader.finish(this.model);
  }

  // --- what may happen

  #act(): Promise<void> | undefined {
    const random = this.#random;
    const { habits, writer, kernel } = this;
    if (this.#armed === undefined) {
      if (random.chance(habits.processEnds)) this.#armed = { kind: 'process', calls: random.below(12) };
      else if (random.chance(habits.powerLoss)) this.#armed = { kind: 'power', calls: random.below(12) };
      else if (random.chance(habits.threadEnds)) this.#armed = { kind: 'thread', calls: random.below(8) };
    }
    if (this.#armed !== undefined && random.chance(0.02)) return this.#endNow();
    kernel.monotonicMs += random.chance(0.02) ? random.between(1, 400) : random.below(3);
    kernel.wallMs += random.chance(0.001) ? random.between(-100_000_000, 100_000_000) : 1;
    if (random.chance(habits.diskFills)) {
      kernel.disk.freeBlocks = kernel.disk.freeBlocks === Infinity ? random.below(60) : Infinity;
      this.#note(kernel.disk.freeBlocks === Infinity ? 'the disk has room again' : `the disk has ${kernel.disk.freeBlocks} blocks left`);
    }
    const what = random.below(100);
    if (what < 14) {
      this.#read();
      return undefined;
    }
    if (what < 19) {
      kernel.disk.writeBack(random);
      return undefined;
    }
    if (writer === undefined) return what < 60 ? this.#guard(() => { this.#openWriter(); return true; }, undefined) : undefined;
    if (what < 44) return this.#guard(() => this.#write(writer), writer.main);
    if (what < 46) {
      this.#wish(writer);
      return undefined;
    }
    if (what < 48) {
      if (this.#wishes.length > 0) writer.control?.askFlush();
      return undefined;
    }
    if (what < 62) return this.#guard(() => { writer.round(); return writer.pending !== undefined || this.#ending !== undefined; }, writer.ingestThread);
    if (what < 72) {
      if (writer.replies.length === 0) return undefined;
      return this.#guard(() => { writer.takeReply(); return writer.pending !== undefined; }, writer.ingestThread);
    }
    if (what < 84) {
      if (writer.requests.length === 0) return undefined;
      return this.#guard(() => { writer.serveKeeper(); return true; }, writer.keeperThread);
    }
    if (what < 97) {
      if (kernel.syncs.length === 0) return undefined;
      return this.#guard(() => this.#completeSync(), writer.keeperThread);
    }
    return this.#guard(() => {
      if (this.#finishPending(writer)) return true;
      if (writer.state === 'open' && (writer.ending || this.#random.chance(0.03))) {
        this.#note('the writer is asked to close');
        writer.detach();
        return true;
      }
      return false;
    }, writer.main);
  }

  #read(): void {
    const reader = this.#random.pick(this.readers);
    this.tally.reads += 1;
    if (this.model.uncertain) {
      this.look(reader);
      return;
    }
    try {
      this.#note(`a reader ${reader.step(this.model, this.#random)}`);
    } catch (error) {
      if (error instanceof Violation || !DeepwaterError.isDeepwaterError(error)) throw error;
      throw new Violation(`a reader fails: ${error.message}`, { cause: error });
    }
    if (this.#random.chance(0.003)) {
      reader.close();
      this.readers[this.readers.indexOf(reader)] = new ReaderProcess(this.kernel, this.source, this.habits.shape);
      this.#note('a reader ends, another begins');
    }
  }

  /** A look at everything. The first after a power loss: what is there is there from now on. */
  look(reader = this.readers[0] as ReaderProcess): void {
    const { model } = this;
    let found;
    try {
      found = reader.everything();
    } catch (error) {
      if (error instanceof Violation || !DeepwaterError.isDeepwaterError(error)) throw error;
      if (this.writer?.state === 'open' || !model.uncertain || this.habits.rule === 'ordered') throw new Violation(`everything is read, and that fails: ${error.message}`, { cause: error });
      this.tally.refused += 1;
      this.#note(`a look is refused: ${error.message}`);
      return;
    }
    if (model.uncertain) {
      model.settle(found.sequences, found.ids);
      model.uncertain = false;
      this.#note(`after the power loss there are ${found.ids.length} records, up to ${found.sequences.at(-1)}`);
      return;
    }
    const wrong = found.sequences.findIndex((sequence, i) => sequence !== model.sequences[i] || found.ids[i] !== model.ids[i]);
    if (wrong >= 0 || found.ids.length !== model.count) throw new Violation(`there are ${found.ids.length} records, ${model.count} wanted; the first that differs is at ${wrong}`);
  }

  #openWriter(): void {
    const writer = new WriterProcess(this.kernel, this.source, `writer ${this.tally.opened}`);
    this.writer = writer;
    this.#wishes = [];
    if (!writer.takeLock()) throw new Violation('the lock of a feed that nobody writes is taken');
    try {
      writer.open();
    } catch (error) {
      if (error === KILLED) throw error;
      if (!DeepwaterError.isDeepwaterError(error) || error.code !== 'DW_DISK_FULL') throw new Violation(`the feed cannot be opened: ${(error as Error).message}`, { cause: error });
      this.#note(`the feed cannot be opened: ${error.message}`);
      for (const thread of writer.threads()) thread.alive = false;
      writer.forget();
      this.kernel.end(writer);
      this.writer = undefined;
      return;
    }
    this.tally.opened += 1;
    this.#note(`the writer has opened the feed at ${writer.writer?.position}${writer.notes.length > 0 ? ` (${writer.notes.join('; ')})` : ''}`);
    // Whoever looks now sees what there will be from here on; what was seen since the power loss is among it.
    if (this.model.uncertain || this.#random.chance(0.3)) this.look();
  }

  #write(writer: WriterProcess): boolean {
    const { shape, batches } = this.habits;
    const target = writer.writer;
    if (target === undefined || target.closed || writer.state === 'opening') return false;
    const room = target.ring.slotCount - (target.position - target.ring.tail);
    const batch = this.#random.chance(batches);
    const count = Math.min(room, batch ? this.#random.between(1, target.ring.slotCount) : this.#random.between(1, 6));
    if (count <= 0) return false;
    const first = target.position;
    if (batch) {
      const ids = Array.from({ length: count }, () => this.model.newId());
      const columns: Record<string, unknown[]> = { id: ids, check: ids.map(checkOf), time: ids.map(timeOf) };
      if (shape.padding > 0) columns['text'] = ids.map((id) => `r${id}`);
      if (shape.symbols) columns['symbol'] = ids.map(symbolOf);
      target.writeColumns(columns as never);
      ids.forEach((id, i) => { this.model.publish(first + i, id); });
    } else {
      for (let i = 0; i < count; i++) {
        const id = this.model.newId();
        try {
          target.writeValues(...recordOf(id, shape));
        } catch (error) {
          if (error === KILLED || !DeepwaterError.isDeepwaterError(error) || error.code !== 'DW_DISK_FULL') throw error;
          this.#note(`a record is refused: ${error.message}`);
          return false;
        }
        this.model.publish(first + i, id);
      }
    }
    this.tally.records += count;
    this.#note(`the writer publishes ${count} records from ${first} on`);
    return false;
  }

  #wish(writer: WriterProcess): void {
    if (writer.control === undefined || writer.writer === undefined || writer.ending || this.#wishes.length > 8) return;
    const sync = this.#random.chance(this.habits.syncs);
    const target = writer.writer.position;
    this.#wishes.push({ target, sync });
    this.#note(`${sync ? 'sync' : 'flush'} is asked for, up to ${target}`);
    writer.control.askFlush();
  }

  /** Wishes that have come true: what was promised with them counts from now on. */
  #granted(): void {
    if (this.#broken !== undefined) throw this.#broken as Error;
    const { writer } = this;
    if (writer?.control === undefined || writer.writer === undefined || this.#wishes.length === 0) return;
    const { tail } = writer.writer.ring;
    const { control } = writer;
    const before = this.#wishes.length;
    this.#wishes = this.#wishes.filter((wish) => {
      if (wish.ticket === undefined) {
        if (tail < wish.target) return true;
        if (!wish.sync) {
          this.tally.flushes += 1;
          return false;
        }
        wish.ticket = control.askSync();
        return true;
      }
      if (!control.synced(wish.ticket)) return true;
      this.tally.syncs += 1;
      this.model.promise(wish.target);
      this.#note(`sync is done, up to ${wish.target}`);
      return false;
    });
    if (before !== this.#wishes.length && this.#wishes.length > 0) control.askFlush();
  }

  #completeSync(): boolean {
    const { syncs, disk } = this.kernel;
    const [sync] = syncs.splice(this.#random.below(syncs.length), 1);
    if (sync === undefined) return false;
    this.kernel.current = sync.owner;
    if (sync.pending === undefined) {
      this.#note(`a turn of ${sync.owner.name} comes`);
      if (sync.owner.alive) sync.settle();
      return true;
    }
    let error: unknown;
    try {
      disk.endSync(sync.pending);
    } catch (refused) {
      error = refused;
    }
    this.#note(`a sync of file ${sync.pending.inode.number} is ${error === undefined ? 'done' : 'refused'}`);
    if (sync.owner.alive) sync.settle(error);
    return true;
  }

  /** What waited for another thread goes on. @returns whether something did */
  #finishPending(writer: WriterProcess): boolean {
    const { pending } = writer;
    if (pending?.done !== true) return false;
    writer.pending = undefined;
    if (pending.error !== undefined && !DeepwaterError.isDeepwaterError(pending.error)) throw pending.error as Error;
    switch (pending.what) {
      case 'detach':
        if (pending.error !== undefined) writer.abandon();
        writer.closeLane();
        break;
      case 'close':
        writer.closed();
        this.#note('the writer is closed');
        this.kernel.end(writer);
        this.#wishes = [];
        if (!this.#finishing) this.writer = undefined;
        break;
      default:
        if (pending.error !== undefined) this.#end('process', writer.main);
        else writer.reopened(writer.reopenedInit as never);
    }
    return true;
  }

  // --- ends

  /** A call of the engine, or a failpoint in it: somebody else may have his turn here, or the caller ends. */
  #interrupt(call: string): void {
    const { kernel, writer } = this;
    if (this.#nested || this.#ending !== undefined || writer === undefined || kernel.current?.process !== writer) return;
    this.onCall?.(call);
    if (this.#armed !== undefined && this.#armed.calls-- <= 0) {
      this.#note(`${this.#armed.kind} ends at ${call} of ${kernel.current.name}`);
      this.#end(this.#armed.kind, kernel.current);
      throw KILLED;
    }
    this.tally.steps += 1;
    const what = this.#random.below(40);
    if (what > 2 || this.#finishing) return;
    this.#nested = true;
    const { current } = kernel;
    try {
      this.#note(`at ${call} of ${current.name}:`);
      if (what === 2) kernel.disk.writeBack(this.#random);
      else if (!this.model.uncertain) this.#read();
    } catch (error) {
      // The engine may take it for an error of its own call, and go on.
      this.#broken ??= error;
      throw error;
    } finally {
      this.#nested = false;
      kernel.current = current;
    }
  }

  #endNow(kind = this.#armed?.kind ?? 'process'): Promise<void> | undefined {
    const { writer } = this;
    if (writer === undefined) {
      this.#armed = undefined;
      if (kind === 'power') {
        this.#note('the power is gone');
        this.#bootAgain(this.#afterPowerLoss());
      }
      return undefined;
    }
    return this.#guard(() => {
      this.#note(`${kind} ends between two steps`);
      this.#end(kind, this.#random.pick([writer.keeperThread, writer.ingestThread]));
      return true;
    }, writer.main);
  }

  /** Everything stops as it is. What the dead would still do is undone when they have come to rest. */
  #end(kind: Ending['kind'], thread: Thread): void {
    const writer = this.writer as WriterProcess;
    const whole = kind !== 'thread' || thread === writer.main || (writer.state !== 'open' && writer.state !== 'detaching');
    this.#armed = undefined;
    if (whole) for (const each of writer.threads()) each.alive = false;
    else thread.alive = false;
    writer.forget();
    const contents = new Map([...this.kernel.mappedBy(writer)].map((inode) => [inode, inode.snapshot()]));
    const after = kind === 'power' ? { after: this.#afterPowerLoss() } : {};
    this.#ending = { kind: whole && kind === 'thread' ? 'process' : kind, thread, contents, ...after };
  }

  /** Runs something of a process's; what has to come to rest does so before the next step. */
  #guard(run: () => boolean, thread: Thread | undefined): Promise<void> | undefined {
    let settle = false;
    if (thread !== undefined) this.kernel.current = thread;
    try {
      settle = run();
    } catch (error) {
      if (error !== KILLED) throw error;
    }
    // A thread other than the keeper has come to rest by now. What the keeper does next, it does alive.
    if (this.#ending?.kind === 'thread' && this.#ending.thread !== this.writer?.keeperThread) undo(this.#ending);
    if (this.#ending === undefined && !settle) {
      this.kernel.current = undefined;
      return undefined;
    }
    // What goes on by itself from here is the keeper's.
    if (this.writer !== undefined) this.kernel.current = this.writer.keeperThread;
    return this.#settle();
  }

  async #settle(): Promise<void> {
    await new Promise((resolve) => { setImmediate(resolve); });
    const ending = this.#ending;
    this.kernel.current = undefined;
    if (ending === undefined) return;
    this.#ending = undefined;
    const writer = this.writer as WriterProcess;
    undo(ending);
    if (ending.kind === 'thread') {
      this.tally.threadEnds += 1;
      const closing = writer.state === 'detaching';
      await this.#again(writer, ending.thread);
      if (closing && this.writer === writer) writer.ending = true;
      return;
    }
    this.#scribble(writer);
    this.kernel.end(writer);
    this.writer = undefined;
    this.#wishes = [];
    if (ending.kind === 'process') this.tally.processEnds += 1;
    else this.#bootAgain(ending.after as Disk);
  }

  /** A thread of ingest is started again, as IngestService does. */
  async #again(writer: WriterProcess, dead: Thread): Promise<void> {
    await (this.#guard(() => {
      if (dead !== writer.keeperThread) {
        writer.reopen();
        return true;
      }
      try {
        writer.restart();
      } catch (error) {
        if (error === KILLED || !DeepwaterError.isDeepwaterError(error) || error.code !== 'DW_DISK_FULL') throw error;
        this.#note(`the keeper cannot be started again: ${error.message}`);
        this.#end('process', writer.main);
      }
      return true;
    }, writer.main) ?? Promise.resolve());
  }

  /** A writer that is killed in the midst of a record leaves anything in slots that it has not published. */
  #scribble(writer: WriterProcess): void {
    const ring = writer.writer?.ring;
    if (ring === undefined || ring.retired) return;
    const free = ring.slotCount - (ring.head - ring.tail);
    const bytes = new Uint8Array(ring.buffer);
    for (let i = 0, { head } = ring; i < Math.min(free, ring.slotCount / 8); i++) {
      const at = ring.slotsOffset + ((head + i) % ring.slotCount) * ring.slotStride;
      bytes.fill(this.#random.below(256), at, at + ring.slotStride);
    }
  }

  /** The disk as a power loss would leave it now. */
  #afterPowerLoss(): Disk {
    return this.kernel.disk.afterPowerLoss(newMount(), this.#random);
  }

  #bootAgain(after: Disk): void {
    this.tally.powerLosses += 1;
    for (const reader of this.readers) reader.close();
    this.kernel.syncs = [];
    this.kernel.disk.free();
    this.kernel.disk = after;
    this.#boots += 1;
    this.kernel.bootId = this.#boots.toString(16).padStart(32, '0');
    this.kernel.monotonicMs = 1;
    this.source = { ...this.source, basePath: `${after.mount}/store` };
    this.model.powerLost();
    this.#addReaders();
  }

  #addReaders(): void {
    this.readers = [0, 1].map(() => new ReaderProcess(this.kernel, this.source, this.habits.shape));
  }

  #note(text: string): void {
    this.log.push(`${this.tally.steps}: ${text}`);
    if (this.log.length > 2 * STEPS_KEPT) this.log.splice(0, STEPS_KEPT);
  }
}
