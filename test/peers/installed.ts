import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

const {
  BONAFIDE_PEERS: folder,
  BONAFIDE_PEERS_PYTHON: python,
  BONAFIDE_PEERS_HAPROXY: haproxy,
  BONAFIDE_PEERS_AUDIOSOCKET: audioSocket,
  BONAFIDE_PEERS_ASTERISK: asterisk,
} = process.env;

/** The interpreter that has the Python peers; null = there is none. */
export const peersPython = python === undefined || python === '' ? null : python;

/** The proxy's program; null = it is not installed. */
export const peersHaproxy = haproxy === undefined || haproxy === '' ? null : haproxy;

/** The program of `audiosocket-go`; null = it could not be built. */
export const peersAudioSocket =
  audioSocket === undefined || audioSocket === '' ? null : audioSocket;

/** The root folder of a Debian with Asterisk; null = it could not be made. */
export const peersAsterisk = asterisk === undefined || asterisk === '' ? null : asterisk;

/** `require` in the folder that `npm run test:peers` has filled. @throws Error when it has not run */
export function peersRequire(): NodeJS.Require {
  if (folder === undefined) throw new Error('run this with npm run test:peers');
  return createRequire(join(folder, 'package.json'));
}
