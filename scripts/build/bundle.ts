import { globSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { rolldown } from "rolldown";
import { entries } from "./entries.ts";

/** The ways to look for a file beside a module. */
const besideItself = /\bnew URL\(|\bfileURLToPath\(|import\.meta\.(?:dirname|filename|resolve)\b/;

/**
 * Whether the modules of a package can be bundled. They cannot if one of them looks for files beside itself, as the
 * command does for its templates. To require another package from a bundle is the same as from a module.
 */
export function canBundle(folder: string): boolean {
	const exclude = ["**/*.test.ts", "**/*.test-d.ts", "**/fixtures/**"];
	return globSync("src/**/*.ts", { cwd: folder, exclude }).every((file) => {
		const text = readFileSync(join(folder, file), "utf8");
		return !text.includes("import.meta") || !besideItself.test(text);
	});
}

/**
 * Bundles the modules of a package: a file for each entry, one for all that entries share, and one for each part that
 * they load later. A module therefore exists once, whatever entries a process imports. Other packages stay imports.
 * Every file costs at the start: with a file for each module, starting a service took twice the processor time, and
 * with a file for each set of entries that share modules it took a tenth more.
 *
 * @param exports of its package.json
 */
export async function bundle(folder: string, exports: unknown, output: string): Promise<void> {
	const bundling = await rolldown({
		input: Object.fromEntries(entries(exports).map(({ name, source }) => [name, join(folder, source)])),
		external: (id) => !id.startsWith(".") && !isAbsolute(id),
		platform: "neutral",
		onLog: (_, { message }) => {
			throw new Error(message);
		},
	});
	try {
		await bundling.write({
			dir: output,
			format: "esm",
			chunkFileNames: "chunks/[name].js",
			codeSplitting: { groups: [{ name: "shared", minShareCount: 2 }] },
			comments: { jsdoc: false },
		});
	} finally {
		await bundling.close();
	}
}
