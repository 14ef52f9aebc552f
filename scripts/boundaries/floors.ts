import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

/**
 * The floors of the core, the lowest first. A folder imports only from floors below its own, so imports never climb,
 * and folders of one floor know nothing of each other. A file at the top of `src` is an entry and may import from all
 * floors.
 */
export const floors: readonly (readonly string[])[] = [
	["collections", "encoding", "json", "time"],
	["errors"],
	["contract", "logger"],
	["adapter", "codec", "context"],
	["endpoint", "reflection", "registry", "routes"],
	["balancer", "health", "service"],
	["transport"],
	["caching", "resilience", "telemetry"],
	["middleware"],
	["client", "event", "server"],
	["frames", "http", "store"],
];

const sources = "packages/core/src/";

/** Returns every import of a core file that climbs, one sentence each. */
export function climbs({ path, isTest, imports }: SourceFile): string[] {
	const from = folderOf(path);
	if (isTest || from === undefined) return [];
	if (heightOf(from) === undefined) {
		return [`${path} stands on no floor: add "${from}" to the floors in scripts/boundaries/floors.ts.`];
	}
	return imports.flatMap((specifier) => {
		if (!specifier.startsWith(".")) return [];
		const target = posix.join(posix.dirname(path), specifier);
		const to = folderOf(target);
		if (to === undefined)
			return [`${path} imports "${specifier}": an entry of the core is for other packages.`];
		return to === from || isBelow(to, from) ? [] : [`${path} imports "${specifier}": ${whyNot(from, to)}.`];
	});
}

/** The core folder that contains a file. Undefined for an entry. */
function folderOf(path: string): string | undefined {
	if (!path.startsWith(sources)) return undefined;
	const [folder, ...rest] = path.slice(sources.length).split("/");
	return rest.length > 0 ? folder : undefined;
}

function heightOf(folder: string): number | undefined {
	const height = floors.findIndex((floor) => floor.includes(folder));
	return height === -1 ? undefined : height;
}

function isBelow(folder: string, other: string): boolean {
	return (heightOf(folder) ?? Number.POSITIVE_INFINITY) < (heightOf(other) ?? 0);
}

function whyNot(from: string, to: string): string {
	const same = heightOf(from) === heightOf(to);
	return same ? `${from} and ${to} stand on one floor` : `${to} stands above ${from}, and nothing climbs`;
}
