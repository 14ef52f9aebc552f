import { statSync } from "node:fs";

/** The identity of the file that a path names now; undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
	try {
		const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
		return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
	} catch {
		return undefined;
	}
}
