import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecording } from '../../src/audio-files/read-recording.ts';
import type { Screening } from '../../src/http/schemas.ts';
import { screeningSchema } from '../../src/http/schemas.ts';
import { OfflineScreener } from '../../src/replay/offline-screener.ts';
import { prepareAudio } from '../../src/replay/prepare-audio.ts';
import { timelineOf } from '../../src/replay/timeline.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';

const FILES = [
  ['format_human_wav_pcm16_8k.wav', 'wav', 1],
  ['format_human_flac_16k.flac', 'flac', 1],
  ['format_human_mp3_16k.mp3', 'mp3', 1],
  ['format_human_opus_ogg.opus', 'ogg-opus', 1],
  ['format_human_opus_webm.webm', 'webm-opus', 1],
  ['format_human_vorbis.ogg', 'ogg-vorbis', 1],
  ['two_channel_left_human_right_synthetic.flac', 'flac', 2],
] as const;

let host: TestService;
beforeAll(async () => {
  host = await startTestService();
});
afterAll(closeTestServices);

const url = (path: string) => `http://127.0.0.1:${host.port}${path}`;
const upload = async (body: Uint8Array | FormData, query = '') =>
  fetch(url(`/v1/screenings${query}`), {
    method: 'POST',
    body: body as FormData,
    headers: { prefer: 'wait=60' },
  });

/** The legs that `screen` gives, without what measures wall time. */
async function offlineScores(name: string) {
  const screener = await OfflineScreener.create({
    detectorFolders: [`${host.folder}/tiny`],
    engine: 'onnx',
    settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
    clock: host.clock,
  });
  const recording = await readRecording(fixturePath(name));
  const audio = prepareAudio(recording, { codec: 'pcm16', sampleRateHz: null });
  const ids = ['caller', 'callee'].slice(0, recording.channels.length);
  const events = await screener.screen({
    audio,
    timeline: timelineOf(audio, null),
    stamped: false,
    callId: 'x',
    legs: ids.map((id) => ({ id, role: 'unknown' })),
    scoreIntervalMs: 500,
  });
  await screener.close();
  return ids.map((id) =>
    events.flatMap((event) =>
      event.type === 'score' && event.leg === id ? [event.syntheticProbability] : [],
    ),
  );
}

describe('an uploaded recording', () => {
  it.each(FILES)('%s is screened as `screen` does', async (name, container, channels) => {
    const answer = await upload(await readFile(fixturePath(name)));
    expect(answer.status).toBe(200);
    const screening = screeningSchema.parse(await answer.json());
    expect(screening).toMatchObject({ state: 'done', audio: { container, channels } });
    const timelines = screening.legs.map(({ timeline }) =>
      timeline.map(({ syntheticProbability }) => syntheticProbability),
    );
    expect(timelines).toEqual(await offlineScores(name));
    for (const { score, timeline, detector } of screening.legs) {
      expect(detector).toMatch(/^tiny@/);
      expect(score?.streamTimeMs).toBeGreaterThanOrEqual(timeline.at(-1)!.streamTimeMs);
    }
  });

  it('may be a file of a form, whose name is only ever text', async () => {
    const form = new FormData();
    const name = '<img src=x onerror=alert(1)>.ulaw';
    const bytes = await readFile(fixturePath('format_human_raw_8k.ulaw'));
    form.set('file', new Blob([new Uint8Array(bytes)]), name);
    const answer = await upload(form);
    const screening = (await answer.json()) as Screening;
    expect(screening).toMatchObject({ fileName: name, audio: { container: 'raw' } });
    expect(answer.headers.get('content-type')).toBe('application/json');
    const raw = await upload(new Uint8Array(bytes), '?codec=mulaw');
    expect(((await raw.json()) as Screening).legs).toEqual(screening.legs);
  });

  it.each([
    'broken_text.wav',
    'broken_empty.wav',
    'broken_random_bytes.opus',
    'broken_zero_rate.wav',
  ])('%s is a problem', async (name) => {
    const answer = await upload(await readFile(fixturePath(name)));
    expect([400, 422]).toContain(answer.status);
    expect(await answer.json()).toMatchObject({
      status: answer.status,
      type: expect.stringMatching(/^\/docs#/),
    });
  });

  it('in a form without a file is a problem', async () => {
    const form = new FormData();
    form.set('other', 'text');
    expect((await upload(form)).status).toBe(400);
  });

  it('that is too long is refused', async () => {
    // 31 minutes of one channel.
    const answer = await upload(new Uint8Array(31 * 60 * 8000), '?codec=mulaw');
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'recording_too_long' });
  });

  it('is screened while a live call goes on', async () => {
    const client = await host.connect();
    await client.start({ audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } });
    const long = upload(new Uint8Array(10 * 60 * 8000).fill(0xff), '?codec=mulaw');
    client.send([new Uint8Array(8000).fill(0xff)]);
    await client.next('score');
    await client.stop();
    expect((await long).status).toBe(200);
  });
});
