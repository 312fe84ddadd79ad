import type { Line, Peer } from './benchmark.js';
import { LOAD_WARNING, type Machine, STOLEN_WARNING } from './machine.js';
import type { Sample } from './sample.js';

/** What became of one benchmark. */
export interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** The part of the processors that the host gave to other guests meanwhile. */
  readonly stolen: number;
  readonly lines: readonly Line[];
  /** Why it ended early. */
  readonly failure?: string;
}

export interface Report {
  /** ISO 8601, at the start. */
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly stolen: number;
  readonly outcomes: readonly Outcome[];
}

/** Whether every benchmark ran to its end and every value was right. Targets do not matter here. */
export function holds(report: Report): boolean {
  return report.outcomes.every((outcome) => outcome.failure === undefined && outcome.lines.every((line) => line.problems.length === 0));
}

/** The machine and the table, as Markdown. */
export function markdownOf(report: Report): string {
  const { machine, outcomes } = report;
  const lines = outcomes.flatMap((outcome) => outcome.lines);
  const notes = lines.filter((line) => line.notes.length > 0).map((line) => `- \`${line.id}\`: ${line.notes.join('; ')}.`);
  const failures = outcomes.filter((outcome) => outcome.failure !== undefined).map((outcome) => `- **\`${outcome.name}\` FAILED:** ${outcome.failure}`);
  const wrong = lines.filter((line) => line.problems.length > 0).map((line) => `- **\`${line.id}\` INVALID:** ${line.problems.slice(0, 3).join('; ')}`);
  const judged = lines.filter((line) => line.target !== undefined && line.problems.length === 0);
  return [
    `${report.date.slice(0, 16).replace('T', ' ')} UTC${report.quick ? ', **quick run: the figures mean nothing**' : ''}. ${machine.cpu}, ${machine.cores} cores, ` +
      `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB (${(machine.memoryFreeBytes / 2 ** 30).toFixed(0)} free). ${machine.kernel}. Node ${machine.node} (V8 ${machine.v8}). ` +
      `Load average ${report.loadBefore.toFixed(2)} before, ${report.loadAfter.toFixed(2)} after${report.loadBefore > LOAD_WARNING ? ' (**busy at the start**)' : ''}. ` +
      `The host kept ${(report.stolen * 100).toFixed(1)} % of the processors for other guests${report.stolen > STOLEN_WARNING ? ' (**disturbed**)' : ''}. ` +
      `A look at the clock costs ${figure(machine.clockCostNs.median)} ns.`,
    '',
    '| line | what | median | min to max (runs) | target | met | beside it, in the same run | ratio |',
    '|---|---|--:|--:|---|---|---|--:|',
    ...lines.map(rowOf),
    '',
    `${judged.filter((line) => line.target?.met).length} of ${judged.length} targets met.`,
    ...(failures.length + wrong.length > 0 ? ['', ...failures, ...wrong] : []),
    ...(notes.length > 0 ? ['', ...notes] : []),
    '',
  ].join('\n');
}

function rowOf(line: Line): string {
  const { sample, unit, target, peers } = line;
  const invalid = line.problems.length > 0;
  const cells = [
    `\`${line.id}\``, line.what, invalid ? '**INVALID**' : `${figure(sample.median)} ${unit}`, spreadOf(sample),
    target?.text ?? '', invalid || target === undefined ? '' : target.met ? 'yes' : '**no**',
    peers.map((peer) => `${peer.name}: ${figure(peer.sample.median)} ${peer.unit ?? unit}`).join('<br>'),
    peers.map((peer) => ratioOf(line, peer)).join('<br>'),
  ];
  return `| ${cells.join(' | ')} |`;
}

function spreadOf({ min, max, runs }: Sample): string {
  return runs === 1 ? '(1)' : `${figure(min)} to ${figure(max)} (${runs})`;
}

function ratioOf(line: Line, peer: Peer): string {
  return line.problems.length > 0 || peer.unit !== undefined ? '' : figure(line.sample.median / peer.sample.median);
}

/** A number with three digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}
