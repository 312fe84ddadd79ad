/**
 * Takes secrets out of what goes to the log. What users name, and what errors of other libraries carry along, is theirs: a
 * connection string in a message, a token among the parameters of a strategy.
 */

const HIDDEN = '[redacted]';
/** Names of values that nobody needs to see. */
const SECRET_KEY = /pass(?:word|wd|phrase|code)|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authori[sz]ation|credential|cookie|^(?:auth|pwd|pass|bearer)$/i;
/** `scheme://user:password@host`: the password, and the user with it. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi;
/** `?token=…` and `api_key: …`, up to what ends a value. */
const ASSIGNED = /((?:[\w-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key))["']?\s*[=:]\s*["']?)[^\s"'&,;)}\]]+/gi;
/** `Authorization: Bearer …` */
const BEARER = /\b((?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}/gi;
/** Values are plain data; what lies deeper is not logged at all. */
const DEPTH_MAX = 8;

/** A text without what looks like a secret in it. */
export function redactText(text: string): string {
  return text.replace(URL_CREDENTIALS, `$1${HIDDEN}@`).replace(BEARER, `$1${HIDDEN}`).replace(ASSIGNED, `$1${HIDDEN}`);
}

/** Values without those whose name says that they are secret, and without secrets in texts. Never throws; what refers to itself ends. */
export function redactValues(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) return '[…]';
  if (Array.isArray(value)) return value.map((each) => redactValues(each, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactValues(jsonOf(value as { toJSON(): unknown }), depth + 1);
  if (value instanceof Error) return { name: value.name, message: redactText(value.message) };
  if (ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, SECRET_KEY.test(key) ? HIDDEN : redactValues(each, depth + 1)]));
}

function jsonOf(value: { toJSON(): unknown }): unknown {
  try {
    return value.toJSON();
  } catch {
    return '[…]';
  }
}
