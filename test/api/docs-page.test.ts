/** The page that describes the API, as Chromium shows it. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEM_KINDS } from '../../core/server/api/problem.ts';
import { BASE, routes } from '../../core/server/api/routes.ts';
import {
  chromiumIsHere,
  chromiumIsRequired,
  launchChromium,
  WITHOUT_CHROMIUM,
} from '../real-clients/browser.ts';
import { API_SECRET, type ApiGateway, startApiGateway } from '../support/api.ts';

const isSkipped = !chromiumIsHere && !chromiumIsRequired;
if (isSkipped) process.stderr.write(`Chromium tests ${WITHOUT_CHROMIUM}\n`);

let gateway: ApiGateway;
beforeAll(async () => {
  gateway = await startApiGateway();
});
afterAll(() => gateway.stop());

describe('/api/docs', () => {
  it('has a policy that lets it load nothing, and no script', async () => {
    const { headers, text } = await fetch(`${gateway.http}/api/docs`).then(async (response) => ({
      headers: response.headers,
      text: await response.text(),
    }));
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).not.toMatch(/<script|<link|<img|\son\w+=|\sstyle=|javascript:|https?:\/\//i);
    expect(text).not.toContain(API_SECRET);
  });

  it('links to parts of its own that exist', async () => {
    const text = await (await fetch(`${gateway.http}/api/docs`)).text();
    const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const { kind } of PROBLEM_KINDS) expect(ids).toContain(`problem-${kind}`);
  });
});

describe.skipIf(isSkipped)('/api/docs in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it('shows every operation, in its own style, and asks nobody else for anything', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${gateway.http}/api/docs#problem-muted`);
    expect(await page.title()).toBe('Dragoman: HTTP API');
    const shown = await page.locator('details > summary').allInnerTexts();
    expect(shown.map((text) => text.replaceAll(/\s+/g, ' ').trim())).toEqual(
      expect.arrayContaining(
        routes.map(({ method, path, summary }) => `${method} ${BASE}${path} ${summary}`),
      ),
    );
    expect(shown).toHaveLength(routes.length);
    const style = await page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse");
    expect(style).toBe('collapse');
    await page.locator('#operation-sendMessage > summary').click();
    expect(await page.locator('#operation-sendMessage pre').isVisible()).toBe(true);
    expect(await page.locator('#problem-muted').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.endsWith('/favicon.ico'))).toEqual([`${gateway.http}/api/docs`]);
    await page.close();
  });
});
