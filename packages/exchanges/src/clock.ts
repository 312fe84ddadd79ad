/** This machine's clock, microseconds since 1970. Finer than Date's; like it, it is not the exchange's. */
export const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
