const BETWEEN = '~';
/** Ids are cut to this length, which everything downstream takes. */
export const MAX_ID_CHARACTERS = 128;

/** The id of a key's call while another key's call has the one that it gave: `id~key`. */
export function idBeside(callId: string, keyName: string): string {
  const end = `${BETWEEN}${keyName}`;
  return `${callId.slice(0, MAX_ID_CHARACTERS - end.length)}${end}`;
}

/** The id that was given, of what `idBeside` made; another id stays. */
export function givenId(callId: string, keyName: string): string {
  const end = `${BETWEEN}${keyName}`;
  return callId.endsWith(end) ? callId.slice(0, -end.length) : callId;
}
