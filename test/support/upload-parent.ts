import { readFileSync } from 'node:fs';
import { UploadHost } from '../../src/uploads/upload-host.ts';
import { FakeClock } from './fake-clock.ts';
import { MULAW_BODY, uploadSetup } from './upload-setup.ts';
import { fixturePath } from './wire-audio.ts';

/** Of four seconds each: decoded in one go, which takes minutes. */
const REPETITIONS = 2_000;

/** A service of nothing but uploads, to be killed when its upload process works on a long recording. */
const [folder = ''] = process.argv.slice(2);
const host = new UploadHost({
  clock: new FakeClock(),
  timeLimitMs: 1_000,
  failed: (reason) => console.error(reason),
  died: (reason) => console.error(reason),
  setup: uploadSetup(folder, 36_000),
});
await host.screen({ ...MULAW_BODY, blocks: [new Uint8Array(8_000)] });
console.log('ready');
const mp3 = readFileSync(fixturePath('format_human_mp3_stereo_44k1.mp3'));
const blocks = Array.from({ length: REPETITIONS }, () => new Uint8Array(mp3));
await host.screen({ ...MULAW_BODY, raw: null, blocks });
