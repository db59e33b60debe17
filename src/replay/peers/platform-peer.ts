import type { Clock } from '../../clock.ts';
import type { AudioFormat, CodecName } from '../../stream/codecs/decoder.ts';

/** The socket as a platform's side sees it. */
export interface PeerLink {
  send(message: string | Uint8Array): void;
  close(code?: number): void;
}

/** A codec that a platform carries, and its rates, the usual one first. */
export interface PeerFormat {
  readonly codec: CodecName;
  readonly ratesHz: readonly number[];
}

/** What a platform is asked to stream. */
export interface PeerCall {
  /** As the platform names it; some take UUIDs only. */
  readonly callId: string;
  /** UUID of the socket's session, where the platform has one. */
  readonly sessionId: string;
  /** Of one track; two channels are interleaved. */
  readonly format: AudioFormat;
  /** Two = the parties come as tracks of their own. */
  readonly tracks: 1 | 2;
  /** Length of a full packet, in ms. */
  readonly packetMs: number;
  /** API key; null = none is sent. */
  readonly key: string | null;
  /** What the platform's integration has, where it is not the key alone. */
  readonly integration?: PeerIntegration;
}

/** Credentials of an account's integration with a platform that signs its requests. */
export interface PeerIntegration {
  /** Null = the call's key. */
  readonly apiKey: string | null;
  /** Base64, as the platform shows it; null = unsigned. */
  readonly clientSecret: string | null;
}

/** What a signature of the upgrade covers beside the headers. */
export interface PeerDial {
  /** Host that is dialled, perhaps with a port. */
  readonly host: string;
  /** Path before all others; usually empty. */
  readonly pathPrefix: string;
  readonly nowMs: number;
}

/** Where a platform dials, and with what. */
export interface PeerTarget {
  /** Path and query; for TCP the empty string. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

/** One message's audio. Where packets were lost, the index has jumped. */
export interface PeerPacket {
  readonly track: 0 | 1;
  /** Counts the packets of the track from 0, lost ones included. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** One socket's conversation, the platform's side. */
export interface PeerTalk {
  /** Says what comes. The socket is open. */
  begin(): void;
  /** Resolves when audio may be sent, or the socket is gone; missing = at once. */
  ready?(): Promise<void>;
  packet(packet: PeerPacket): void;
  /** Ends the stream as the platform does. */
  end(): void;
  /** A text frame came. @returns false when the platform does not take it */
  heard?(text: string): boolean;
  /** The socket is closed. */
  closed?(): void;
}

/** A platform's side of its protocol, as its documents and sources describe it. */
export interface PlatformPeer {
  readonly id: string;
  /** TCP on a port of its own instead of a WebSocket. */
  readonly isTcp: boolean;
  /** The usual one first. */
  readonly formats: readonly PeerFormat[];
  /** How a second party is carried: not at all, as a track of its own, or interleaved. */
  readonly secondParty: 'none' | 'track' | 'interleaved';
  /** Audio of one message, in ms. */
  readonly messageMs: number;
  /** The protocol counts its messages or declares gaps, so that loss can be shown. */
  readonly showsLoss: boolean;
  /** The platform's documents allow messages out of order. */
  readonly reorders: boolean;
  /** The call id must be a UUID. */
  readonly needsUuid: boolean;
  /** The upgrade can be signed with the secret of an integration. */
  readonly signs: boolean;
  target(call: PeerCall, dial: PeerDial): PeerTarget;
  talk(link: PeerLink, call: PeerCall, clock: Clock): PeerTalk;
}

/** The usual traits, which most platforms share. */
export const PLAIN_PEER = {
  isTcp: false,
  secondParty: 'none',
  messageMs: 20,
  showsLoss: false,
  reorders: false,
  needsUuid: false,
  signs: false,
} as const;

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** HTTP Basic with the key as the password; nothing without a key. */
export function basicHeaders(key: string | null): Record<string, string> {
  if (key === null) return {};
  return { Authorization: `Basic ${Buffer.from(`bonafide:${key}`).toString('base64')}` };
}

/** Path with the parameters that are not null. */
export function pathWith(path: string, parameters: Readonly<Record<string, string | null>>) {
  const given = Object.entries(parameters).filter((entry) => entry[1] !== null);
  const query = new URLSearchParams(given as [string, string][]).toString();
  return query === '' ? path : `${path}?${query}`;
}
