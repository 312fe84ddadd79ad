import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- table of `npm run bench -- --write-docs`: begin -->';
const END = '<!-- table of `npm run bench -- --write-docs`: end -->';

/** Puts a new table in the place of the old one; the text around it stays. @throws RangeError where the place is not marked */
export function writeTable(file: string, table: string): void {
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new RangeError(`${file} has no place for the table: it needs the lines\n${BEGIN}\n${END}`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n${table}\n${text.slice(end)}`);
}
