export function offsets(seed: number, wrap: number): { before: number; after: number };
