/** When this process began, ms since 1970; read once, since it is looked up anew each time. */
const { timeOrigin } = performance;

/** A time that `performance.now()` told, as microseconds since 1970. */
export const usOf = (nowMs: number): number => Math.round((timeOrigin + nowMs) * 1000);

/** This machine's clock, microseconds since 1970. Finer than Date's; like it, it is not the exchange's. */
export const nowUs = (): number => usOf(performance.now());
