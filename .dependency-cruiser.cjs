/** The import rules of docs/architecture.md, section "The house". */
const TEST = '\\.test\\.ts$|/(test-kit|fixture|store-suite)\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle has no first page to read.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'schemas-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^schemas/' },
      to: { path: '^(core|adapters|main|test|bench|bin)' },
    },
    {
      name: 'core-knows-no-adapter',
      severity: 'error',
      from: { path: '^core/', pathNot: TEST },
      to: { path: '^(adapters|main|test|bench|bin)' },
    },
    {
      name: 'adapters-import-core-and-schemas',
      severity: 'error',
      from: { path: '^adapters/', pathNot: TEST },
      to: { path: '^(main|test|bench|bin)' },
    },
    {
      name: 'adapters-never-import-each-other',
      severity: 'error',
      from: { path: '^adapters/([^/]+)/' },
      to: { path: '^adapters/', pathNot: '^adapters/$1/' },
    },
    {
      name: 'adapters-do-no-io',
      severity: 'error',
      comment: 'A session is synchronous: node:crypto and node:buffer are pure computation.',
      from: { path: '^adapters/', pathNot: TEST },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'only-the-server-folder-knows-http',
      severity: 'error',
      comment: 'Besides who connects to servers: the bridge and the doctor.',
      from: { path: '^(core|adapters|schemas)/', pathNot: ['^core/(server|upstream|doctor)/', TEST] },
      to: { path: 'node_modules/(fastify|@fastify|ws)/' },
    },
    {
      name: 'stores-know-the-model-by-its-types',
      severity: 'error',
      comment:
        'Each thread of a database would load all of the schemas, which takes longer than to open the file.',
      from: { path: '^core/store/', pathNot: TEST },
      to: { path: '^schemas/', pathNot: '^schemas/conversation\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^(main|core|adapters|schemas|bin)', pathNot: TEST },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'bench-knows-only-the-command-line',
      severity: 'error',
      comment: 'What is measured is what a user would start.',
      from: { path: '^bench/' },
      to: { path: '^(main|core|adapters|schemas|bin)' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency-in-the-product',
      severity: 'error',
      from: { path: '^(main|core|adapters|schemas|bin)', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
