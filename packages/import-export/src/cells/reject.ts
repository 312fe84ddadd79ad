/** Why a row of a file cannot become a record. Kept by line and counted; the import goes on until there are too many. */
export class Reject extends Error {
  override readonly name = 'Reject';
}

/** Text of a file as messages show it. */
export function shown(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return JSON.stringify(cut);
}
