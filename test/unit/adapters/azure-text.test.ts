import { describe, expect, it } from 'vitest';
import {
  azureAudioOfValue,
  azureKindOf,
  azureMetadataOfValue,
  emptyAzureFrame,
  readAzureAudioText,
} from '../../../src/adapters/azure-text.ts';

const PARTICIPANT = '8:acs:8a2-ab_00';
const frameOf = (participant: string, payload: string, silent: boolean) => ({
  participant,
  payload,
  silent,
});
const WIRE: readonly (readonly [string, string, ReturnType<typeof frameOf>])[] = [
  [
    'camel case, mixed',
    '{"kind":"AudioData","audioData":{"timestamp":"2026-11-01T10:00:00Z","data":"AAEC","silent":false}}',
    frameOf('', 'AAEC', false),
  ],
  [
    'participant null',
    '{ "kind" : "AudioData", "audioData": {"participantRawID": null, "data": "AAEC", "silent": true}}',
    frameOf('', 'AAEC', true),
  ],
  [
    'unmixed',
    `{"kind":"AudioData","audioData":{"participantRawID":"${PARTICIPANT}","data":"AA==","silent":false}}`,
    frameOf(PARTICIPANT, 'AA==', false),
  ],
  [
    'Pascal case',
    `{"Kind":"AudioData","AudioData":{"Data":"AA==","ParticipantRawID":"${PARTICIPANT}","Silent":true}}`,
    frameOf(PARTICIPANT, 'AA==', true),
  ],
  [
    'silent without data',
    `{"kind":"audioData","audioData":{"participantRawId":"${PARTICIPANT}","data":"","silent":true}}`,
    frameOf(PARTICIPANT, '', true),
  ],
];
const LEFT: readonly (readonly [string, string])[] = [
  ['another kind', '{"kind":"DtmfData","dtmfData":{"data":"5"}}'],
  ['the kind at the end', '{"audioData":{"data":"AA==","silent":false},"kind":"AudioData"}'],
  ['an escape', '{"kind":"AudioData","audioData":{"data":"A\\u0041==","silent":false}}'],
  [
    'an escape in the participant',
    '{"kind":"AudioData","audioData":{"participantRawID":"8\\u003a","data":"AA==","silent":false}}',
  ],
  [
    'a participant in a third spelling',
    '{"kind":"AudioData","audioData":{"PARTICIPANTRAWID":"8:","data":"AA==","silent":false}}',
  ],
  ['data in a third spelling', '{"kind":"AudioData","audioData":{"DATA":"AA==","silent":false}}'],
  ['data that is no string', '{"kind":"AudioData","audioData":{"data":5,"silent":false}}'],
];

describe('readAzureAudioText', () => {
  it.each(WIRE)('%s: as the parser reads it', (_, text, wanted) => {
    const quick = emptyAzureFrame();
    expect(readAzureAudioText(text, quick)).toBe(true);
    expect(quick).toEqual(wanted);
    const parsed = emptyAzureFrame();
    expect(azureAudioOfValue(JSON.parse(text), parsed)).toBe(true);
    expect(parsed).toEqual(wanted);
  });

  it.each(LEFT)('leaves %s to the parser', (_, text) => {
    expect(readAzureAudioText(text, emptyAzureFrame())).toBe(false);
  });
});

describe('a parsed message', () => {
  it('is read in any spelling, also where silence is called isSilent', () => {
    const frame = emptyAzureFrame();
    const value = { AUDIODATA: { DATA: 'AA==', PARTICIPANTRAWID: '8:', ISSILENT: true } };
    expect(azureAudioOfValue(value, frame)).toBe(true);
    expect(frame).toEqual(frameOf('8:', 'AA==', true));
  });

  it.each([
    {},
    { audioData: 'x' },
    { audioData: { data: 5 } },
    { audioData: { participantRawID: {} } },
  ])('%j is no audio', (value) => {
    expect(azureAudioOfValue(value, emptyAzureFrame())).toBe(false);
  });

  it('has a kind', () => {
    expect(azureKindOf({ KIND: 'AudioMetadata' })).toBe('audiometadata');
    expect(azureKindOf({ kind: 5 })).toBe('');
    expect(azureKindOf({})).toBe('');
  });

  it('has metadata, of which some may be missing', () => {
    const full = { subscriptionId: 's', encoding: 'PCM', sampleRate: 16_000, channels: 1 };
    expect(azureMetadataOfValue({ audioMetadata: { ...full, length: 640 } })).toEqual({
      subscriptionId: 's',
      encoding: 'pcm',
      sampleRateHz: 16_000,
      channels: 1,
      frameBytes: 640,
    });
    expect(
      azureMetadataOfValue({ AudioMetadata: { SampleRate: '24000', Channels: 'Mono' } }),
    ).toEqual({
      subscriptionId: '',
      encoding: 'pcm',
      sampleRateHz: 24_000,
      channels: 1,
      frameBytes: -1,
    });
    expect(azureMetadataOfValue({ kind: 'AudioMetadata' })).toBeNull();
  });
});
