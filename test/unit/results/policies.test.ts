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
  - { name: plain, url: 'http://u:p@example.com', concurrency: 0, template: pagerduty }
  - 7
`);
    expect(policies).toBe(DEFAULT_POLICIES);
    expect(problems.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      '3:15 policies.0.severity',
      '4:34 policies.0.threshold.falseAlertRate',
      '5:18 policies.0.destinatons',
      '8:5 policies.2.name',
      '8:22 policies.2.match.roles.0',
      '10:23 quiet.0.match',
      '12:25 destinations.0.url',
      '13:5 destinations.1.routingKey',
      '14:57 destinations.2.secrets.0',
      '15:64 destinations.3.concurrency',
      '15:25 destinations.3.url',
      '15:25 destinations.3.url',
      '15:5 destinations.3.routingKey',
      '16:5 destinations.4',
      '6:11 policies.1.name',
      '15:13 destinations.3.name',
      '7:20 policies.1.destinations.0',
    ]);
  });

  it('takes secrets only with which a delivery can be signed', () => {
    const problemsOf = (secret: string) =>
      read(`destinations:
  - { name: d, url: 'https://example.com', secrets: [${secret}] }`).problems;
    const body = 'A'.repeat(32);
    expect([body, `${body}==`].flatMap((text) => problemsOf(`whsec_${text}`))).toEqual([]);
    for (const wrong of [body, `whsec_${body}===`, `whsec_A=${body}`, `whsec_${'A'.repeat(88)}`]) {
      expect(problemsOf(wrong)).toEqual([expect.stringContaining('must be whsec_ and 24 to 64')]);
    }
  });

  it('says every problem of call control at once', () => {
    const sid = `AC${'0'.repeat(32)}`;
    const { problems } = read(`policies:
  - { name: one, callControl: [gone] }
callControl:
  - { name: a, kind: hang-up, platform: twilio }
  - { name: b, kind: event, platform: vonage }
  - { name: c, kind: twilio-rest, accountSid: ${sid}, authToken: in-clear, action: hangUp }
  - { name: d, kind: twilio-rest, accountSid: AC1, authToken: { env: T }, action: hangup }
  - { name: e, kind: asterisk-ari, baseUrl: 'http://pbx/ari', username: u, password: { file: p }, action: { setVariable: 'A B' } }
  - { name: f, kind: genesys, region: a/b, clientId: i, clientSecret: { env: S }, attributes: { x: '{metadata}' } }
  - { name: g, kind: hang-up, platform: asterisk, mode: alive }
  - { name: h, kind: telepathy }
`);
    expect(problems.map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
      'callControl.0.platform: has no hang-up on its media socket; only asterisk has',
      'callControl.1.platform: takes no events on its media socket; jambonz, freeswitch-fork and freeswitch-stream do',
      expect.stringMatching(/^callControl\.2\.authToken: .*secrets do not stand in this file/),
      'callControl.3.accountSid: must be AC and 32 hex digits',
      expect.stringMatching(/^callControl\.3\.action: must be .* or hangUp/),
      expect.stringMatching(/^callControl\.4\.action/),
      'callControl.4.baseUrl: must be https (http only with allowPrivate: true)',
      'callControl.5.region: must be a domain',
      'callControl.5.attributes.x: does not know {metadata}',
      expect.stringMatching(/^callControl\.6\.mode/),
      expect.stringMatching(/^callControl\.7\.kind/),
      'policies.0.callControl.0: no call control "gone"',
    ]);
    expect(problems.join()).not.toContain('in-clear');
  });

  it('takes no inherited word for one of its own, and no empty metadata for a match', () => {
    const { problems } = read(`quiet:
  - { name: all, match: { metadata: {} } }
callControl:
  - name: mark
    kind: asterisk-ari
    baseUrl: https://pbx.example.com/ari
    username: bonafide
    password: { env: PASSWORD }
    action: { setVariable: SPOOF, value: '{policy} {constructor}' }
`);
    expect(problems).toEqual([
      '2:25: quiet.0.match: must say which legs: an empty match would silence every one',
      '9:42: callControl.0.action.value: does not know {constructor}',
    ]);
  });

  it('finds call control that is not there, there twice, or without TLS', () => {
    const { problems } = read(`policies:
  - { name: one, callControl: [gone, end] }
callControl:
  - { name: end, kind: hang-up, platform: asterisk }
  - { name: end, kind: event, platform: jambonz }
  - { name: ari, kind: asterisk-ari, baseUrl: 'http://u:p@pbx/ari', username: u, password: { env: P }, action: hangUp }
`);
    expect(problems.map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
      'callControl.2.baseUrl: must be https (http only with allowPrivate: true)',
      'callControl.2.baseUrl: must not hold a password',
      'callControl.1.name: "end" is there already',
      'policies.0.callControl.0: no call control "gone"',
    ]);
  });

  it('does nothing to calls where no policy asks for it', () => {
    const { policies } = read(`callControl:
  - { name: end, kind: hang-up, platform: asterisk }
`);
    expect(policies.policies[0]!.callControls).toEqual([]);
    expect(policies.callControls).toMatchObject([{ name: 'end', mode: 'dry-run' }]);
    expect(policies.policies[0]!.hash).toBe(DEFAULT_POLICIES.policies[0]!.hash);
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

  it('keeps the old policies when the file is empty', () => {
    const first = read('policies: [{ name: first }]').policies;
    const store = new PolicyStore(file, first);
    for (const nothing of ['', '\n', '# nothing yet\n\n  # at all']) {
      writeFileSync(file, nothing);
      expect(store.reload()).toEqual([`${file}: is empty`]);
      expect(store.current).toBe(first);
    }
    writeFileSync(file, '# all defaults\n{}\n');
    expect(store.reload()).toEqual([]);
    expect(store.current).toEqual(DEFAULT_POLICIES);
  });
});
