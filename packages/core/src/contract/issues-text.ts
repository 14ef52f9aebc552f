import type { Issue } from "./schema.ts";

/** The faults of a value on one line: the first three, each behind its place. */
export function issuesText(issues: readonly Issue[]): string {
	const shown = issues.slice(0, 3).map(({ path, message }) => {
		return path.length === 0 ? message : `${path.join(".")}: ${message}`;
	});
	return shown.join("; ") + (issues.length > 3 ? `; and ${issues.length - 3} more` : "");
}
