import { Box, Transform, useInput } from 'ink';
import { useSyncExternalStore } from 'react';
import type { Controller } from '../controller.js';
import type { Block } from '../draw/picture.js';
import { toAnsi, type Theme } from '../draw/theme.js';

/** The picture as ink lays it out, and the keys. */
export function DashboardView({ controller, theme }: { readonly controller: Controller; readonly theme: Theme }) {
  const { size, picture } = useSyncExternalStore(controller.subscribe, controller.screenful);
  useInput(controller.key);
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows} overflow="hidden">
      {picture.map((row, at) => (
        <Box key={at} flexShrink={0}>
          {row.map((block, column) => <Part key={column} block={block} theme={theme} />)}
        </Box>
      ))}
    </Box>
  );
}

/**
 * Lines of exactly the block's size. Ink measures texts and remembers each of them for ever; a screen that changes four times a second would fill the
 * memory within days. So what is measured is blank, always the same, and becomes the lines on its way out.
 */
function Part({ block: { width, height, lines }, theme }: { readonly block: Block; readonly theme: Theme }) {
  const blank = `${`${' '.repeat(width)}\n`.repeat(Math.max(0, height - 1))}${' '.repeat(width)}`;
  return (
    <Box width={width} height={height} flexShrink={0}>
      <Transform transform={(_, line) => toAnsi(lines[line] ?? { spans: [] }, theme)}>{blank}</Transform>
    </Box>
  );
}
