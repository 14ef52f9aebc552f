// Bundles the programs of pages. It fails if that is impossible, or if a bundle is too big or contains a file that it
// must not. `npm run check` includes it.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { budgets } from "./budget/budgets.ts";
import { root } from "./workspace/root.ts";

/** A page whose program is bundled. */
interface Page {
	readonly name: string;
	/** The page's program. */
	readonly program: string;
	/** The largest allowed size, minified and gzipped, in bytes. */
	readonly most: number;
	/** No file whose path contains this may be loaded. */
	readonly without?: string;
}

const pages: readonly Page[] = [
	{ name: "All of allium", program: 'export * from "allium";', most: budgets.browserBundleBytes },
	{
		name: "A client over fetch",
		program: `export { contract, createClient, method } from "@allium/core";
			export { fetchTransport } from "@allium/core/http";`,
		most: budgets.fetchClientBytes,
		without: "/frames/",
	},
];

for (const { name, program, most, without } of pages) {
	const { outputFiles, metafile } = await build({
		stdin: { contents: program, resolveDir: root },
		bundle: true,
		platform: "browser",
		format: "esm",
		conditions: ["@allium/source", "browser", "module"],
		minify: true,
		metafile: true,
		write: false,
		logLevel: "error",
	});
	const [bundle] = outputFiles;
	if (bundle === undefined) throw new Error("esbuild made no bundle.");
	const loaded = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
	const unwanted = loaded.filter((file) => without !== undefined && file.includes(without));
	const bytes = gzipSync(bundle.contents).length;
	const figures = `${bytes} bytes (${bundle.contents.length} before gzip; at most ${most})`;
	if (bytes > most) {
		console.error(`${name} for a browser is too big: ${figures}. Make it smaller, or raise the budget.`);
		process.exitCode = 1;
	} else if (unwanted.length > 0) {
		console.error(`${name} for a browser loads ${unwanted.join(", ")}. It should load no ${without} files.`);
		process.exitCode = 1;
	} else {
		console.log(`${name} for a browser: ${figures}.`);
	}
}
