type Parameters = Readonly<Record<string, unknown>>;

/** Parameters of a start in which a key or token may be. */
const KEY_PARAMETERS: readonly string[] = [
  'bonafideKey',
  'bonafide_key',
  'key',
  'token',
  'api_key',
];

/** The key or token among a start's parameters, or null. */
export function credentialIn(parameters: Parameters): string | null {
  const found = KEY_PARAMETERS.map((name) => parameters[name]).find(
    (text) => typeof text === 'string',
  );
  return typeof found === 'string' ? found : null;
}

/** The parameters that anybody may read. */
export function withoutCredentials(parameters: Parameters): Parameters {
  const entries = Object.entries(parameters).filter(([name]) => !KEY_PARAMETERS.includes(name));
  return Object.fromEntries(entries);
}
