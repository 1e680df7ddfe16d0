import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { summarise } from "../../telemetry/stages.ts";
import { parseExposition } from "../../telemetry/testing/exposition.ts";
import { hasChromium, openChromium } from "../../testing/chromium.ts";
import { openIngesterServer } from "../ingester-server.ts";
import { type ShownRun, startShownRun } from "../testing/shown-run.ts";

/** The console as a person has it: in a browser, of a real run. */

const markup = "<img src=x onerror='window.isPlanted = true'>";
const script = "<script>window.isPlanted = true</script>";

describe.skipIf(!hasChromium())("the console", { timeout: 120_000 }, () => {
  let shown: ShownRun;
  let browser: Browser;
  let page: Page;
  /** What the page has said on its console as an error, and asked for elsewhere. */
  const complaints: string[] = [];

  /** Polls a condition, written in JavaScript; the page's policy lets nothing be evaluated later than at once. */
  const wait = async (isSo: string, of = page) => {
    // An error: it went to another page meanwhile.
    while (!(await of.evaluate(isSo).catch(() => false))) await sleep(50);
  };
  const text = (selector: string) => page.locator(selector).textContent();
  const open = async (hash: string) => {
    await page.goto("about:blank");
    await page.goto(`${shown.server.url}/${hash}`);
    await wait(`document.querySelector("#health")?.getAttribute("data-state") === "healthy"`);
  };

  beforeAll(async () => {
    [shown, browser] = await Promise.all([startShownRun(), openChromium()]);
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
    page.on("console", (message) => {
      // A refused statement is answered with 422, which a browser notes; so is a question while ClickHouse is away.
      const isRefusal = /\/api\/(sql|parts)$/.test(message.location().url);
      if (message.type() === "error" && !isRefusal) complaints.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== "about:" && origin !== shown.server.url) complaints.push(`asks ${request.url()}`);
    });
    // What passed before the first sample is in no chart.
    while (!(await (await fetch(`${shown.server.url}/api/history`)).text()).includes('"atMs":[1')) await sleep(100);
    for (let round = 0; round < 5; round += 1) {
      await shown.send(...Array.from({ length: 40 }, (_, id) => JSON.stringify({ id: round * 40 + id, text: markup })));
      await sleep(300);
    }
    await shown.send(script, "{");
    await shown.untilStored(200, 2);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await shown?.close();
  }, 60_000);

  it("shows the figures that /metrics has at the same moment, and its quantiles are the histogram's", async () => {
    await open("#overview");
    await wait(`document.querySelectorAll("[data-series]").length > 5`);
    await wait(`document.querySelector("#letters-now tbody td") !== null`);
    const differing = async () => {
      const scraped = new Map<string, number>();
      const answer = await fetch(`${shown.server.url}/metrics`);
      for (const { samples } of parseExposition(await answer.text()).values())
        for (const [series, value] of samples) scraped.set(series, value);
      const figures = await page.$$eval("[data-series]", (all) =>
        all.map((one) => [one.getAttribute("data-series")!, Number(one.getAttribute("data-value"))] as const),
      );
      expect(figures.map(([series]) => series).join("\n")).toContain("millrace_dead_letters_total{");
      return figures.filter(([series, value]) => {
        // Memory is never the same twice.
        const near = series === "process_resident_memory_bytes" ? 0.3 * value : 0;
        return Math.abs((scraped.get(series) ?? Number.NaN) - value) > near || !scraped.has(series);
      });
    };
    // The page is at most one sample behind.
    while ((await differing()).length > 0) await sleep(500);
    for (const stage of ["e2e", "insert", "pipeline", "queue"] as const) {
      const { count, p95 } = summarise(shown.run.pipeline.total.cell(stage, ""));
      if (count === 0) continue;
      const cell = page.locator(`[data-figure="${stage}.window.p95"]`);
      const shownMs = Number(await cell.getAttribute("data-value"));
      expect(Math.abs(shownMs - p95), `${stage}: ${shownMs} and ${p95} ms`).toBeLessThanOrEqual(1 + p95 * 0.05);
    }
  });

  it("has charts with data, each with a sentence and a table beside it", async () => {
    await wait(`[...document.querySelectorAll(".chart")].every((chart) => chart.querySelector("canvas") !== null)`);
    const points = await page.$$eval("figure.panel .chart", (charts) =>
      charts.map((chart) => {
        const { echarts } = globalThis as unknown as { echarts: { getInstanceByDom(of: unknown): EChart | undefined } };
        return echarts.getInstanceByDom(chart)?.getOption().series[0]?.data.length ?? 0;
      }),
    );
    expect(
      points.every((count) => count > 0),
      JSON.stringify(points),
    ).toBe(true);
    for (const panel of await page.locator("figure.panel").all()) {
      expect((await panel.locator(".summary").textContent())!.length).toBeGreaterThan(10);
      await panel.locator("summary").press("Enter");
      await panel.locator("tbody tr").first().waitFor();
    }
  });

  it("leads from a dead letter's reason to the whole record with the keyboard alone, and runs nothing that is in it", async () => {
    await open("");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(`document.activeElement?.textContent`)).toBe("Skip to the content");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await wait(`document.querySelector("#dead-letters table button") !== null`);
    await page.locator("#dead-letters table button", { hasText: "shown" }).first().focus();
    await page.keyboard.press("Enter");
    await wait(`document.querySelector("#record pre") !== null`);
    expect(await text("#record")).toContain("json_parse_failed");
    await page.keyboard.press("Escape");
    expect(await page.locator("#record").isVisible()).toBe(false);
    await page.locator("#dead-letters table tr", { hasText: script }).locator("button").click();
    await wait(`document.querySelector("#record pre")?.textContent?.includes("<script>")`);
    expect(await text("#record pre")).toBe(script);
    await page.locator("#record button").click();
    expect(await page.locator("#record").isVisible()).toBe(false);
  });

  it("leaves the keyboard's focus where it is while figures come in", async () => {
    await open("#overview");
    await wait(`document.querySelector("#letters-now a") !== null`);
    await page.locator("#letters-now a").first().focus();
    const shownAt = `document.querySelector("#tiles b")?.textContent + document.querySelector("#facts")?.textContent`;
    const before = await page.evaluate(shownAt);
    await shown.send(JSON.stringify({ id: 900, text: markup }));
    await shown.untilStored(201, 2);
    await wait(`(${shownAt}) !== ${JSON.stringify(before)}`);
    expect(await page.evaluate(`document.activeElement?.closest("#letters-now") !== null`)).toBe(true);
  });

  it("shows the newest rows of each table, as text", async () => {
    await open("#tables");
    await wait(`document.querySelectorAll("#tables tbody tr").length === 50`);
    expect(await text("#tables tbody tr:first-child")).toContain(markup);
    expect(await page.evaluate(`document.querySelectorAll("#tables img").length`)).toBe(0);
    expect(await page.evaluate(`"isPlanted" in globalThis`)).toBe(false);
  });

  const ask = async (sql: string) => {
    await page.fill("#statement", sql);
    await page.keyboard.press("Control+Enter");
    await wait(
      `document.querySelector("#answer .note") === null && !document.querySelector("#sql button")?.hasAttribute("disabled")`,
    );
    return text("#answer");
  };

  it("answers SQL that reads, within limits, and refuses the rest", async () => {
    await open("#sql");
    await wait(`document.querySelector("#statement") !== null`);
    expect(await ask("SELECT count() AS stored, any(text) FROM shown.rows")).toMatch(/stored[\s\S]*201[\s\S]*<img/);
    expect(await ask("SELECT number FROM numbers(100000)")).toContain("500 rows");
    expect(await ask("SELECT number FROM numbers(100000)")).toContain("there are more, which are not shown");
    expect(await ask("INSERT INTO shown.rows (id) VALUES (1)")).toContain("Only statements that read");
    expect(await ask("SELECT * FROM url('http://127.0.0.1:1/', 'RawBLOB')")).toContain("READONLY");
    expect(await ask("SELECT count() FROM shown.rows SETTINGS max_memory_usage = 0")).toContain("Leave SETTINGS away");
    expect(await ask("SELECT groupArray(number) FROM numbers(1000000000)")).toContain("MEMORY_LIMIT_EXCEEDED");
    expect(await ask("SELECT nothing")).toContain("UNKNOWN_IDENTIFIER");
  });

  it("lets records through while a query runs, and ends it after five seconds", async () => {
    const asked = ask("SELECT count() FROM numbers(1000000000000)");
    let isAnswered = false;
    void asked.then(() => (isAnswered = true));
    await shown.send('{"id":1000}', '{"id":1001}');
    await shown.untilStored(203, 2);
    expect(isAnswered).toBe(false);
    expect(await asked).toContain("TIMEOUT_EXCEEDED");
  });

  it("fits a phone, light and dark", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      await open("");
      for (const view of ["overview", "dead-letters", "tables", "sql"]) {
        await page.evaluate(`location.hash = "${view}"`);
        await wait(`document.querySelector("#${view}:not([hidden]) .panel") !== null`);
        const beyond = await page.evaluate(`document.documentElement.scrollWidth - innerWidth`);
        expect([view, beyond]).toEqual([view, 0]);
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("says where it stands still when ClickHouse is away, and that it is well again", async () => {
    await open("#overview");
    shown.clickHouse.setRefusing(true);
    shown.clickHouse.resetAll();
    await shown.send('{"id":1002}');
    await wait(`document.querySelector("#health")?.getAttribute("data-state") === "standing"`);
    expect(await text("#health")).toMatch(
      /Standing still[\s\S]*(ClickHouse has not answered|shown\.rows has taken no rows)/,
    );
    expect((await fetch(`${shown.server.url}/readyz`)).status).toBe(503);
    expect(await page.title()).toMatch(/^Standing still/);
    shown.clickHouse.setRefusing(false);
    await wait(`document.querySelector("#health")?.getAttribute("data-state") === "healthy"`);
    await shown.untilStored(204, 2);
  });

  it("has said nothing on the browser's console, asked nobody else, and can run no script but its own", async () => {
    expect(complaints).toEqual([]);
    await page.evaluate(`
      const planted = document.createElement("script");
      planted.textContent = "window.isPlanted = true";
      document.body.append(planted);
    `);
    expect(await page.evaluate(`"isPlanted" in globalThis`)).toBe(false);
    expect(complaints.splice(0).join()).toContain("Content Security Policy");
  });

  it("asks for the token where there is one, and remembers that it was shown", async () => {
    const token = "a-token-of-the-test-0123";
    const guarded = await openIngesterServer({ port: 0, address: "127.0.0.1", token }, "1.2.3");
    const own = await browser.newPage();
    await own.goto(guarded.url);
    await own.fill("#token", "something else");
    await own.keyboard.press("Enter");
    await wait(`document.querySelector("#login-error")?.textContent !== ""`, own);
    await own.fill("#token", token);
    await own.keyboard.press("Enter");
    await wait(`document.querySelector("#health-title")?.textContent === "Starting"`, own);
    await own.reload();
    await wait(`document.querySelector("#health-title")?.textContent === "Starting"`, own);
    await own.close();
    await guarded.close();
  });
});

interface EChart {
  getOption(): { series: { data: unknown[] }[] };
}
