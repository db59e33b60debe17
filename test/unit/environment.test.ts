import { expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { unknownSettings } from '../../src/environment.ts';

it('finds names that look like settings and are none', () => {
  const environment = {
    ...{ BONAFIDE_PORT: '1', BONAFIDE_MAX_CALL: '2', BONAFIDE_LANE: '3', PATH: '/bin' },
    ...{ BONAFIDE_KEY: 'of a client', BONAFIDE_URL: 'of a client' },
  };
  expect(unknownSettings(environment, ['BONAFIDE_PORT'])).toEqual([
    'BONAFIDE_MAX_CALL',
    'BONAFIDE_LANE',
  ]);
});

it('takes nothing that Kubernetes says of a Service of its name for a setting', () => {
  const environment = {
    BONAFIDE_PORT: 'tcp://10.0.0.1:80',
    BONAFIDE_PORT_80_TCP: 'tcp://10.0.0.1:80',
    BONAFIDE_PORT_80_TCP_ADDR: '10.0.0.1',
    BONAFIDE_SERVICE_HOST: '10.0.0.1',
    BONAFIDE_SERVICE_PORT: '80',
  };
  expect(unknownSettings(environment, ['BONAFIDE_PORT'])).toEqual([]);
  expect(readConfig(environment).port).toBe(8080);
});
