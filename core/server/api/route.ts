/** A route as data: the server is made from it, and so are the document and the page that describe it. */
import type { z } from 'zod';
import type { PathParameter } from '../../../schemas/api/common.ts';
import type { ApiScope } from '../../../schemas/config/api.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Hub } from '../../hub.ts';
import type { RequestProblem } from './problem.ts';

/** What a handler is given. Everything is checked; the key may be used for the route in this namespace. */
export interface Call<Param extends string, Query, Body> {
  readonly hub: Hub;
  /** Empty where the path names none. */
  readonly namespace: string;
  readonly params: Readonly<Record<Param, string>>;
  readonly query: Query;
  readonly body: Body;
  /** Whether the key is for a namespace: asked by routes whose path names none. */
  readonly mayUse: (namespace: string) => boolean;
  /** Most entries of a page: what is asked for, as far as the configuration lets. */
  pageSize(asked: number | undefined): number;
  /** @throws RequestRefused if the key lacks a scope that the route asks for on occasion */
  require(scope: ApiScope): void;
}

type ParamsOf<Path extends string> = Path extends `${string}{${infer Param}}${infer Rest}`
  ? Param | ParamsOf<Rest>
  : never;

export interface RouteShape {
  /** Unique: the operation's name in generated clients. */
  readonly id: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: ApiScope;
  /** Further scopes that some requests need. */
  readonly alsoScopes?: readonly ApiScope[];
  /** What the answer of a success holds; without it the answer is empty (204). */
  readonly result?: z.ZodType;
  /** What the gateway may refuse it for, besides what every request may be refused for. */
  readonly problems: readonly ErrorCode[];
  /** Of its own, besides the gateway's error codes. */
  readonly refusals?: readonly RequestProblem[];
  /** A body that does what the route is for. */
  readonly example?: unknown;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean;
}

interface RouteDefinition<Path extends string, Query, Body> extends RouteShape {
  /** Below `/api/v1`, with parameters in braces. */
  readonly path: Path;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  handle(call: Call<ParamsOf<Path>, Query, Body>): unknown;
}

/** A route with its types hidden: what the table holds and the server works with. */
export interface Route extends RouteShape {
  readonly path: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  handle(call: Call<string, unknown, unknown>): unknown;
}

/** Checks a route's types, then hides them. */
export function route<const Path extends string, Query = undefined, Body = undefined>(
  definition: RouteDefinition<Path, Query, Body>,
): Route {
  return definition as unknown as Route;
}

export const paramsOf = (path: string): readonly PathParameter[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as PathParameter);

export const isMutating = ({ method }: RouteShape): boolean => method !== 'GET';
