/** A replay server as a process of its own: `deepwater replay-server --venue binance --capture FILE`. */
import { parseArgs } from 'node:util';
import { DeepwaterError } from '@deepwater/core';
import type { Fault } from './faults/fault.js';
import type { ReplayOptions } from './options.js';
import { startReplayServer, type ReplayServer } from './server.js';
import { VENUES, type VenueName } from './venues/registry.js';

const HELP = `Plays captures of an exchange in its own protocol, at 127.0.0.1.

  --venue NAME      ${VENUES.join(', ')}
  --capture FILE    a capture; more than once for one session in several files
  --speed SPEED     real, fast, or times the capture's own pace (default: real)
  --start WHEN      subscription, now, manual (default: subscription)
  --end WHAT        silent, close, loop (default: silent); with close the process ends, too
  --fault JSON      a fault, such as {"kind":"drop","at":100}; more than once for several
  --seed N          which frames faults with a chance strike (default: 1)
  --port N          default: one that is free
  --json            one JSON object a line
  --help

POST /control steers it; docs/REPLAY.md has everything else.
Ends with 0 when all is played or it is interrupted, 1 for options, captures or a port that cannot be used, 2 for a mistake of this program.`;

/** As of the `deepwater` command. */
const EXIT = { OK: 0, ERROR: 1, UNEXPECTED: 2 } as const;

/** Plays until the end, or until it is interrupted. @returns the exit code */
export async function replayServerCommand(args: readonly string[]): Promise<number> {
  let json = args.includes('--json');
  try {
    const { values } = parse(args);
    json = values.json === true;
    if (values.help === true) {
      console.log(HELP);
      return EXIT.OK;
    }
    const options = optionsOf(values);
    const server = await startReplayServer(options);
    // Before it is told where the server is: whoever knows may interrupt it.
    const interrupted = interrupt();
    tell(json, { event: 'listening', ...server.url, ...server.control.status() },
      `Playing ${options.venue}: ${server.control.status().frames} frames.\n${server.url.ws}\n${server.url.rest}`);
    await untilDone(server, interrupted, options.end === 'close');
    tell(json, { event: 'closed', ...server.control.status(), faultsStruck: server.faults.length }, `Closed; ${server.faults.length} faults have struck.`);
    return EXIT.OK;
  } catch (error) {
    const told = DeepwaterError.isDeepwaterError(error) ? error : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (json) console.error(JSON.stringify(told ?? { message }));
    else console.error(told === undefined ? message : `${told.code}: ${message}`);
    return told === undefined ? EXIT.UNEXPECTED : EXIT.ERROR;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args], allowPositionals: false,
      options: {
        venue: { type: 'string' }, capture: { type: 'string', multiple: true }, speed: { type: 'string' }, start: { type: 'string' }, end: { type: 'string' },
        fault: { type: 'string', multiple: true }, seed: { type: 'string' }, port: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new DeepwaterError('DW_OPTION_INVALID', (cause as Error).message, { cause });
  }
}

type Given = ReturnType<typeof parse>['values'];

/** What the options themselves cannot be, the server says. */
function optionsOf(values: Given): ReplayOptions {
  const { speed = 'real' } = values;
  return {
    venue: values.venue as VenueName, captures: values.capture ?? [],
    pace: speed === 'real' || speed === 'fast' ? speed : number('speed', speed),
    start: values.start as ReplayOptions['start'], end: values.end as ReplayOptions['end'],
    faults: (values.fault ?? []).map(faultOf),
    seed: values.seed === undefined ? undefined : number('seed', values.seed), port: values.port === undefined ? undefined : number('port', values.port),
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new DeepwaterError('DW_OPTION_INVALID', `--${name}: ${text} is not a number.`, { values: { option: name, value: text } });
  return value;
}

function faultOf(text: string): Fault {
  try {
    return JSON.parse(text) as Fault;
  } catch (cause) {
    throw new DeepwaterError('DW_OPTION_INVALID', `--fault: ${text} is not JSON.`, { cause });
  }
}

function interrupt(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

/** Until a signal, or until all is played where that is the end. */
async function untilDone(server: ReplayServer, interrupted: Promise<void>, endsItself: boolean): Promise<void> {
  await (endsItself ? Promise.race([server.done, interrupted]) : interrupted);
  // Closing handshakes are waited for, a little.
  for (let waited = 0; endsItself && server.control.status().clients > 0 && waited < 100; waited++) await new Promise((resolve) => setTimeout(resolve, 10));
  await server.close();
}

function tell(json: boolean, event: object, text: string): void {
  console.log(json ? JSON.stringify(event) : text);
}
