import { expect, it } from 'vitest';
import { jsonBeside } from '../../../src/cli/json-beside.ts';

it('puts figures beside a report, never over it', () => {
  expect(jsonBeside('out/report.html')).toBe('out/report.json');
  expect(jsonBeside('report')).toBe('report.json');
  expect(jsonBeside('report.json')).toBe('report.json.json');
});
