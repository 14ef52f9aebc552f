// Compiles every published package into its dist: npm run build. The compiler writes the declarations, and a bundler
// combines the modules into a few files. With --check it compiles into a throwaway folder. npm run check includes
// that, because only a build tests that declarations stand alone and that the core does without Node.
// With --into <folder> it compiles into the packages of a copy in that folder.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildOrder, ownDependencies } from "./build/build-order.ts";
import { bundle, canBundle } from "./build/bundle.ts";
import { cacheFolder, root } from "./workspace/root.ts";
import { type Workspace, workspaces } from "./workspace/workspaces.ts";

const { check: onlyCheck = false, into } = parseArgs({
	options: { check: { type: "boolean" }, into: { type: "string" } },
}).values;
// The compiler looks for types around its project, and several builds into copies may run at once.
const folder = join(
	cacheFolder,
	onlyCheck ? "build-check" : into === undefined ? "build" : `build-${process.pid}`,
);
const target = onlyCheck ? folder : (into ?? root);
const published = workspaces(root).filter(
	({ folder, manifest }) => manifest.private !== true && existsSync(join(root, folder, "src/index.ts")),
);
const bundled = published.filter(({ folder }) => canBundle(join(root, folder)));

/**
 * Writes the project of one package. Its references are its dependencies, so nothing has to be kept in step by hand.
 */
function writeProject(workspace: Workspace): void {
	const file = projectFile(workspace);
	const source = join(root, workspace.folder, "src");
	const project = {
		extends: join(root, "tsconfig.base.json"),
		compilerOptions: {
			composite: true,
			emitDeclarationOnly: bundled.includes(workspace),
			rootDir: source,
			outDir: outputFolder(workspace),
			tsBuildInfoFile: `${file}.tsbuildinfo`,
			// The core must work with what browsers have, too.
			...(workspace.folder === "packages/core" && { types: [], lib: ["esnext", "dom", "dom.iterable"] }),
		},
		include: [source],
		exclude: [`${source}/**/*.test.ts`, `${source}/**/*.test-d.ts`, `${source}/**/fixtures/**`],
		references: ownDependencies(workspace, published).map((needed) => ({ path: projectFile(needed) })),
	};
	writeFileSync(file, JSON.stringify(project, null, "\t"));
}

function outputFolder(workspace: Workspace): string {
	return join(target, workspace.folder, "dist");
}

function projectFile(workspace: Workspace): string {
	return join(folder, `${workspace.folder.replace("/", "-")}.json`);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const order = buildOrder(published);
for (const workspace of order) {
	rmSync(outputFolder(workspace), { recursive: true, force: true });
	writeProject(workspace);
	if (!onlyCheck) copyFileSync(join(root, "LICENSE"), join(target, workspace.folder, "LICENSE"));
}
console.log(`Building ${order.map(({ name }) => name).join(", ")} …`);
const { status } = spawnSync(
	process.execPath,
	[join(root, "node_modules/typescript/bin/tsc"), "--build", ...order.map(projectFile)],
	{ stdio: "inherit" },
);
if (status === 0) {
	for (const workspace of bundled) {
		await bundle(join(root, workspace.folder), workspace.manifest.exports, outputFolder(workspace));
	}
}
if (into !== undefined) rmSync(folder, { recursive: true });
const built = onlyCheck ? "Every package can be built." : 'Built; each package has its "dist".';
console.log(status === 0 ? built : "The build failed; see above.");
process.exitCode = status === 0 ? 0 : 1;
