/** JSON of any data: what JSON has no word for becomes text (bigint) or null (NaN and infinities). */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each), indent);
}
