import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  canonicalJson,
  DEFAULT_POLICIES,
  PolicyStore,
  readPolicies,
} from '../../../src/results/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'bonafide-policies-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'policies.yaml');

function read(text: string) {
  writeFileSync(file, text);
  const problems: string[] = [];
  const policies = readPolicies(file, problems);
  return { policies, problems: problems.map((line) => line.replace(`${file}:`, '')) };
}

describe('readPolicies', () => {
  it('has a default that works', () => {
    const problems: string[] = [];
    expect(readPolicies('', problems)).toBe(DEFAULT_POLICIES);
    expect(read('').policies).toEqual(DEFAULT_POLICIES);
    expect(problems).toEqual([]);
    expect(DEFAULT_POLICIES.policies).toMatchObject([
      {
        rule: { name: 'likely-synthetic', severity: 'alert', noVerdict: 'failOpen' },
        destinations: [],
      },
    ]);
  });

  it('sends to all destinations where a policy names none', () => {
    const { policies, problems } = read(`
destinations:
  - { name: a, url: 'https://example.com/a' }
  - { name: b, url: 'http://127.0.0.1:1/', allowPrivate: true }
policies:
  - { name: all }
  - { name: one, severity: watch, threshold: { llr: -1 }, destinations: [b] }
quiet:
  - { name: ivr, match: { roles: [agent], metadata: { voice: 'ivr-*' } } }
`);
    expect(problems).toEqual([]);
    expect(policies.policies.map(({ destinations }) => destinations)).toEqual([['a', 'b'], ['b']]);
    expect(policies.quiet).toHaveLength(1);
  });

  it('says every problem at once, with line and path', () => {
    const { policies, problems } = read(`policies:
  - name: one
    severity: loud
    threshold: { falseAlertRate: 2 }
    destinatons: []
  - name: one
    destinations: [gone]
  - match: { roles: [robot] }
quiet:
  - { name: q, match: {} }
destinations:
  - { name: plain, url: 'http://example.com' }
  - { name: pd, url: 'https://events.pagerduty.com/v2/enqueue', template: pagerduty }
  - { name: weak, url: 'https://example.com', secrets: [whsec_c2hvcnQ=] }
`);
    expect(policies).toBe(DEFAULT_POLICIES);
    expect(problems.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      '3:15 policies.0.severity',
      '4:34 policies.0.threshold.falseAlertRate',
      '2:5 policies.0',
      '8:5 policies.2.name',
      '8:22 policies.2.match.roles.0',
      '10:23 quiet.0.match',
      '12:25 destinations.0.url',
      '13:5 destinations.1.routingKey',
      '14:57 destinations.2.secrets.0',
    ]);
  });

  it('finds names that are not there or there twice', () => {
    const { problems } = read(`policies:
  - name: one
  - name: one
    destinations: [gone]
`);
    expect(problems).toEqual([
      '3:11: policies.1.name: "one" is there already',
      '4:20: policies.1.destinations.0: no destination "gone"',
    ]);
  });

  it.each(['a: [', 'a: 1\na: 2', '- *nowhere', '"x', '[1, 2]', 'policies: []'])(
    'refuses %j',
    (text) => {
      const { problems } = read(text);
      expect(problems.length).toBeGreaterThan(0);
      for (const line of problems) expect(line).toMatch(/^\d+:\d+: /);
    },
  );

  it('says what cannot be read', () => {
    const problems: string[] = [];
    readPolicies(join(folder, 'gone.yaml'), problems);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('gone.yaml');
  });

  it('names a rule by its content and the quiet list', () => {
    const hash = (text: string) => read(text).policies.policies[0]!.hash;
    const plain = hash('policies: [{ name: a, recent: true, severity: watch }]');
    expect(plain).toMatch(/^[0-9a-f]{64}$/);
    expect(hash('policies: [{ severity: watch, name: a }]')).toBe(plain);
    expect(hash('policies: [{ severity: alert, name: a }]')).not.toBe(plain);
    const quiet = '\nquiet: [{ name: q, match: { roles: [agent] } }]';
    expect(hash(`policies: [{ severity: watch, name: a }]${quiet}`)).not.toBe(plain);
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });
});

describe('PolicyStore', () => {
  it('keeps the old policies when the new file is wrong', () => {
    const first = read('policies: [{ name: first }]').policies;
    const store = new PolicyStore(file, first);
    writeFileSync(file, 'policies: [{ nam: second }]');
    expect(store.reload()).not.toEqual([]);
    expect(store.current).toBe(first);
    writeFileSync(file, 'policies: [{ name: second }]');
    expect(store.reload()).toEqual([]);
    expect(store.current.policies[0]!.rule.name).toBe('second');
  });
});
