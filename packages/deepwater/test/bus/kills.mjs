/**
 * Whatever dies, the rest goes on. One process writes a persisted feed and a memory feed, with subscribers and strategies in
 * threads; other processes follow both. At random moments something is killed: the ingest worker or the keeper (terminated), the
 * thread of a subscriber or a strategy (terminated), a reader process (SIGKILL), the thread that wakes a process's streams, or
 * the writing process with all of its threads (SIGKILL); what was killed is started again where its kind can be. Those who are
 * never killed have to see every record once and in order, and the others from wherever they begin again; a strategy goes on by
 * itself after the record it had. At the end nothing of the dead may be left: no row in the table of subscribers, no bit at the
 * bell, no ring, no record missing or there twice.
 *
 *     node packages/deepwater/test/bus/kills.mjs --kills 200 --seed 7
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Platform } from '../../dist/index.js';
import { Child, orEnd, pause, randomFrom } from './child.mjs';
import { FEEDS, checkOf, timeOf } from './record.mjs';

/** Records of each feed from one kill to the next. */
const LEG = 8000;

const PROCESSES = {
  'process kept': { file: './subscriber.mjs', feed: 'kept', wait: 'park', slow: 0 },
  'process kept slow': { file: './subscriber.mjs', feed: 'kept', wait: 'spin-then-park', slow: 20 },
  'process passing': { file: './subscriber.mjs', feed: 'passing', wait: 'park', slow: 0 },
  'stream kept': { file: './kills-stream.mjs', feed: 'kept' },
};
/** These are killed and started again. */
const VICTIM_PROCESSES = {
  'killed process kept': { file: './subscriber.mjs', feed: 'kept', wait: 'park', slow: 0 },
  'killed process passing': { file: './subscriber.mjs', feed: 'passing', wait: 'spin-then-park', slow: 0 },
  'killed stream kept': { file: './kills-stream.mjs', feed: 'kept' },
};
/** Threads of the writing process end with it. */
const THREADS = {
  'thread kept': { feed: 'kept', wait: 'park', slow: 20 },
  'thread passing': { feed: 'passing', wait: 'spin-then-park', slow: 0 },
};
const VICTIM_THREADS = {
  'killed thread kept': { feed: 'kept', wait: 'park', slow: 0 },
  'killed thread passing': { feed: 'passing', wait: 'park', slow: 0 },
};

/** Strategies are threads of the writing process, too, and started again by themselves. The last one is ended by what it throws. */
const STRATEGIES = {
  'strategy kept': { feed: 'kept' },
  'killed strategy kept': { feed: 'kept' },
  'throwing strategy kept': { feed: 'kept', throwsEvery: 2 * LEG },
};

/** What can be killed, and how each recovers. Called while records are written. */
export const KINDS = {
  ingest: (run) => run.ask('terminate', { thread: 'deepwater-ingest' }),
  keeper: (run) => run.ask('terminate', { thread: 'deepwater-keeper' }),
  async thread(run) {
    const name = run.victim(VICTIM_THREADS);
    if (name === undefined) return;
    await run.ask('terminate', { thread: name });
    if (!run.results.has(name)) await run.ask('subscribe', { job: run.again(name, VICTIM_THREADS[name]) });
  },
  strategy: (run) => run.ask('terminate', { thread: 'deepwater-strategy-killed strategy kept' }),
  async process(run) {
    const name = run.victim(VICTIM_PROCESSES);
    if (name === undefined) return;
    await run.killProcess(name);
    if (!run.results.has(name)) await run.startProcess(run.again(name, VICTIM_PROCESSES[name]));
  },
  async waker(run) {
    if (run.results.has('stream kept')) return;
    const unwoken = run.said('stream kept', 'unwoken');
    run.processes.get('stream kept').process.kill('SIGUSR2');
    await Promise.race([unwoken, run.said('stream kept', 'done')]);
  },
  async writer(run) {
    await run.killWriter();
    await run.startWriter();
  },
};

/**
 * @param kinds what is killed; each at least once, where there are as many kills
 * @returns how often each kind was killed, and what every subscriber saw
 * @throws Error with all that went wrong
 */
