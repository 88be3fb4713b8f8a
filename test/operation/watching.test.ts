/** The dashboard, the alert rules and the documents name metrics and labels that a gateway has, and no others. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ERRORS } from '../../core/errors.ts';
import { PROBLEM_KINDS } from '../../core/server/api/problem.ts';
import { everyMetric } from '../support/metric-catalogue.ts';
import { type Expression, readExpression, readVariable } from '../support/promql.ts';
import { sectionKeys } from '../support/published.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

/** Series by their names, with their labels; `instance` and `job` come from Prometheus. */
const series = new Map<string, ReadonlySet<string>>([['up', new Set(['instance', 'job'])]]);
for (const { name, type, labels } of everyMetric()) {
  const own = new Set([...labels, 'instance', 'job']);
  if (type !== 'histogram') series.set(name, own);
  else {
    for (const part of ['sum', 'count']) series.set(`${name}_${part}`, own);
    series.set(`${name}_bucket`, new Set([...own, 'le']));
  }
}

/** What an expression names that is not there. */
function unknownIn({ selectors, grouping }: Expression): readonly string[] {
  const named = selectors.flatMap(({ metric, labels }) => {
    const known = series.get(metric);
    return known === undefined
      ? [metric]
      : labels.filter((label) => !known.has(label)).map((label) => `${metric}{${label}}`);
  });
  const everywhere = grouping.filter((label) =>
    selectors.some(({ metric }) => series.get(metric)?.has(label) !== true),
  );
  return [...named, ...everywhere];
}

describe('the reader of expressions', () => {
  it.each<readonly [string, readonly string[]]>([
    ['sum by (endpoint) (rate(dragoman_frames_sent_total{instance=~"$instance"}[5m]))', []],
    ['dragoman_no_such_metric', ['dragoman_no_such_metric']],
    ['dragoman_ready{endpoint="/x"}', ['dragoman_ready{endpoint}']],
    ['sum by (endpoint) (dragoman_ready)', ['endpoint']],
    ['sum(dragoman_ready) by (dialect)', ['dialect']],
    ['dragoman_ready == 0 and nothing', ['nothing']],
    ['rate(dragoman_store_commit_seconds[5m])', ['dragoman_store_commit_seconds']],
    ['sum by (le) (rate(dragoman_store_commit_seconds_sum[5m]))', ['le']],
  ])('finds in %s what is not there', (text, unknown) => {
    expect(unknownIn(readExpression(text))).toEqual(unknown);
  });

  it.each(['sum(dragoman_ready', 'shoot(dragoman_ready)', 'dragoman_ready ; 1', 'a}{'])(
    'refuses %s',
    (text) => {
      expect(() => readExpression(text)).toThrow();
    },
  );
});

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly Target[];
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
  readonly query: string | { readonly query: string };
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

describe('deploy/grafana/dragoman.json', () => {
  const dashboard = JSON.parse(read('deploy/grafana/dragoman.json')) as Dashboard;
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const variables = dashboard.templating.list.map(({ name }) => name);

  it('is a dashboard as Grafana 11 imports it', () => {
    expect(dashboard).toMatchObject({ uid: 'dragoman', title: 'Dragoman', schemaVersion: 39 });
    expect(dashboard).not.toHaveProperty('id');
    expect(dashboard).not.toHaveProperty('__inputs');
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Overview',
      'Traffic',
      'Errors and losses',
      'Delivery and store',
      'Upstream',
      'Hooks and API',
      'Process',
    ]);
  });

  it('has panels that lie beside and below each other, none on another', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect([title, taken.get(`${column} ${line}`)]).toEqual([title, undefined]);
          taken.set(`${column} ${line}`, title);
        }
      }
    }
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    'asks in "%s" for what there is',
    (_, panel) => {
      const { targets = [], datasource, description = '', fieldConfig } = panel;
      expect(description).toMatch(/\.$/);
      expect(datasource).toEqual({ type: 'prometheus', uid: `\${datasource}` });
      if (panel.type !== 'table') expect(fieldConfig?.defaults.unit).toBeDefined();
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { expr, legendFormat } of targets) {
        const expression = readExpression(expr);
        expect([expr, unknownIn(expression)]).toEqual([expr, []]);
        const used = [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name);
        expect([...variables, '__rate_interval']).toEqual(expect.arrayContaining(used));
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          const isAggregated = expression.grouping.length > 0;
          const given = isAggregated
            ? expression.grouping
            : [...(series.get(expression.selectors[0]?.metric ?? '') ?? [])];
          expect(given).toContain(label);
        }
      }
    },
  );

  it('has variables that ask for what there is', () => {
    expect(variables).toEqual(['datasource', 'instance', 'endpoint']);
    for (const { type, query, definition } of dashboard.templating.list) {
      if (type !== 'query' || typeof query === 'string') continue;
      expect(definition).toBe(query.query);
      expect(unknownIn(readVariable(query.query))).toEqual([]);
    }
  });

  it('shows every family of metrics', () => {
    const shown = new Set(
      panels
        .flatMap(({ targets = [] }) => targets)
        .flatMap(({ expr }) => readExpression(expr).selectors.map(({ metric }) => metric)),
    );
    for (const family of ['store', 'upstream', 'hook', 'api', 'event_loop', 'losses', 'limit', 'queue'])
      expect([...shown].some((metric) => metric.startsWith(`dragoman_${family}`))).toBe(true);
  });
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

