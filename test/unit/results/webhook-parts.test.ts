import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createRandom } from '../../../src/random.ts';
import { isPublicAddress } from '../../../src/results/webhooks/address-check.ts';
import { backOffMs, retryAfterMs } from '../../../src/results/webhooks/back-off.ts';
import { CircuitBreaker } from '../../../src/results/webhooks/circuit-breaker.ts';
import { webhookHeaders } from '../../../src/results/webhooks/signature.ts';

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`;

describe('webhookHeaders', () => {
  const message = { id: 'alert_1', body: '{"a":"ü"}' };

  it('signs so that the verifier of the standard takes it, with the old secret and the new', () => {
    const headers = webhookHeaders(message, [secretOf(1), secretOf(2)], systemClock.nowMs());
    for (const fill of [1, 2]) {
      expect(new Webhook(secretOf(fill)).verify(message.body, headers)).toEqual({ a: 'ü' });
    }
    expect(() => new Webhook(secretOf(3)).verify(message.body, headers)).toThrow();
    expect(() => new Webhook(secretOf(1)).verify('{"a":1}', headers)).toThrow();
  });

  it('has an id but no signature without a secret', () => {
    expect(webhookHeaders(message, [], 1_500)).toEqual({
      'webhook-id': 'alert_1',
      'webhook-timestamp': '1',
    });
  });
});

describe('isPublicAddress', () => {
  it.each([
    ['93.184.215.14', true],
    ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.31.255.255', false],
    ['172.32.0.1', true],
    ['192.168.0.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:93.184.215.14', false],
    ['64:ff9b::7f00:1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['2002:7f00:1::', false],
    ['2001:db8::1', false],
    ['ff02::1', false],
    ['localhost', false],
    ['', false],
  ])('%s: %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });
});

describe('backOffMs', () => {
  it('doubles up to an hour, jittered by half', () => {
    const low = { ...createRandom(1), uniform: () => 0 };
    const high = { ...createRandom(1), uniform: () => 1 };
    expect([1, 2, 3, 11, 12, 13, 99].map((attempts) => backOffMs(attempts, low))).toEqual([
      500, 1_000, 2_000, 512_000, 1_024_000, 1_800_000, 1_800_000,
    ]);
    expect([1, 2, 99].map((attempts) => backOffMs(attempts, high))).toEqual([
      1_000, 2_000, 3_600_000,
    ]);
  });
});

describe('retryAfterMs', () => {
  const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['99999999', 21_600_000],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['Fri, 02 Jan 2099 03:00:00 GMT', 21_600_000],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    [null, null],
  ])('%j: %s', (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected);
  });
});

describe('CircuitBreaker', () => {
  it('opens after five failures, probes with one, and doubles its wait', () => {
    const breaker = new CircuitBreaker();
    for (let index = 0; index < 4; index++) breaker.failed(0);
    expect(breaker.allowed(4, 0)).toBe(4);
    breaker.failed(0);
    expect([breaker.allowed(4, 9_999), breaker.allowed(4, 10_000)]).toEqual([0, 1]);
    breaker.failed(10_000);
    expect([breaker.allowed(4, 29_999), breaker.allowed(4, 30_000)]).toEqual([0, 1]);
    // Attempts that were under way say nothing new.
    for (let index = 0; index < 40; index++) breaker.failed(30_000);
    expect([breaker.allowed(4, 69_999), breaker.allowed(4, 70_000)]).toEqual([0, 1]);
    let nowMs = 70_000;
    for (; nowMs < 10_000_000; nowMs += 300_000) breaker.failed(nowMs);
    expect([breaker.allowed(4, nowMs - 1), breaker.allowed(4, nowMs)]).toEqual([0, 1]);
    breaker.succeeded();
    expect(breaker.allowed(4, nowMs)).toBe(4);
  });

  it('keeps quiet when asked', () => {
    const breaker = new CircuitBreaker();
    breaker.holdUntil(500);
    breaker.holdUntil(100);
    expect([breaker.allowed(2, 499), breaker.allowed(2, 500)]).toEqual([0, 2]);
  });
});
