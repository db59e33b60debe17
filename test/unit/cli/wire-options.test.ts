import { describe, expect, it } from 'vitest';
import { callIdsOf, lossOf, readWireCall } from '../../../src/cli/wire-options.ts';
import { simulateLoss } from '../../../src/stream/loss-simulation.ts';
import { fixturePath } from '../../support/wire-audio.ts';

const NO_LOSS = { interval: 500, loss: 0, burst: 1, jitter: 0, reorder: 0, seed: 3 };
const PACKETS = 100_000;

/** Share of packets that a simulated network of these options loses, and the mean length of a burst. */
function lost(loss: number, burst: number): { share: number; length: number } {
  const packets = Array.from({ length: PACKETS }, (_, sequence) => ({
    packet: new Uint8Array(1),
    ...{ sequence, sampleTime: sequence, sendAtMs: sequence },
  }));
  const arrived = simulateLoss(packets, lossOf({ ...NO_LOSS, loss, burst })!);
  let [bursts, expected] = [0, 0];
  for (const { sequence } of arrived) {
    if (sequence > expected) bursts++;
    expected = sequence + 1;
  }
  const missing = PACKETS - arrived.length;
  return { share: missing / PACKETS, length: missing / bursts };
}

describe('--loss and --burst', () => {
  it.each([
    [0.05, 3],
    [0.5, 1.5],
    [0.8, 4],
  ])('lose %d of the packets in bursts of %d', (loss, burst) => {
    const { share, length } = lost(loss, burst);
    expect(Math.abs(share - loss)).toBeLessThan(0.02);
    expect(Math.abs(length / burst - 1)).toBeLessThan(0.1);
  });

  it.each([
    [0.7, 2],
    [0.9, 5],
    [0.95, 10],
    [1, 5],
  ])('lose %d of the packets, in longer bursts than %d', (loss, burst) => {
    const { share, length } = lost(loss, burst);
    expect(Math.abs(share - loss)).toBeLessThan(0.02);
    expect(length).toBeGreaterThan(burst);
  });
});

describe('call ids', () => {
  it('are the names of the files, as far as the protocol has room', () => {
    const long = `${'x'.repeat(127)}😀.wav`;
    expect(callIdsOf(['a/b.wav', `c/${long}`], {})).toEqual(['b.wav', 'x'.repeat(127)]);
    expect(callIdsOf(['a/b.wav'], { callId: 'mine' })).toEqual(['mine']);
  });

  it('differ where calls are live together', () => {
    const files = ['a/x.wav', 'b/x.wav', 'c/y.wav', 'd/x.wav'];
    expect(callIdsOf(files, { together: true })).toEqual(['x.wav', 'x.wav-2', 'y.wav', 'x.wav-3']);
    expect(callIdsOf(files, {})).toEqual(['x.wav', 'x.wav', 'y.wav', 'x.wav']);
    const [first, second] = callIdsOf(['a', 'b'], { callId: 'z'.repeat(128), together: true });
    expect([first!.length, second]).toEqual([128, `${'z'.repeat(126)}-2`]);
  });
});

describe('legs', () => {
  it.each([
    [undefined, ['caller', 'callee']],
    [['callee'], ['callee', 'callee-2']],
    [
      ['unknown', 'unknown'],
      ['unknown', 'unknown-2'],
    ],
  ] as const)('of the roles %j have ids that differ', async (roles, ids) => {
    const file = fixturePath('two_channel_left_human_right_synthetic.flac');
    const { legs } = await readWireCall(file, {
      ...NO_LOSS,
      ...(roles === undefined ? {} : { roles }),
    });
    expect(legs.map(({ id }) => id)).toEqual(ids);
  });
});
