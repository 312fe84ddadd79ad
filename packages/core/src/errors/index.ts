export { ERROR_CODES, type ErrorCode } from './codes.js';
export { notIndexed } from './not-indexed.js';
export { notPersisted } from './not-persisted.js';
export { DeepwaterError, type DeepwaterErrorOptions } from './deepwater-error.js';
export { clipText, describeValue } from './describe.js';
export { deserializeError, serializeError, type SerializedError } from './serialize.js';
