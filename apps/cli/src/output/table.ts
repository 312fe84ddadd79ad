import Table from 'cli-table3';

/** How wide a cell may be on a terminal; longer ones are cut with an ellipsis. */
const CELL_CHARS_MAX = 60;

/** A table without colours; columns of `right` are set flush right. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[], right: readonly boolean[] = []): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (right[column] === true ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(row.map((cell) => (cell.length > CELL_CHARS_MAX ? `${cell.slice(0, CELL_CHARS_MAX - 1)}…` : cell)));
  return `${table.toString()}\n`;
}
