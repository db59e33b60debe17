const BETWEEN = '~';
/** Ids are cut to this length, which everything downstream takes. */
export const MAX_ID_CHARACTERS = 128;

/** No `.` or `..`: every client takes such a part out of an address, also where its dots are `%2e`. */
export const IN_AN_ADDRESS = /^(?!\.{1,2}$)/;

/** Half a character, as texts that were cut end in, has no place in an address or a file: U+FFFD stands for it. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** The id of a key's call while another key's call has the one that it gave: `id~key`. */
export function idBeside(callId: string, keyName: string): string {
  const end = `${BETWEEN}${keyName}`;
  return `${wellFormed(callId.slice(0, MAX_ID_CHARACTERS - end.length))}${end}`;
}

/** The id that was given, of what `idBeside` made; another id stays. */
export function givenId(callId: string, keyName: string): string {
  const end = `${BETWEEN}${keyName}`;
  return callId.endsWith(end) ? callId.slice(0, -end.length) : callId;
}
