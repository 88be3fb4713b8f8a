/**
 * The page that describes the API: made once from the OpenAPI document, without a script, and with a policy
 * that lets it load nothing from anywhere.
 */
import { createHash } from 'node:crypto';
import type { OpenApiDocument, OpenApiObject, OpenApiOperation } from './openapi.ts';
import { PROBLEM_KINDS } from './problem.ts';

export interface Page {
  readonly html: string;
  /** For `Content-Security-Policy`. */
  readonly policy: string;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font: 0.875em/1.45 ui-monospace, monospace; background: var(--soft); border-radius: 3px; }
code { padding: 0.1em 0.3em; overflow-wrap: anywhere; }
pre { padding: 0.75rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.75rem; margin: 0.5rem 0; }
summary { cursor: pointer; }
.method { display: inline-block; min-width: 4.5em; font-weight: 700; }
nav a { margin-right: 1em; }
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** Text of the document: `code` in back quotes, paragraphs at empty lines. */
const prose = (text: string): string =>
  text
    .split('\n\n')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('');
const inline = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const json = (value: unknown): string => `<pre>${escaped(JSON.stringify(value, null, 2))}</pre>`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${rows
    .map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</tbody></table>`;

/** A type in a few words, with links to those that have names. */
function typeOf(schema: OpenApiObject): string {
  const { $ref, type, items, enum: values, anyOf, oneOf, const: only, additionalProperties } = schema;
  if (typeof $ref === 'string') {
    const name = escaped($ref.slice($ref.lastIndexOf('/') + 1));
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (only !== undefined) return `<code>${escaped(JSON.stringify(only))}</code>`;
  if (Array.isArray(values))
    return values.map((value) => `<code>${escaped(JSON.stringify(value))}</code>`).join(' or ');
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return [...new Set(choices.map(typeOf))].join(' or ');
  if (type === 'array') return `list of ${typeOf((items ?? {}) as OpenApiObject)}`;
  if (type === 'object' && typeof additionalProperties === 'object' && schema.properties === undefined)
    return `map to ${typeOf(additionalProperties as OpenApiObject)}`;
  return escaped(typeof type === 'string' ? type : 'any');
}

/** What bounds a value, in parentheses; empty where nothing does. */
function bounds(schema: OpenApiObject): string {
  const all = [
    schema.default === undefined ? '' : `by default <code>${escaped(JSON.stringify(schema.default))}</code>`,
    schema.maxLength === undefined ? '' : `at most ${schema.maxLength} characters`,
    schema.maxItems === undefined ? '' : `at most ${schema.maxItems} entries`,
  ].filter((text) => text !== '');
  return all.length === 0 ? '' : ` (${all.join('; ')})`;
}

function fieldsOf(schema: OpenApiObject): string {
  const { properties, required = [], oneOf } = schema;
  if (Array.isArray(oneOf)) return oneOf.map(variantOf).join('');
  if (typeof properties !== 'object' || properties === null) return `<p>${typeOf(schema)}</p>`;
  const rows = Object.entries(properties as Record<string, OpenApiObject>).map(([name, field]) => [
    `<code>${escaped(name)}</code>${(required as readonly string[]).includes(name) ? '' : ' (optional)'}`,
    typeOf(field) + bounds(field),
    inline(String(field.description ?? '')),
  ]);
  return table(['field', 'type', ''], rows);
}

function variantOf(schema: OpenApiObject): string {
  const { type } = (schema.properties ?? {}) as { readonly type?: OpenApiObject };
  const title = type === undefined ? '' : `<h4>${typeOf(type)}</h4>`;
  return `${title}${prose(String(schema.description ?? ''))}${fieldsOf(schema)}`;
}

function operationPart(path: string, method: string, operation: OpenApiOperation): string {
  const body = (operation.requestBody?.content as Record<string, OpenApiObject> | undefined)?.[
    'application/json'
  ];
  const parameters = operation.parameters.map((parameter) => [
    `<code>${escaped(parameter.name)}</code>${parameter.required ? '' : ' (optional)'}`,
    parameter.in,
    inline(parameter.description) + bounds(parameter.schema),
  ]);
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const content = (response.content ?? {}) as Record<string, { readonly schema: OpenApiObject }>;
    const [schema] = Object.values(content).map(({ schema }) => typeOf(schema));
    return [status, schema ?? 'nothing', inline(String(response.description))];
  });
  return `<details id="operation-${escaped(operation.operationId)}">
<summary><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code> ${escaped(operation.summary)}</summary>
${prose(operation.description)}
${table(['parameter', 'in', ''], parameters)}
${body === undefined ? '' : `<h4>Body: ${typeOf(body.schema as OpenApiObject)}</h4>${body.example === undefined ? '' : json(body.example)}`}
<h4>Answers</h4>
${table(['status', 'body', ''], answers)}
</details>`;
}

function operations(document: OpenApiDocument): string {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return [...Map.groupBy(all, ({ operation }) => operation.tags[0] ?? '')]
    .map(
      ([tag, group]) =>
        `<h3 id="tag-${escaped(tag)}">${escaped(tag)}</h3>${group
          .map(({ path, method, operation }) => operationPart(path, method, operation))
          .join('')}`,
    )
    .join('');
}

const schemasPart = (document: OpenApiDocument): string =>
  Object.entries(document.components.schemas)
    .map(
      ([name, schema]) =>
        `<h3 id="schema-${escaped(name)}">${escaped(name)}</h3>${prose(String(schema.description ?? ''))}${fieldsOf(schema)}`,
    )
    .join('');

const problemsPart = (): string =>
  table(
    ['kind', 'status', 'code', 'what it is'],
    PROBLEM_KINDS.map(({ kind, status, code, title }) => [
      `<code id="problem-${kind}">${kind}</code>`,
      String(status),
      `<code>${code}</code>`,
      escaped(title),
    ]),
  );

export function docsPage(document: OpenApiDocument): Page {
  const info = document.info as { readonly title: string; readonly description: string };
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}: HTTP API</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(info.title)}: HTTP API</h1>
${prose(info.description)}
<p>Each request has the header <code>Authorization: Bearer &lt;key&gt;</code>. The same description for machines: <a href="/api/openapi.json">/api/openapi.json</a>.</p>
<nav><a href="#operations">Operations</a><a href="#problems">Problems</a><a href="#schemas">Schemas</a></nav>
<h2 id="operations">Operations</h2>
${operations(document)}
<h2 id="problems">Problems</h2>
${problemsPart()}
<h2 id="schemas">Schemas</h2>
${schemasPart(document)}
</body>
</html>
`;
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return {
    html,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}
