/** Does nothing: what is measured is everything else. */
export function onRecord(): void {}
