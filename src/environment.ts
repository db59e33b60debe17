type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What Kubernetes says in every pod of the namespace where a Service is called `bonafide`: in
 * `BONAFIDE_PORT`, too, e.g. `tcp://10.0.0.1:80`.
 */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\//;
const SERVICE_LINK_NAMES = /^BONAFIDE_(?:SERVICE|PORT)_/;
/** Of clients and examples. */
const CLIENT_NAMES = ['BONAFIDE_KEY', 'BONAFIDE_URL'];

/** What somebody set who means it, if anything. */
export function settingIn(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value !== undefined && SERVICE_LINK.test(value) ? undefined : value;
}

/** Names in the environment that look like settings and are none of `known`, such as misspelt ones, in its order. */
export function unknownSettings(environment: Environment, known: readonly string[]): string[] {
  const expected = new Set([...known, ...CLIENT_NAMES]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('BONAFIDE_'))
    .filter((name) => !expected.has(name) && !SERVICE_LINK_NAMES.test(name));
}
