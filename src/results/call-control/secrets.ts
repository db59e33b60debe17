import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Where a secret stands; it never stands in the policies file itself. */
export const secretRefSchema = z.union(
  [
    z.strictObject({ env: z.string().regex(/^[A-Za-z_]\w*$/) }),
    z.strictObject({ file: z.string().min(1) }),
  ],
  'must be { env: NAME } or { file: PATH }: secrets do not stand in this file',
);

export type SecretRef = z.infer<typeof secretRefSchema>;

/** Reads secrets anew each time, so that a file may change while the service runs. Nothing prints one. */
export class Secrets {
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  /** Without the line break at its end. @throws Error that names the place, never the secret */
  read(ref: SecretRef): string {
    const secret =
      'env' in ref ? this.#environment[ref.env] : readFileSync(ref.file, 'utf8').trimEnd();
    if (secret !== undefined && secret !== '') return secret;
    throw new Error('env' in ref ? `${ref.env} is not set` : `${ref.file} is empty`);
  }
}
