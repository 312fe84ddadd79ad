/** Books of Bybit come in several depths, each with a topic of its own; a capture has the one that its recorder asked for. */
import type { Exchange } from '@deepwater/exchanges';

const TOPIC = /"topic":"orderbook\.(\d{1,4})\.([^"]{1,40})"/;
/** The depth that the adapter takes for the book. */
const BOOK_DEPTH = 200;

/** A frame as the adapter is to see it; undefined where it is not for it. */
export type TakeFrame = (text: string) => string | undefined;

/** The deepest book of each symbol. */
export class DepthsSeen {
  readonly #deepest = new Map<string, number>();

  take(text: string): void {
    const [, depth, symbol] = TOPIC.exec(text) ?? [];
    if (symbol !== undefined && Number(depth) > (this.#deepest.get(symbol) ?? 1)) this.#deepest.set(symbol, Number(depth));
  }

  /**
   * Has the deepest book of each symbol come as the adapter's own. Depth 1 stays what it is: on spot it is the quotes.
   * @param told of what is left out, once for each topic
   */
  taken(exchange: Exchange, told: (text: string) => void): TakeFrame {
    const deepest = this.#deepest;
    if (!exchange.name.startsWith('bybit') || [...deepest.values()].every((depth) => depth === BOOK_DEPTH)) return (text) => text;
    const left = new Set<string>();
    return (text) => {
      const [topic, digits, symbol] = TOPIC.exec(text) ?? [];
      const depth = Number(digits);
      if (topic === undefined || depth <= 1) return text;
      if (depth === deepest.get(symbol!)) return depth === BOOK_DEPTH ? text : text.replace(topic, `"topic":"orderbook.${BOOK_DEPTH}.${symbol!}"`);
      if (!left.has(topic)) told(`orderbook.${depth}.${symbol!} is left out: the capture has the book ${deepest.get(symbol!)!} levels deep as well`);
      left.add(topic);
      return undefined;
    };
  }
}