export async function kills({ count, seed, kinds = KINDS, progress = () => {} }) {
  const run = new Run((count + 1) * LEG, randomFrom(seed));
  const names = Object.keys(kinds);
  const killed = Object.fromEntries(names.map((name) => [name, 0]));
  try {
    await run.startWriter();
    await Promise.all(Object.entries({ ...PROCESSES, ...VICTIM_PROCESSES }).map(([name, job]) => run.startProcess({ name, ...job, seed: run.randomInteger(), fromSequence: 0 })));
    for (let kill = 0; kill < count; kill++) {
      const kind = kill < names.length ? names[(kill + seed) % names.length] : names[Math.floor(run.random() * names.length)];
      const written = run.write((kill + 1) * LEG);
      await pause(run.random() * 30);
      await run.orFailed(kinds[kind](run));
      killed[kind] += 1;
      await run.orFailed(written);
      run.checkTable();
      progress({ kills: kill + 1 });
    }
    await run.orFailed(run.write(run.end));
    await run.finish();
    return { seed, killed, records: run.end, subscribers: [...run.results.values()] };
  } catch (error) {
    throw new Error(`seed ${seed}, after ${JSON.stringify(killed)}: ${[error.message, ...run.failures].join('\n')}`, { cause: error });
  } finally {
    await run.stop();
  }
}

class Run {
  basePath = mkdtempSync(path.join(tmpdir(), 'deepwater-kills-'));
  results = new Map();
  processes = new Map();
  failures = [];
  #positions = new Map();
  #waiting = new Map();
  #writer;
  #platform;
  #readers = {};
  #asked = 0;
  #leg = 0;
  #stopped = false;
  #failed = new Promise((_, reject) => { this.fail = reject; });

  constructor(end, random) {
    this.end = end;
    this.random = random;
    this.#failed.catch(() => undefined);
  }

  randomInteger() {
    return Math.floor(this.random() * 2 ** 32);
  }

