import { randomUUID } from 'node:crypto';
import { isUuid } from '../adapters/audiohook-messages.ts';
import { readRecording } from '../audio-files/read-recording.ts';
import type { PeerCall, PlatformPeer } from '../replay/peers/platform-peer.ts';
import {
  fastTimeline,
  platformTimeline,
  preparePlatformAudio,
  type TrackPacket,
} from '../replay/platform-audio.ts';
import { PACKET_MS } from '../replay/prepare-audio.ts';
import { CliError, EXIT } from './context.ts';
import { lossOf, orConfigurationError, type WireCliOptions, wireFormatOf } from './wire-options.ts';

/** A recording as a platform streams it. */
export interface PlatformCall {
  readonly call: PeerCall;
  readonly timeline: readonly TrackPacket[];
}

export interface PlatformCallOptions extends WireCliOptions {
  readonly fast?: boolean;
  /** Key of a platform's integration; missing = the API key of the service. */
  readonly apiKey?: string;
  /** Base64: the secret that a platform's integration signs with. */
  readonly clientSecret?: string;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Refuses what a platform's protocol cannot show. @throws CliError */
export function checkPlatformOptions(
  peer: PlatformPeer,
  files: readonly string[],
  options: PlatformCallOptions,
): void {
  const { loss, reorder, roles, callId, apiKey, clientSecret } = options;
  const refuse = (problem: string) => {
    throw new CliError(`--as ${peer.id}: ${problem}`, EXIT.configuration);
  };
  if (loss > 0 && !peer.showsLoss) refuse('its messages have no counters, so --loss shows nothing');
  if (reorder > 0 && !peer.reorders) refuse('it sends in order, so there is no --reorder');
  if (!peer.signs && (apiKey !== undefined || clientSecret !== undefined)) {
    refuse('it signs nothing, so there is no --api-key and no --client-secret');
  }
  if (clientSecret !== undefined && (clientSecret === '' || !BASE64.test(clientSecret))) {
    refuse('--client-secret must be base64');
  }
  if (clientSecret !== undefined && apiKey === undefined) refuse('--client-secret needs --api-key');
  if (roles !== undefined) refuse('roles are set in the server’s platforms file, not by --roles');
  if (callId === undefined) return;
  if (files.length > 1) refuse('--call-id takes one file');
  if (peer.needsUuid && !isUuid(callId)) refuse('--call-id must be a UUID');
}

/** Reads and transcodes a file. @throws RecordingError when it is no audio */
export async function readPlatformCall(
  path: string,
  peer: PlatformPeer,
  options: PlatformCallOptions & { readonly key: string | null },
): Promise<PlatformCall> {
  const recording = await readRecording(path);
  const tracks = orConfigurationError(() =>
    preparePlatformAudio(recording, peer, wireFormatOf(options)),
  );
  const timeline = platformTimeline(tracks, lossOf(options));
  return {
    call: {
      // A call that has ended lately keeps its id for a while: each run has one of its own.
      callId: options.callId ?? randomUUID(),
      sessionId: randomUUID(),
      format: tracks[0]!.format,
      tracks: tracks.length === 2 ? 2 : 1,
      packetMs: PACKET_MS,
      key: options.key,
      integration: { apiKey: options.apiKey ?? null, clientSecret: options.clientSecret ?? null },
    },
    timeline: options.fast ? fastTimeline(timeline) : timeline,
  };
}
