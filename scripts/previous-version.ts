// Builds an earlier commit of Allium into one file. The call suite has it as the other side of its calls, so that
// a cluster can be upgraded one process at a time:
//
//     node scripts/guard.mjs scripts/previous-version.ts <commit>
//
// Run it after a release, with the commit of that release, and commit what it wrote.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./workspace/root.ts";

/** The exports of a version that the call suite and its setups use, by the names of the commit that is built. */
const entry = `
export { Context, contract, createClient, Endpoints, method, onSettled, stream } from "@allium/core";
export { webSocketTransport } from "@allium/core/frames";
export { frames, http } from "@allium/node";
`;
const packages = ["core", "node"];
const output = join(root, "packages/node/src/fixtures/previous/allium.js");

const [commit] = process.argv.slice(2);
if (commit === undefined) throw new Error("Name the commit to build: previous-version.ts <commit>");
const full = execFileSync("git", ["rev-parse", `${commit}^{commit}`], { cwd: root, encoding: "utf8" }).trim();
const sources = mkdtempSync(join(tmpdir(), "allium-previous-"));
try {
	const paths = packages.map((name) => `packages/${name}`);
	const archive = execFileSync("git", ["archive", full, ...paths], { cwd: root, maxBuffer: 2 ** 28 });
	execFileSync("tar", ["-x", "-C", sources], { input: archive });
	// Each package of that commit finds the others of that commit, and none of today's.
	mkdirSync(join(sources, "node_modules/@allium"), { recursive: true });
	for (const name of packages) {
		symlinkSync(join(sources, "packages", name), join(sources, "node_modules/@allium", name), "junction");
	}
	const { metafile } = await build({
		absWorkingDir: sources,
		stdin: { contents: entry, resolveDir: sources },
		outfile: output,
		bundle: true,
		format: "esm",
		platform: "node",
		conditions: ["@allium/source"],
		// The packages of third parties stay imports, in today's versions.
		external: ["undici", "ws"],
		minify: true,
		legalComments: "none",
		banner: { js: `// Allium at ${full}, built by scripts/previous-version.ts. Do not edit.` },
		metafile: true,
		logLevel: "error",
	});
	const modules = Object.keys(metafile.inputs).length;
	console.log(`${output} is ${full}: ${Math.round(statSync(output).size / 1024)} KB, ${modules} modules.`);
} finally {
	rmSync(sources, { recursive: true });
}