  /** Whoever waits is told when something has gone wrong elsewhere. */
  orFailed(promise) {
    return Promise.race([promise, this.#failed]);
  }

  said(name, state) {
    return new Promise((resolve) => { this.#waiting.set(`${name} ${state}`, resolve); });
  }

  /** Has the writing process do something. @returns resolves when it is done; never, where the process is killed before that */
  async ask(command, values) {
    const id = ++this.#asked;
    const done = this.said('writer', `did ${id}`);
    this.#writer.say(JSON.stringify({ id, command, ...values }));
    await done;
  }

  /** Has records written up to a number. A writer that is killed has a successor that goes on. */
  write(to) {
    this.#leg = to;
    const done = this.said('leg', `${to}`);
    this.#goOn();
    return done;
  }

  #goOn() {
    const to = this.#leg;
    const writer = this.#writer;
    void this.ask('write', { to }).then(() => { if (writer === this.#writer) this.#waiting.get(`leg ${to}`)?.(); });
  }

  async startWriter() {
    const left = (jobs) => Object.entries(jobs).filter(([name]) => !this.results.has(name)).map(([name, job]) => this.again(name, job));
    const ready = this.said('writer', 'ready');
    this.#writer = this.#child('writer', './kills-writer.mjs', {
      basePath: this.basePath, end: this.end, jobs: left({ ...THREADS, ...VICTIM_THREADS }), strategies: left(STRATEGIES),
    });
    await this.orFailed(orEnd(ready, this.#writer));
    this.#platform ??= await Platform.open(this.basePath, { readOnly: true });
    for (const feed of Object.keys(FEEDS)) this.#readers[feed] ??= await this.#platform.createReader(feed);
    if (this.#leg > 0) this.#goOn();
  }

  async killWriter() {
    this.#writer.process.kill('SIGKILL');
    await this.#writer.ended;
  }

  async startProcess({ file, ...job }) {
    const begun = this.said(job.name, 'begun');
    const child = this.#child(job.name, file, { ...job, end: this.end, basePath: this.basePath });
    await this.orFailed(orEnd(begun, child));
  }

  async killProcess(name) {
    const child = this.processes.get(name);
    child.process.kill('SIGKILL');
    await child.ended;
  }

  /** The job of a subscriber that begins again, somewhere before the place it was last seen at. */
  again(name, job) {
    const fromSequence = Math.floor((this.#positions.get(name) ?? 0) * (0.5 + this.random() / 2));
    return { name, ...job, seed: this.randomInteger(), fromSequence };
  }

  /** One of some victims that has not come to its end. */
  victim(jobs) {
    const names = Object.keys(jobs).filter((name) => !this.results.has(name));
    return names[Math.floor(this.random() * names.length)];
  }

  /** Only the living are listed, each once. */
  checkTable() {
    const pids = new Set([...this.processes.values()].map(({ process: { pid } }) => pid));
    for (const feed of Object.keys(FEEDS)) {
      const listed = this.#activity(feed);
      const threads = listed.map(({ pid, thread }) => `${pid} ${thread}`);
      if (new Set(threads).size < threads.length) this.failures.push(`subscribers of ${feed} are listed twice: ${threads.join(', ')}`);
      for (const { pid } of listed) if (!pids.has(pid)) this.failures.push(`process ${pid}, which is dead, is listed as a subscriber of ${feed}`);
    }
    if (this.failures.length > 0) throw new Error('the table of subscribers is wrong');
  }

  #activity(feed) {
    return this.#readers[feed].activity().subscribers;
  }

  /** Everybody comes to the end; then nothing may be left of anybody. */
  async finish() {
    const names = Object.keys({ ...PROCESSES, ...VICTIM_PROCESSES, ...THREADS, ...VICTIM_THREADS, ...STRATEGIES });
    await this.orFailed(Promise.all(names.filter((name) => !this.results.has(name)).map((name) => this.said(name, 'done'))));
    for (const [name, child] of this.processes) if (child !== this.#writer) await this.orFailed(child.ended.then(() => name));
    for (const name of names) {
      const { feed, lost } = this.results.get(name);
      if (feed === 'kept' && lost !== 0) this.failures.push(`${name} lost ${lost} records of a persisted feed`);
    }
    // One record more: its publisher finds the bits of all that ever slept, and wakes nobody.
    await this.orFailed(this.write(this.end + 1));
    const rings = `/dev/shm/deepwater-${userInfo().uid}/${this.#platform.storeId}`;
    for (const feed of Object.keys(FEEDS)) {
      const word = readFileSync(path.join(rings, `${feed}.bell`)).readInt32LE(0);
      if (word !== 0) this.failures.push(`bits are left at the bell of ${feed}: ${word}`);
      const left = this.#activity(feed);
      if (left.length > 0) this.failures.push(`subscribers of ${feed} are listed though all have ended: ${JSON.stringify(left)}`);
    }
    const { ended } = this.#writer;
    await this.orFailed(this.ask('close', {}));
    await ended;
    if (existsSync(rings) && readdirSync(rings).length > 0) this.failures.push(`left in shared memory: ${readdirSync(rings).join(', ')}`);
    const { n, check, ts } = await this.#readers.kept.range(0, timeOf(2 * this.end), { format: 'columns' });
    const wrong = n.findIndex((value, i) => value !== i || check[i] !== checkOf(FEEDS.kept, i) || Number(ts[i]) !== timeOf(i));
    if (n.length !== this.end + 1 || wrong >= 0) this.failures.push(`the feed holds ${n.length} records, not ${this.end + 1}; the first wrong one is ${wrong}`);
    if (this.failures.length > 0) throw new Error(`${this.failures.length} things went wrong`);
  }

  async stop() {
    this.#stopped = true;
    const children = [...this.processes.values()];
    for (const { process: child } of children) child.kill('SIGKILL');
    await Promise.all(children.map(({ ended }) => ended));
    await this.#platform?.close();
    rmSync(this.basePath, { recursive: true, force: true });
  }

  #child(name, file, job) {
    // A kill that was under way when something went wrong elsewhere.
    if (this.#stopped) throw new Error('the run is over');
    const child = new Child(file, job, (line) => this.#onLine(line));
    this.processes.set(name, child);
    void child.ended.then(({ code, signal }) => {
      if (this.processes.get(name) === child) this.processes.delete(name);
      if (code !== 0 && signal !== 'SIGKILL') this.fail(new Error(`${name} ended with ${code ?? signal}`));
    });
    return child;
  }

  #onLine(line) {
    const state = line.state === 'did' ? `did ${line.id}` : line.state;
    this.#waiting.get(`${line.name} ${state}`)?.(line);
    if (line.state === 'failed') this.fail(new Error(line.message));
    if (line.state === 'done') this.results.set(line.name, line);
    if (line.position !== undefined) this.#positions.set(line.name, line.position);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    console.log('Kills threads and processes at random while records flow, and checks that the rest goes on.\n\n  --kills N   (200)\n  --seed N    of kinds, victims and moments (random)\n  --json      the result as JSON\n  -h, --help');
  } else {
    const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
    const progress = ({ kills: done }) => { if (process.stderr.isTTY) process.stderr.write(`\r${done} kills`); };
    try {
      const result = await kills({ count: Number(values.kills), seed, progress });
      if (values.json) console.log(JSON.stringify(result, undefined, 2));
      else {
        const { killed, records, subscribers } = result;
        console.log(`${records} records of each feed; killed: ${Object.entries(killed).map(([kind, times]) => `${kind} ${times}`).join(', ')} (seed ${seed})`);
        for (const { name, records: seen, lost, runs } of subscribers) console.log(`${name.padEnd(26)} ${seen} records in ${runs} runs, ${lost} lost and reported`);
      }
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
