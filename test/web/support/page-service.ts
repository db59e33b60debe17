import { fileURLToPath } from 'node:url';
import { readRecording } from '../../../src/audio-files/read-recording.ts';
import { prepareAudio } from '../../../src/replay/prepare-audio.ts';
import {
  startTestService,
  type TestService,
  type TestServiceOptions,
} from '../../support/start-service.ts';
import type { TestClient } from '../../support/test-client.ts';
import { fixturePath } from '../../support/wire-audio.ts';

const detector = (name: string) =>
  fileURLToPath(new URL(`../../../models/${name}`, import.meta.url));

/** The service with the detectors that it ships with. */
export function startPageService(options: TestServiceOptions = {}): Promise<TestService> {
  const detectorFolders = [detector('telephone-8k'), detector('wideband-16k')];
  return startTestService({ ...options, config: { detectorFolders, ...options.config } });
}

export const urlOf = ({ port }: TestService, path = '/') => `http://127.0.0.1:${port}${path}`;

const TWO_LEGS = [
  { id: 'agent', role: 'agent' },
  { id: 'caller', role: 'caller' },
];

/**
 * Streams the two-channel fixture as mu-law of 8 kHz: a human agent and a synthetic caller. The call
 * goes on until the client stops.
 */
export async function startTwoLegCall(
  service: TestService,
  start: object = {},
): Promise<TestClient> {
  const recording = await readRecording(fixturePath('two_channel_left_human_right_synthetic.flac'));
  const { format, packets } = prepareAudio(recording, { codec: 'mulaw', sampleRateHz: 8000 });
  const client = await service.connect();
  await client.start({ callId: 'two-legs', legs: TWO_LEGS, audio: format, pace: 'fast', ...start });
  client.send(packets);
  client.json({ type: 'finalize' });
  await client.next('finalized');
  return client;
}
