/** Text is gathered to pieces of this size before it is written. */
const PIECE_CHARS = 64 * 1024;

/** An output that gathers the text that it is given; bytes go behind it at once. */
export interface Gathered {
  /** Writes text, sooner or later; resolves when more may come. */
  print(text: string): Promise<void>;
  /** Writes bytes; resolves when more may come. */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what was gathered. */
  flush(): Promise<void>;
}

/** @param put writes a piece; resolves when more may come */
export function gathered(put: (piece: string | Uint8Array) => Promise<void>): Gathered {
  let pending = '';
  const flush = async (): Promise<void> => {
    const text = pending;
    pending = '';
    if (text !== '') await put(text);
  };
  return {
    async print(text) {
      pending += text;
      if (pending.length >= PIECE_CHARS) await flush();
    },
    async write(bytes) {
      await flush();
      await put(bytes);
    },
    flush,
  };
}
