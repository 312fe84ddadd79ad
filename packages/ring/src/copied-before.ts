/**
 * Keeps copying before looking: a row copied by plain loads is whole where the head, looked at *afterwards*, says that the writer
 * did not come by (rule 3). x86-TSO keeps loads in their order. ARMv8 does not: an acquire load (LDAR, `Atomics.load`) holds back
 * what comes after it, and nothing that came before, so a cell could be loaded after the head that is to vouch for it. A
 * release store (STLR, `Atomics.store`) comes after everything before it, and no LDAR passes an STLR: a store to a word that
 * nobody reads does it, however it is that an architecture makes `Atomics` sequentially consistent.
 * @param arch `process.arch`
 * @returns what to call between the copy and the look
 */
export function copiedBefore(arch: NodeJS.Architecture): () => void {
  if (arch === 'x64') return () => {};
  const word = new Int32Array(new SharedArrayBuffer(4));
  return () => { Atomics.store(word, 0, 0); };
}
