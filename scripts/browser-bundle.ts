// Bundles the core for a browser, and fails when that cannot be done or is too big: npm run check does it too.

import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { budgets } from "./budget/budgets.ts";
import { root } from "./workspace/root.ts";

const { outputFiles } = await build({
	entryPoints: [join(root, "packages/core/src/index.ts")],
	bundle: true,
	platform: "browser",
	format: "esm",
	conditions: ["@allium/source", "browser", "module"],
	minify: true,
	write: false,
	logLevel: "error",
});
const [bundle] = outputFiles;
if (bundle === undefined) throw new Error("esbuild made no bundle.");

const bytes = gzipSync(bundle.contents).length;
const figures = `${bytes} bytes (${bundle.contents.length} before gzip; at most ${budgets.browserBundleBytes})`;
if (bytes > budgets.browserBundleBytes) {
	console.error(`The core for a browser is too big: ${figures}. Make it smaller, or raise the budget.`);
	process.exitCode = 1;
} else {
	console.log(`The core for a browser: ${figures}.`);
}
