import { Box, Transform, useInput } from 'ink';
import { useSyncExternalStore } from 'react';
import type { Controller } from '../controller.js';
import { mark } from './marks.js';

/** The picture as ink lays it out, each line by its mark (see marks.ts), and the keys. */
export function DashboardView({ controller }: { readonly controller: Controller }) {
  const { picture } = useSyncExternalStore(controller.subscribe, controller.screenful);
  useInput(controller.key);
  let lines = 0;
  const first = (height: number): number => (lines += height) - height;
  return (
    <Box flexDirection="column">
      {picture.map((row, at) => (
        <Box key={at} flexShrink={0}>
          {row.map(({ height }, column) => <Part key={column} height={height} first={first(height)} />)}
        </Box>
      ))}
    </Box>
  );
}

/** @param first number of its first line in the picture */
function Part({ height, first }: { readonly height: number; readonly first: number }) {
  if (height === 0) return null;
  return (
    <Box flexShrink={0}>
      <Transform transform={(_, line) => mark(first + line)}>{Array(height).fill('·').join('\n')}</Transform>
    </Box>
  );
}
