/** What callers of `aggregate` ask for, checked. */
import { DeepwaterError, type Field, type Schema, describeValue, didYouMean, isNumericType } from '@deepwater/core/engine';
import { checkKeys } from '../options.js';
import { clockIndexOf } from '../time-bounds.js';
import { parseWhere } from '../where/parse-where.js';
import { edgesOf } from './edges.js';
import type { AggregateRequest, Measure, Output } from './request.js';

const KINDS = ['count', 'sum', 'min', 'max', 'first', 'last', 'mean', 'stddev', 'variance', 'vwap', 'histogram', 'quantile'];
/** Results of one call. */
const RESULTS_MAX = 256;

const isNumeric = ({ type }: Field): boolean => isNumericType(type);

/** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID */
export function parseAggregates(schema: Schema, options: unknown): AggregateRequest {
  const { aggregates, where, by } = checkKeys(options, ['aggregates', 'where', 'by']);
  if (typeof aggregates !== 'object' || aggregates === null || Array.isArray(aggregates)) {
    throw invalid(`aggregates is ${describeValue(aggregates)}; give an object such as { volume: { sum: 'size' }, trades: 'count' }.`, { aggregates: describeValue(aggregates) });
  }
  const entries = Object.entries(aggregates);
  if (entries.length > RESULTS_MAX) throw invalid(`aggregates names ${entries.length} results, more than ${RESULTS_MAX}.`, { count: entries.length, limit: RESULTS_MAX });
  const parser = new AggregateParser(schema);
  const outputs = entries.map(([name, asked]) => parser.output(name, asked));
  return { measures: parser.measures, outputs, where: parseWhere(schema, where), clockIndex: clockIndexOf(schema, by) };
}

class AggregateParser {
  readonly measures: Measure[] = [];
  readonly #known = new Map<string, number>();

  constructor(private readonly schema: Schema) {}

  output(name: string, asked: unknown): Output {
    if (asked === 'count') return { name, of: 'count' };
    const { kind, given } = this.#kindOf(name, asked);
    switch (kind) {
      case 'count':
        if (given['count'] !== true) throw invalid(`aggregates.${name}.count is ${describeValue(given['count'])}; write 'count'.`, { name });
        return { name, of: 'count' };
      case 'first': case 'last':
        return { name, of: kind, measure: this.#measure({ kind, column: this.#field(name, kind, given[kind], () => true).index }) };
      case 'min': case 'max':
        return { name, of: kind, measure: this.#measure({ kind: 'extremes', column: this.#field(name, kind, given[kind], (field) => isNumeric(field) || field.type === 'char').index }) };
      case 'sum': case 'mean':
        return { name, of: kind, measure: this.#measure({ kind: 'sum', column: this.#numeric(name, kind, given[kind]).index }) };
      case 'stddev': case 'variance':
        return { name, of: kind, measure: this.#measure({ kind: 'moments', column: this.#numeric(name, kind, given[kind]).index }) };
      case 'vwap': {
        const pair: unknown = given['vwap'];
        if (!Array.isArray(pair) || pair.length !== 2) throw invalid(`aggregates.${name}.vwap is ${describeValue(pair)}; give [price, size], the names of two fields.`, { name, given: describeValue(pair) });
        const [price, size] = (pair as unknown[]).map((each) => this.#numeric(name, kind, each).index) as [number, number];
        return { name, of: 'vwap', measure: this.#measure({ kind: 'vwap', column: price, size }) };
      }
      case 'histogram': {
        const field = this.#numeric(name, kind, given['histogram']);
        const { shown, cells } = edgesOf(field, `aggregates.${name}`, given);
        return { name, of: 'histogram', edges: shown, measure: this.#measure({ kind: 'histogram', column: field.index, edges: cells }) };
      }
      default:
        return this.#quantile(name, given);
    }
  }

  #quantile(name: string, given: Record<string, unknown>): Output {
    const { at, method = 'cont' } = given;
    if (method !== 'cont' && method !== 'disc') throw invalid(`aggregates.${name}.method is ${describeValue(method)}; give 'cont' or 'disc'.`, { name, method: describeValue(method) });
    const list = Array.isArray(at) ? at as unknown[] : [at];
    for (const each of list) {
      if (typeof each !== 'number' || !(each >= 0 && each <= 1)) throw invalid(`aggregates.${name}.at is ${describeValue(each)}; give a number from 0 to 1, or a list of such.`, { name, at: describeValue(each) });
    }
    const measure = this.#measure({ kind: 'values', column: this.#numeric(name, 'quantile', given['quantile']).index });
    return { name, of: 'quantile', measure, at: list as number[], list: Array.isArray(at), method };
  }

  #kindOf(name: string, asked: unknown): { kind: string; given: Record<string, unknown> } {
    const given = typeof asked === 'object' && asked !== null && !Array.isArray(asked) ? asked as Record<string, unknown> : {};
    const keys = Object.keys(given);
    const kind = keys.find((key) => KINDS.includes(key));
    if (kind === undefined) {
      const hint = keys[0] === undefined ? '' : didYouMean(keys[0], KINDS);
      throw invalid(`aggregates.${name} is ${describeValue(asked)}, which is no aggregate${hint}. Give 'count', or an object with one of ${KINDS.join(', ')}.`, { name, given: describeValue(asked), known: KINDS });
    }
    const known = [kind, ...(kind === 'histogram' ? ['edges', 'from', 'to', 'bins'] : kind === 'quantile' ? ['at', 'method'] : [])];
    const unknown = keys.find((key) => !known.includes(key));
    if (unknown !== undefined) throw invalid(`aggregates.${name} has ${describeValue(unknown)} beside ${kind}${didYouMean(unknown, known)}; ${kind} takes ${known.join(', ')}.`, { name, key: unknown, known });
    return { kind, given };
  }

  #numeric(name: string, kind: string, field: unknown): Field {
    return this.#field(name, kind, field, isNumeric);
  }

  #field(name: string, kind: string, given: unknown, fits: (field: Field) => boolean): Field {
    const usable = this.schema.fields.filter(fits);
    const found = usable.find((field) => field.name === given);
    if (found !== undefined) return found;
    const names = usable.map((field) => field.name);
    const exists = this.schema.fields.find((field) => field.name === given);
    if (exists !== undefined) throw invalid(`aggregates.${name}: ${kind} takes fields with numbers, and ${exists.name} is of type ${exists.type}. Those of the feed: ${names.join(', ')}.`, { name, field: exists.name, type: exists.type, fields: names });
    throw new DeepwaterError('DW_FIELD_UNKNOWN', `aggregates.${name} names ${describeValue(given)}, which the feed does not have${typeof given === 'string' ? didYouMean(given, names) : ''}. ${kind} takes ${names.join(', ')}.`, {
      values: { name, field: describeValue(given), fields: names },
    });
  }

  /** One for all results that come of the same. */
  #measure(measure: Measure): number {
    const key = `${measure.kind} ${measure.column} ${'size' in measure ? measure.size : ''} ${'edges' in measure ? measure.edges.join() : ''}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.measures.length);
    return this.measures.push(measure) - 1;
  }
}

function invalid(message: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', message, { values });
}