describe('deploy/prometheus/alerts.yaml', () => {
  const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as {
    readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);

  it('wakes somebody for what an operator has to know at night', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    for (const what of [
      'NotReady',
      'StoreUnhealthy',
      'EventLoopLag',
      'SlowConsumers',
      'UpstreamDown',
      'LossesRising',
      'HookFailing',
    ])
      expect(names).toContain(`Dragoman${what}`);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))('asks in %s for what there is', (_, rule) => {
    expect(Object.keys(rule).filter((key) => !/^(alert|expr|for|labels|annotations)$/.test(key))).toEqual([]);
    const expression = readExpression(rule.expr);
    expect(unknownIn(expression)).toEqual([]);
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(rule.for ?? '1m').toMatch(/^\d+[smh]$/);
    const { summary, description } = rule.annotations;
    expect(description).toMatch(/\.$/);
    const given =
      expression.grouping.length > 0
        ? expression.grouping
        : [...(series.get(expression.selectors[0]?.metric ?? '') ?? [])];
    for (const [, label = ''] of `${summary} ${description}`.matchAll(/\$labels\.(\w+)/g))
      expect(given).toContain(label);
  });
});

describe('docs/metrics.md', () => {
  const section =
    read('docs/metrics.md')
      .split(/^## /m)
      .find((text) => text.startsWith('Which metric')) ?? '';
  const rows = [...section.matchAll(/^\| (.+) \| (.+) \|$/gm)].slice(1);

  it('has a metric for every limit of the gateway and of its API', () => {
    const named = new Set(
      rows.flatMap(([, limits = '']) => [...limits.matchAll(/`([^`]+)`/g)].map(([, key]) => key)),
    );
    const limits = [...sectionKeys(['limits']), ...sectionKeys(['api'])].filter(
      ({ path, fallback }) => /^(api\.)?limits\./.test(path) && fallback !== undefined,
    );
    expect(limits.length).toBeGreaterThan(30);
    expect(limits.map(({ path }) => path).filter((path) => !named.has(path))).toEqual([]);
  });

  it('names metrics, labels and values that there are', () => {
    const metrics = [...section.matchAll(/`(dragoman_\w+(?:\{[^}]*\})?)`/g)].map(([, text = '']) => text);
    expect(metrics.length).toBeGreaterThan(40);
    for (const metric of metrics) expect([metric, unknownIn(readExpression(metric))]).toEqual([metric, []]);
    const codes = [...section.matchAll(/code="(\w+)"/g)].map(([, code = '']) => code);
    expect(Object.keys(ERRORS)).toEqual(expect.arrayContaining(codes));
    const problems = [...section.matchAll(/problem="(\w+)"/g)].map(([, problem = '']) => problem);
    expect(PROBLEM_KINDS.map(({ kind }) => kind)).toEqual(expect.arrayContaining(problems));
    const limits = [...section.matchAll(/limit="(\w+)"/g)].map(([, limit]) => limit);
    const known = [...read('core/metrics.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, name]) => name);
    expect(known.toSorted()).toEqual([...new Set([...limits, 'attendance_per_connection'])].toSorted());
  });
});
