import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { SETTINGS } from '../../../src/config.ts';
import { makeHttpApp } from '../../support/http-app.ts';

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const read = (path: string) => readFileSync(at(path), 'utf8');

const unit = read('deploy/systemd/bonafide.service');
const compose = parse(read('deploy/compose/compose.yaml')) as {
  readonly services: {
    readonly bonafide: {
      readonly stop_grace_period: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly volumes: readonly string[];
      readonly expose: readonly string[];
      readonly build: string;
    };
  };
};
interface Probe {
  readonly httpGet: { readonly path: string };
}
const [, stateful] = parseAllDocuments(read('deploy/kubernetes/bonafide.yaml')).map(
  (document) =>
    document.toJS() as {
      readonly spec: {
        readonly template: {
          readonly spec: {
            readonly terminationGracePeriodSeconds: number;
            readonly enableServiceLinks: boolean;
            readonly containers: readonly {
              readonly env: readonly { readonly name: string; readonly value: string }[];
              readonly ports: readonly { readonly containerPort: number }[];
              readonly startupProbe: Probe;
              readonly livenessProbe: Probe;
              readonly readinessProbe: Probe;
              readonly resources: { readonly limits: { readonly memory: string } };
              readonly volumeMounts: readonly { readonly mountPath: string }[];
            }[];
          };
        };
      };
    },
);
const pod = stateful!.spec.template.spec;
const [container] = pod.containers;

const twoUnits = read('deploy/systemd/two.conf');
const haproxy = read('deploy/haproxy/haproxy.cfg');
const dockerfile = read('Dockerfile');
const settingsIn = (text: string) =>
  [...text.matchAll(/^Environment=(BONAFIDE_\w+)=(.*)$/gm)].map(
    ([, name, value]) => [name!, value!] as const,
  );
const settings = new Map(Object.values(SETTINGS).map(({ env, schema }) => [env, schema]));
/** Settings that each of them makes. */
const made: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  systemd: settingsIn(unit),
  'two under systemd': settingsIn(twoUnits),
  compose: Object.entries(compose.services.bonafide.environment),
  kubernetes: container!.env.map(({ name, value }) => [name, value] as const),
  image: [...dockerfile.matchAll(/\b(BONAFIDE_\w+)=(\S+)/g)].map(
    ([, name, value]) => [name!, value!] as const,
  ),
};

describe('units of deployment', () => {
  it.each(Object.keys(made))(
    '%s: make settings that there are, to values that they take',
    (name) => {
      expect(made[name]!.length).toBeGreaterThan(0);
      for (const [setting, value] of made[name]!) {
        const schema = settings.get(setting);
        expect(schema, setting).toBeDefined();
        // What Compose is told when it starts.
        const said = value.replace(/\$\{SITE:[^}]*\}/, 'screen.example.com');
        expect(schema!.safeParse(said).success, setting).toBe(true);
      }
    },
  );

  it('wait for a drain, and a minute more', () => {
    const drainMs = Number(SETTINGS.drainMs.schema.parse(undefined));
    const leastSeconds = drainMs / 1_000 + 60;
    const stopSeconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
    const graceMinutes = Number(/^(\d+)m$/.exec(compose.services.bonafide.stop_grace_period)?.[1]);
    expect(stopSeconds).toBeGreaterThanOrEqual(leastSeconds);
    expect(graceMinutes * 60).toBeGreaterThanOrEqual(leastSeconds);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(leastSeconds);
  });

  it('ask for addresses that answer', async () => {
    const { app } = makeHttpApp();
    const { startupProbe, livenessProbe, readinessProbe } = container!;
    const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
    const asked = /:' \+ process\.env\.BONAFIDE_PORT \+ '(\S+?)'/.exec(dockerfile)?.[1];
    const checked = /http-check send meth GET uri (\S+) ver HTTP\/1\.1 hdr Host /.exec(
      haproxy,
    )?.[1];
    for (const path of [...paths, asked!, checked!]) {
      expect((await app.request(path)).status, path).toBe(200);
    }
  });

  it('agree with the image on its port, its folder and the user', () => {
    const port = /BONAFIDE_PORT=(\d+)/.exec(dockerfile)?.[1];
    expect(container!.ports.map(({ containerPort }) => String(containerPort))).toEqual([port]);
    expect(compose.services.bonafide.expose).toEqual([port]);
    expect(read('deploy/compose/Caddyfile')).toContain(`bonafide:${port}`);
    expect(dockerfile).toContain('install -d -o node -g node /data');
    expect(container!.volumeMounts.map(({ mountPath }) => mountPath)).toContain('/data');
    expect(compose.services.bonafide.volumes).toContain('data:/data');
    expect(existsSync(at(`deploy/compose/${compose.services.bonafide.build}/Dockerfile`))).toBe(
      true,
    );
  });

  it('have memory for the calls and the longest recording beside them', () => {
    const uploadGb = Number(
      /, ([\d.]+) GB for the longest one/.exec(read('docs/operations.md'))?.[1],
    );
    const limitGib = Number(/^(\d+)Gi$/.exec(container!.resources.limits.memory)?.[1]);
    expect(limitGib * 2 ** 30).toBeGreaterThan((uploadGb + 0.5) * 1e9);
    expect(read('docs/deployment.md')).toContain(`up to ${uploadGb} GB for the longest one`);
  });

  it('start what the image starts', () => {
    const command = (JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[]).join(' ');
    expect(unit).toContain(`ExecStart=/usr/bin/${command}\n`);
    // Names of a Service called bonafide would be taken for settings.
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('HAProxy keeps figures from strangers, however their address is spelt', async () => {
    const { app } = makeHttpApp();
    const denied = new RegExp(/ deny .*\{ path,url_dec -m reg (\S+) \}$/m.exec(haproxy)![1]!);
    const isDenied = (path: string) => denied.test(decodeURIComponent(path));
    for (const path of ['/metrics', '/%6detrics', '/./metrics', '/x/../metrics', '/%2e/readyz']) {
      // All of these are the same to the service.
      expect((await app.request(path)).status, path).toBe(200);
      expect(isDenied(path), path).toBe(true);
    }
    for (const path of ['/', '/healthz', '/v1/calls/my-metrics', '/v1/calls/a.readyz']) {
      expect(isDenied(path), path).toBe(false);
    }
  });

  it('two behind a proxy share no file, and what one refuses the other is asked for', () => {
    const [folder] = settingsIn(twoUnits).map(([, value]) => value);
    expect(folder).toBe('/var/lib/bonafide-%i');
    expect(twoUnits).toContain('\nStateDirectory=\nStateDirectory=bonafide-%i\n');
    expect(twoUnits).toContain('\nWorkingDirectory=/opt/bonafide-%i\n');
    const document = read('docs/deployment.md');
    const servers = [...haproxy.matchAll(/^ {2}server (\w+) 127\.0\.0\.1:(\d+) id (\d)$/gm)];
    expect(servers.map(([, name, , id]) => [name, id])).toEqual([
      ['blue', '1'],
      ['green', '2'],
    ]);
    for (const [, name, port] of servers) {
      expect(document).toContain(`BONAFIDE_PORT=${port} | sudo tee /etc/bonafide/${name}\n`);
    }
    for (const line of [
      'balance first',
      'retry-on conn-failure empty-response 503',
      'option redispatch 1',
    ]) {
      expect(haproxy).toContain(`\n  ${line}\n`);
    }
  });
});
