/** What the names of Lean's files tell: `equity/usa/tick/spy/20131007_trade.zip`, and in it `20131007_spy_Trade_Tick.csv`. */

export interface LeanName {
  /** `equity`, `forex`, `cfd`, `future`, `crypto`; undefined where the folders do not tell. */
  readonly security: string | undefined;
  readonly market: string | undefined;
  readonly resolution: 'tick' | 'second' | 'minute' | 'hour' | 'daily';
  readonly symbol: string;
  readonly what: 'trade' | 'quote';
  /** Midnight of its day, as ms of UTC; hour and daily bars have their dates in the lines. */
  readonly dateMs: number | undefined;
}

const FOLDERS = /(?:^|\/)(equity|forex|cfd|futures?|crypto|cryptofuture|index|option)\/([a-z0-9]+)\/(tick|second|minute|hour|daily)\/(?:([^/]+)\/)?[^/]+$/i;
const FILE = /^(\d{4})(\d{2})(\d{2})_(?:(trade|quote)|([a-z0-9.-]+)_(?:(tick|second|minute)_(trade|quote)|(trade|quote)_(tick|second|minute)))(?:_(\d{6,8}))?\.(?:csv|zip)$/i;

export function leanName(path: string, partName: string): LeanName | undefined {
  const folders = FOLDERS.exec(path);
  const [, security, market, folderResolution, folderSymbol] = folders?.map((text) => text?.toLowerCase()) ?? [];
  const base = { security: security?.replace(/^futures$/, 'future'), market };
  const inside = FILE.exec(partName) ?? FILE.exec(path.split('/').at(-1) ?? '');
  if (inside !== null) {
    const [, year, month, day, plain, symbol = folderSymbol, resolution1, what1, what2, resolution2, contract] = inside;
    const resolution = (resolution1 ?? resolution2 ?? folderResolution)?.toLowerCase();
    const dateMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
    if (resolution === undefined || symbol === undefined || Number.isNaN(dateMs)) return undefined;
    return { ...base, resolution: resolution as LeanName['resolution'], symbol: `${symbol.toUpperCase()}${contract ?? ''}`, what: (plain ?? what1 ?? what2)!.toLowerCase() as LeanName['what'], dateMs };
  }
  if (folderResolution !== 'hour' && folderResolution !== 'daily') return undefined;
  const [, symbol, quote] = /^([a-z0-9.-]+?)(_quote|_trade)?\.csv$/i.exec(partName) ?? [];
  if (symbol === undefined) return undefined;
  return { ...base, resolution: folderResolution, symbol: symbol.toUpperCase(), what: quote === '_quote' || base.security === 'forex' || base.security === 'cfd' ? 'quote' : 'trade', dateMs: undefined };
}
