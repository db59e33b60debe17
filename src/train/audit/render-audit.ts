import { percentText } from '../report/markup.ts';
import { AUC_LIMITS, type AuditReport } from './shortcut-audit.ts';

/** The audit as lines of text, the failing descriptors marked. */
export function renderAudit(report: AuditReport): string {
  const rows = report.findings.map(
    ({ name, pooledAuc, pageAuc, failed }) =>
      `${name.padEnd(18)} pooled ${pooledAuc.toFixed(3)}  within pages ${pageAuc.toFixed(3)}` +
      (failed.length === 0 ? '' : `  FAILS (${failed.join(', ')})`),
  );
  return [
    `shortcut audit of ${report.clips} training clips, ${report.pages} pages with both labels; ` +
      `AUC must be ${AUC_LIMITS.low} to ${AUC_LIMITS.high}`,
    ...rows,
    `descriptors alone: page-macro EER on dev ${percentText(report.descriptorsOnlyEer)} %`,
    report.passed ? 'passed' : 'failed',
  ].join('\n');
}

/** The audit as a self-contained HTML page. */
export function renderAuditHtml(report: AuditReport): string {
  const rows = report.findings
    .map(({ name, pooledAuc, pageAuc, failed }) => {
      const mark = failed.length === 0 ? 'ok' : `fails: ${failed.join(', ')}`;
      const style = failed.length === 0 ? '' : ' class="failed"';
      return `<tr${style}><td>${name}</td><td>${pooledAuc}</td><td>${pageAuc}</td><td>${mark}</td></tr>`;
    })
    .join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shortcut audit</title>
<style>body{font:15px system-ui;margin:2rem}td,th{padding:.2rem .8rem;text-align:left}.failed{background:#fdd;color:#600}</style></head>
<body><h1>Shortcut audit</h1>
<p>${report.clips} training clips, ${report.pages} pages with both labels. AUC of spoof against bona fide must be ${AUC_LIMITS.low} to ${AUC_LIMITS.high}.</p>
<table><tr><th>descriptor</th><th>pooled AUC</th><th>mean AUC within pages</th><th></th></tr>
${rows}</table>
<p>A logistic model of the descriptors alone: page-macro EER on dev ${percentText(report.descriptorsOnlyEer)} %.</p>
<p>${report.passed ? 'Passed.' : 'Failed.'}</p></body></html>
`;
}
