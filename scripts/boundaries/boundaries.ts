import { posix } from "node:path";
import { type Workspace, workspaces } from "../workspace/workspaces.ts";
import { circles } from "./circles.ts";
import { undeclared, unused } from "./dependencies.ts";
import { climbs } from "./floors.ts";
import { timerModule } from "./raw-timers.ts";
import { type SourceFile, sourceFiles } from "./source-file.ts";
import { parseSpecifier, type Specifier } from "./specifier.ts";
import { testingInstalled } from "./testing-installed.ts";

/** The packages from which the kernel may import types. It loads nothing but itself. */
const typesInCore = ["@opentelemetry/api", "@standard-schema/spec"];

/** The package for adapters whose servers are reached over a network. It uses Node, so it is no part of the core. */
const sharedByAdapters = "@allium/backend";

/** The adapters that a published package may import. All other adapters are found by URL. */
const adaptersOf: Readonly<Record<string, readonly string[]>> = { allium: ["@allium/sqlite"] };

/** Returns every violation of the dependency rules in the packages of a repository, one sentence each. */
export function boundaryViolations(root: string): string[] {
	const all = workspaces(root);
	const byName = new Map(all.map((workspace) => [workspace.name, workspace]));
	return all.flatMap((workspace) => {
		const files = sourceFiles(root, workspace.folder);
		return [
			...files.flatMap((file) => fileViolations(file, workspace, byName)),
			...(isApplication(workspace) ? [] : files.flatMap(timerViolations)),
			...undeclared(workspace, files, root),
			...unused(workspace, files),
			...testingInstalled(workspace),
			...files.flatMap(climbs),
			...circles(files),
		];
	});
}

function fileViolations(
	file: SourceFile,
	workspace: Workspace,
	byName: ReadonlyMap<string, Workspace>,
): string[] {
	return file.imports.flatMap((text) => {
		const specifier = parseSpecifier(text);
		const reasons = [
			leavesPackage(file, workspace, specifier),
			...(specifier.kind === "package" ? packageReasons(file, workspace, specifier, byName) : []),
			isCore(workspace) && !file.isTest
				? foreignInCore(specifier, file.loads.includes(text), byName)
				: undefined,
		];
		return reasons.flatMap((reason) =>
			reason === undefined ? [] : [`${file.path} imports "${text}": ${reason}.`],
		);
	});
}

/** A duration that a user gave must not go to the platform's timers directly, because they take Infinity for 1 ms. */
function timerViolations({ path, isTest, rawTimers, imports }: SourceFile): string[] {
	if (isTest || path === timerModule) return [];
	const promises = imports.filter((name) => /^(node:)?timers\/promises$/.test(name));
	return [...rawTimers, ...promises].map(
		(name) =>
			`${path} uses ${name} with a delay that it was given: set timers by after() and every() instead.`,
	);
}

function packageReasons(
	file: SourceFile,
	from: Workspace,
	{ name, subpath }: Extract<Specifier, { kind: "package" }>,
	byName: ReadonlyMap<string, Workspace>,
): (string | undefined)[] {
	const target = byName.get(name);
	if (target !== undefined && target !== from) {
		return [notExported(target, subpath), ...(file.isTest ? [] : [wrongDirection(from, target)])];
	}
	return [];
}

function foreignInCore(
	specifier: Specifier,
	isLoaded: boolean,
	byName: ReadonlyMap<string, Workspace>,
): string | undefined {
	if (specifier.kind === "node") return "the core runs in browsers and may not use Node";
	if (specifier.kind !== "package" || byName.has(specifier.name)) return undefined;
	if (isLoaded || !typesInCore.includes(specifier.name)) {
		return `the core may import only types, and those only of ${typesInCore.join(" and ")}`;
	}
	return undefined;
}

function wrongDirection(from: Workspace, target: Workspace): string | undefined {
	if (isCore(from)) return "the core depends on no other package of ours";
	if (isAdapter(from)) {
		if (isCore(target) || target.name === sharedByAdapters) return undefined;
		return `an adapter may import the core and ${sharedByAdapters}, and no other package of ours`;
	}
	if (!isAdapter(target) || isApplication(from)) return undefined;
	if (adaptersOf[from.name]?.includes(target.name)) return undefined;
	return "adapters are found by URL; only allium (sqlite), examples, benchmarks and tests import one";
}

function leavesPackage(file: SourceFile, workspace: Workspace, specifier: Specifier): string | undefined {
	if (specifier.kind !== "relative") return undefined;
	const target = posix.join(posix.dirname(file.path), specifier.path);
	if (!specifier.path.startsWith("/") && target.startsWith(`${workspace.folder}/`)) return undefined;
	// Examples are programs, not packages, so one may serve the contract of another.
	if (isApplication(workspace) && target.startsWith("examples/")) return undefined;
	return "it reaches into another package; import that by its name";
}

function notExported(target: Workspace, subpath: string): string | undefined {
	const exported = Object.keys(target.manifest.exports ?? {});
	return exported.includes(subpath) ? undefined : `${target.name} does not export "${subpath}"`;
}

function isCore({ folder }: Workspace): boolean {
	return folder === "packages/core";
}

function isAdapter({ folder }: Workspace): boolean {
	return folder.startsWith("adapters/");
}

/** Whether a workspace is never published, so that it may use everything. */
function isApplication({ folder }: Workspace): boolean {
	return folder.startsWith("examples/") || folder === "bench";
}
