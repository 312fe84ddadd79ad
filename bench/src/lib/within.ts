/**
 * Waits for something that may never come, such as the word of a thread that has died.
 * @throws Error with `what` where it has not come in time
 */
export async function within<T>(limitMs: number, coming: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error(`${what} after ${limitMs / 1000} s`)); }, limitMs);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}
