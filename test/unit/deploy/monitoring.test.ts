import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/metrics.ts';
import { SESSION_COOKIE } from '../../../src/sessions.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../deploy/${path}`, import.meta.url)), 'utf8');

const psi = { score: 0.3, low_bands: 0.1, mid_bands: 0.2, high_bands: 0.4, voiced_share: 0.5 };
const metrics = createMetrics({
  liveCalls: () => 0,
  liveLegs: () => 0,
  packets: () => ({ byCodec: new Map(), dropped: 0 }),
  alerts: () => ({
    ...{ waiting: 0, dead: 0, oldestWaitingMs: 0, held: 0, lost: 0, gaveWay: 0 },
    isLogFailing: false,
  }),
  summaries: () => ({ waiting: 0, lost: 0, failures: 0 }),
  drift: () => [
    { detector: 'tiny', codec: 'mulaw', legs: 250, psi },
    { detector: 'tiny', codec: 'opus', legs: 7, psi: null },
  ],
});
afterAll(() => metrics.dispose());

/** Names and labels of the metrics that the service has. */
async function registry() {
  const text = await metrics.render();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
  );
  return { text, names: new Set(names) };
}

/** What of a PromQL expression is the name of a metric of ours. */
const namesIn = (expression: string) => expression.match(/\b(bonafide|process|nodejs)_\w+/g) ?? [];

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string }[];
  };
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

describe('the metrics', () => {
  it('have the drift where there are enough legs, and how many there are', async () => {
    const { text } = await registry();
    expect(text).toContain('bonafide_score_drift_psi{detector="tiny",codec="mulaw"} 0.3');
    expect(text).toContain(
      'bonafide_feature_drift_psi{detector="tiny",codec="mulaw",feature="high_bands"} 0.4',
    );
    expect(text).toContain('bonafide_drift_legs{detector="tiny",codec="opus"} 7');
    expect(text).not.toMatch(/drift_psi\{[^}]*codec="opus"/);
  });

  it('are all in the pages, and the pages name no others', async () => {
    const { text } = await registry();
    const names = [...text.matchAll(/^# TYPE (bonafide_\S+) /gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(30);
    const docs = new URL('../../../docs/', import.meta.url);
    const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => readFileSync(new URL(path, docs), 'utf8'));
    const named = pages.flatMap((page) => page.match(/\bbonafide_\w+/g) ?? []);
    // A cookie, and a parameter that may hold a key.
    const others = [SESSION_COOKIE, 'bonafide_key'];
    expect(new Set(named.filter((name) => !others.includes(name)))).toEqual(new Set(names));
  });
});

describe('the alert rules', () => {
  const rules = (parse(read('prometheus/rules.yaml')) as Rules).groups.flatMap(
    (group) => group.rules,
  );

  it('name metrics that the service has', async () => {
    const { names } = await registry();
    expect(rules.length).toBeGreaterThanOrEqual(6);
    for (const { alert, expr } of rules) {
      expect(namesIn(expr).length, alert).toBeGreaterThan(0);
      for (const name of namesIn(expr)) expect(names, alert).toContain(name);
    }
  });

  it('say what is wrong, how bad it is, and have a test each', () => {
    const tests = read('prometheus/rules.test.yaml');
    for (const { alert, labels, annotations } of rules) {
      expect(labels['severity']).toMatch(/^(critical|warning)$/);
      expect(annotations['summary']!.length).toBeGreaterThan(10);
      expect(annotations['description']!.length).toBeGreaterThan(10);
      expect(tests).toContain(alert);
    }
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(read('grafana/bonafide.json')) as Dashboard;
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');

  it('asks for metrics that the service has, and for all of them that matter', async () => {
    const { names } = await registry();
    const asked = panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => namesIn(expr)),
    );
    for (const name of asked) expect(names).toContain(name);
    for (const name of [
      'bonafide_alerts_waiting',
      'bonafide_alerts_oldest_ms',
      'bonafide_alert_deliveries_total',
      'bonafide_alerts_total',
      'bonafide_score_drift_psi',
      'bonafide_feature_drift_psi',
    ]) {
      expect(asked).toContain(name);
    }
    const variables = dashboard.templating.list.map(({ query }) => query);
    for (const name of variables.flatMap(namesIn)) expect(names).toContain(name);
  });

  it('has whole panels that do not overlap', () => {
    expect(dashboard).toMatchObject({ uid: 'bonafide', title: 'bonafide' });
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const panel of panels) {
      expect(panel.title).not.toBe('');
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: `\${datasource}` });
      expect(panel.targets!.length).toBeGreaterThan(0);
      expect(new Set(panel.targets!.map(({ refId }) => refId)).size).toBe(panel.targets!.length);
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from(
        { length: w * h },
        (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`,
      );
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});
