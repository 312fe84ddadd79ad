// Kernels of scans: they run over the columns of a mapped chunk where these lie. The mapping is read-only; what they put out goes
// to anonymous pages behind the file (`scratchOffset` of open-chunk.ts), at addresses that the caller gives. Addresses are in
// bytes from the start of the mapping; columns begin at multiples of 8.
export { deviationsF64, dotF64, extremesF64, sumF64 } from './sum';
export { histogram64, histogramF64 } from './histogram';
export { dot64 } from './dot';
export { keep64, keepF64 } from './keep';
export { within16, within32, within64, within8, withinBytes, withinF32, withinF64 } from './filter';
export { mergeKeys, mergePack, mergePlaces, mergeRows, mergeRun, mergeSettle } from './merge';
export { timeBars } from './bars';
export { timeBarsExact } from './bars-exact';
export { countMask } from './mask';
export {
  differences64, extremes64, sum64, wholeF64, wholeI32, wholeU32, widenF32, widenI16, widenI32, widenI8, widenU16, widenU32, widenU8,
} from './wide';
