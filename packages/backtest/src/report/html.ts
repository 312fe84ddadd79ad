/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** HTML from a template: whatever is put in is escaped, unless it is Html itself, or a list of such. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
  const textOf = (value: unknown): string => (value instanceof Html ? value.text : Array.isArray(value) ? value.map(textOf).join('') : escaped(String(value)));
  return new Html(strings.reduce((text, part, i) => text + textOf(values[i - 1]) + part));
}

/** Data for a script, in a place where the browser takes it for data: nothing in it can end that place. */
export function jsonIn(id: string, value: unknown): Html {
  return new Html(`<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`);
}
