/**
 * Bugs that are planted in a model when it runs and not when it is made, so that one program has many: making it takes longer than
 * finding a bug. Where a model has
 *
 *     #ifdef BUG_X        the program gets    if :: c_expr { planted_3 } ->
 *     …                                       …
 *     #else                                   :: else ->
 *     …                                       …
 *     #endif                                  fi;
 */

/** The bugs of a model that can be planted like this: what they change are whole statements. */
export function plantable(text: string): string[] {
  const found = new Map<string, boolean>();
  for (const { bug, branches } of conditions(text)) {
    const statements = branches.every((lines) => lines.length > 0 && !lines.some((line) => /^\s*#|proctype|\bactive\b/.test(line)) && !/^\s*::/.test(lines[0] as string) && balanced(lines.join('\n')));
    found.set(bug, (found.get(bug) ?? true) && statements);
  }
  const elsewhere = new Set(text.match(/^#.*defined\(BUG_\w+/gm)?.map((line) => /BUG_\w+/.exec(line)?.[0]));
  return [...found].filter(([bug, statements]) => statements && !elsewhere.has(bug)).map(([bug]) => bug).sort();
}

/** A model that asks the environment for the number of its bug: its place in `bugs` and 1. */
export function withPlanting(text: string, bugs: readonly string[]): string {
  const open: (string | undefined)[] = [];
  const lines = text.split('\n').map((line) => {
    const [, not, bug] = /^#if(n?)def (\w+)/.exec(line) ?? [];
    if (/^#if/.test(line)) {
      const number = bugs.indexOf(bug ?? '') + 1;
      open.push(number === 0 ? undefined : ':: else fi;');
      return number === 0 ? line : `if :: c_expr { ${not === 'n' ? 'sound' : 'planted'}_${number} } ->`;
    }
    if (/^#else/.test(line) && open.at(-1) !== undefined) {
      open[open.length - 1] = 'fi;';
      return ':: else ->';
    }
    return /^#endif/.test(line) ? open.pop() ?? line : line;
  });
  // Spin takes no call in a c_expr, and looks no deeper than a name.
  const names = bugs.map((_, i) => `\\#define planted_${i + 1} (planted() == ${i + 1})\n\\#define sound_${i + 1} (planted() != ${i + 1})`);
  const declared = ['\\#include <stdlib.h>', 'static int planted() { static int bug = -1; if (bug < 0) bug = atoi(getenv("PLANTED")); return bug; }', ...names];
  return `c_decl {\n${declared.join('\n')}\n};\n${lines.join('\n')}`;
}

interface Condition {
  readonly bug: string;
  /** Lines of the branches, comments and empty ones left out. */
  readonly branches: string[][];
}

function conditions(text: string): Condition[] {
  const found: Condition[] = [];
  const open: (Condition | undefined)[] = [];
  for (const line of text.split('\n')) {
    const bug = /^#ifn?def (BUG_\w+)/.exec(line)?.[1];
    if (/^#if/.test(line)) {
      for (const outer of open) outer?.branches.at(-1)?.push(line);
      const condition = bug === undefined ? undefined : { bug, branches: [[]] };
      open.push(condition);
      if (condition !== undefined) found.push(condition);
    } else if (/^#else/.test(line)) open.at(-1)?.branches.push([]);
    else if (/^#endif/.test(line)) open.pop();
    else if (line.replace(/\/\*.*?\*\//g, '').trim() !== '') for (const outer of open) outer?.branches.at(-1)?.push(line);
  }
  return found;
}

function balanced(text: string): boolean {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  return count(/[{(]/g) === count(/[})]/g) && count(/\bif\b/g) === count(/\bfi\b/g) && count(/\bdo\b/g) === count(/\bod\b/g);
}
