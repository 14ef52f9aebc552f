import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

/**
 * Returns the circles of imports among the files of a package, tests excluded, one sentence each. A file in a circle
 * cannot be read or loaded without all the others in it.
 */
export function circles(files: readonly SourceFile[]): string[] {
	const importsOf = new Map<string, string[]>();
	for (const { path, isTest, imports } of files) {
		if (!isTest)
			importsOf.set(
				path,
				imports.map((specifier) => posix.join(posix.dirname(path), specifier)),
			);
	}
	const done = new Set<string>();
	const found: string[] = [];
	for (const path of importsOf.keys()) {
		const circle = circleFrom(path, importsOf, done, []);
		if (circle !== undefined) found.push(`${circle.join(" → ")}: this is a circle of imports.`);
	}
	return found;
}

/** Returns the first circle on the way from a file. Undefined if there is none that was not found before. */
function circleFrom(
	path: string,
	importsOf: ReadonlyMap<string, readonly string[]>,
	done: Set<string>,
	way: readonly string[],
): string[] | undefined {
	const again = way.indexOf(path);
	if (again !== -1) return [...way.slice(again), path];
	if (done.has(path)) return undefined;
	for (const target of importsOf.get(path) ?? []) {
		const circle = circleFrom(target, importsOf, done, [...way, path]);
		if (circle !== undefined) {
			done.add(path);
			return circle;
		}
	}
	done.add(path);
	return undefined;
}
