import { PROBLEMS } from './problem.ts';

/** As much of an OpenAPI document as the page shows. */
export interface ReferenceSource {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
  };
  readonly paths?: Readonly<Record<string, object>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { schema?: object }>> };
  readonly responses?: Readonly<Record<string, Answer>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: object;
}

interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { schema?: object }>>;
}

export const REFERENCE_STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow-x:auto;padding:.75rem;border:1px solid #8886;border-radius:4px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}
h2{margin-top:2.5rem;border-bottom:2px solid #8886}
h3{margin-top:2rem}
`;

/** The API as one page of HTML: no script, no style but `/docs.css`, nothing from elsewhere. */
export function renderReference(source: ReferenceSource): string {
  const operations = Object.entries(source.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      renderOperation(`${method.toUpperCase()} ${path}`, operation as Operation),
    ),
  );
  const schemas = Object.entries(source.components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<h3 id="schema-${escapeHtml(name)}">${escapeHtml(name)}</h3><pre>${renderJson(schema)}</pre>`,
  );
  const problems = Object.entries(PROBLEMS).map(
    ([code, { status, title }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}</td></tr>`,
  );
  const { title, description = '' } = source.info;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}: HTTP API</title><link rel="stylesheet" href="/docs.css"></head><body><main>
<h1>${escapeHtml(title)}: HTTP API</h1>
${description
  .split('\n\n')
  .map((text) => `<p>${escapeHtml(text)}</p>`)
  .join('\n')}
<p><a href="/openapi.json">openapi.json</a> · <a href="/asyncapi.json">asyncapi.json</a></p>
<h2>Routes</h2>
${operations.join('\n')}
<h2>Problems</h2>
<table><thead><tr><th>code</th><th>status</th><th>title</th></tr></thead><tbody>
${problems.join('\n')}
</tbody></table>
<h2>Schemas</h2>
${schemas.join('\n')}
</main></body></html>
`;
}

function renderOperation(name: string, operation: Operation): string {
  const parts = [`<h3><code>${escapeHtml(name)}</code></h3>`];
  if (operation.summary !== undefined) parts.push(`<p>${escapeHtml(operation.summary)}.</p>`);
  if (operation.description !== undefined)
    parts.push(`<p>${escapeHtml(operation.description)}</p>`);
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) parts.push(table('parameter', parameters.map(renderParameter)));
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  if (bodies.length > 0) {
    parts.push(
      table(
        'body',
        bodies.map(([type, { schema }]) => row(type, renderSchema(schema))),
      ),
    );
  }
  const answers = Object.entries(operation.responses ?? {});
  parts.push(
    table(
      'answer',
      answers.map(([status, answer]) => renderAnswer(status, answer)),
    ),
  );
  return parts.join('\n');
}

function renderParameter(parameter: Parameter): string {
  const { name, in: place, required = false, description = '', schema } = parameter;
  const needed = required ? ', required' : '';
  return row(name, `${escapeHtml(`${place}${needed}. ${description}`)} ${renderSchema(schema)}`);
}

function renderAnswer(status: string, { description, content = {} }: Answer): string {
  const bodies = Object.entries(content).map(
    ([type, { schema }]) => `<br><code>${escapeHtml(type)}</code> ${renderSchema(schema)}`,
  );
  return row(status, escapeHtml(description) + bodies.join(''));
}

function table(head: string, rows: readonly string[]): string {
  return `<table><thead><tr><th>${head}</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** @param html is already safe */
function row(name: string, html: string): string {
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${html}</td></tr>`;
}

function renderSchema(schema: object | undefined): string {
  return schema === undefined ? '' : `<code>${renderJson(schema)}</code>`;
}

/** JSON whose references lead to the schema on this page. */
function renderJson(value: object): string {
  const { $ref } = value as { $ref?: unknown };
  if (typeof $ref === 'string') return linkTo($ref);
  return escapeHtml(JSON.stringify(value, null, 1)).replace(
    /&quot;(#\/components\/schemas\/[\w.-]+)&quot;/g,
    (_, reference: string) => linkTo(reference),
  );
}

function linkTo(reference: string): string {
  const name = escapeHtml(reference.slice(reference.lastIndexOf('/') + 1));
  return `<a href="#schema-${name}">${name}</a>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
