import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What a browser may do with the page: load from here, and nothing else; no script or style that stands in the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  ...["script-src", "style-src", "connect-src", "img-src"].map((name) => `${name} 'self'`),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const pageHeaders: Record<string, string> = {
  "Content-Security-Policy": contentSecurityPolicy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

const page = join(import.meta.dirname, "page");
const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The files of the page by their paths: a list, so that no path of a request is ever one of the disk. */
const files: Record<string, string> = {
  "/": "index.html",
  ...Object.fromEntries(
    [
      ...["console.css", "icon.svg", "main.js", "dom.js", "format.js", "series.js", "stream.js", "health.js"],
      ...["overview.js", "overview-text.js", "charts.js", "chart-options.js", "letters.js", "rows.js", "sql.js"],
      ...["login.js", "place.js"],
    ].map((name) => [`/console/${name}`, name]),
  ),
};
const echartsPath = "/console/echarts.js";

export const assetPaths: readonly string[] = [...Object.keys(files), echartsPath];

/** A file of the page, with its type; read anew each time: it is asked for when a page opens, and nothing is kept. */
export async function readAsset(path: string): Promise<{ body: Uint8Array<ArrayBuffer>; type: string }> {
  const file = path === echartsPath ? echartsFile() : join(page, files[path]!);
  const type = types[file.slice(file.lastIndexOf(".") + 1)]!;
  return { body: new Uint8Array(await readFile(file)), type };
}

function echartsFile(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve("echarts/package.json")), "dist/echarts.min.js");
}
