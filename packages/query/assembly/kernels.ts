// Kernels of scans: they run over the columns of a mapped chunk where these lie. The mapping is read-only; what they put out goes
// to anonymous pages behind the file (`scratchOffset` of open-chunk.ts), at addresses that the caller gives. Addresses are in
// bytes from the start of the mapping; columns begin at multiples of 8.
export { sumF64 } from './sum';
export { within16, within32, within64, within8, withinBytes, withinF32, withinF64 } from './filter';
export { mergePack, mergeRun, mergeSettle } from './merge';
export { timeBars } from './bars';
