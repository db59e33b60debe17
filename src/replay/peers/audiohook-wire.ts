import type { Clock } from '../../clock.ts';

/** What the peer needs of a WebSocket. */
export interface PeerSocket {
  send(message: string | Uint8Array): void;
  close(): void;
}

export interface AudioHookOffer {
  readonly type: 'audio';
  readonly format: 'PCMU' | 'L16';
  readonly channels: readonly ('external' | 'internal')[];
  readonly rate: number;
}

export interface AudioHookPeerOptions {
  readonly organizationId: string;
  readonly sessionId: string;
  readonly socket: PeerSocket;
  readonly clock: Clock;
  readonly conversationId: string;
  readonly media: readonly AudioHookOffer[];
  /** Further or other parameters of `open`. */
  readonly open?: Readonly<Record<string, unknown>>;
}

/** A message of the server, after its form was checked. */
export interface AudioHookServerMessage {
  readonly type: string;
  readonly id: string;
  readonly seq: number;
  readonly clientseq: number;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type AudioHookPeerState = 'opening' | 'open' | 'closing' | 'closed' | 'disconnected';
