import Table from 'cli-table3';
import stringWidth from 'string-width';

/** How wide a cell may be on a terminal; longer ones are cut with an ellipsis. */
const CELL_CHARS_MAX = 60;
/** Rows that are laid out at once: cli-table3 takes time that grows with the square of their number. */
const ROWS_AT_ONCE = 50;
const NO_TOP = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
const NO_BOTTOM = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };

/** A table without colours; columns of `right` are set flush right. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[], right: readonly boolean[] = []): string {
  const cells = rows.map((row) => row.map((cell) => (cell.length > CELL_CHARS_MAX ? `${cell.slice(0, CELL_CHARS_MAX - 1)}…` : cell)));
  const colWidths = head.map((name, column) => 2 + cells.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), widthOf(name)));
  const colAligns = head.map((_, column) => (right[column] === true ? 'right' as const : 'left' as const));
  let text = '';
  for (let from = 0; from === 0 || from < cells.length; from += ROWS_AT_ONCE) {
    const table = new Table({
      head: from === 0 ? [...head] : [], colWidths, colAligns,
      chars: { ...(from === 0 ? {} : NO_TOP), ...(from + ROWS_AT_ONCE < cells.length ? NO_BOTTOM : {}) },
      style: { head: [], border: [], compact: true },
    });
    table.push(...cells.slice(from, from + ROWS_AT_ONCE));
    text += `${table.toString()}\n`;
  }
  return text;
}

function widthOf(cell: string): number {
  return cell.split('\n').reduce((widest, line) => Math.max(widest, stringWidth(line)), 0);
}
