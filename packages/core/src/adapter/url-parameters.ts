import { invalidUrl } from "./backend-errors.ts";

/**
 * Reads the query of a URL, in which each parameter has one value.
 *
 * @throws ServiceError `invalid_argument` for a name that is not known, or that has no value or several.
 */
export function readParameters(query: string, known: readonly string[]): Readonly<Record<string, string>> {
	const found = new Map<string, string>();
	for (const [name, value] of new URLSearchParams(query)) {
		if (!known.includes(name)) {
			throw invalidUrl(
				`${JSON.stringify(name)} is no parameter of this URL; it takes ${[...known].sort().join(", ")}`,
			);
		}
		if (found.has(name) || value === "") throw invalidUrl(`the parameter ${name} takes one value`);
		found.set(name, value);
	}
	return Object.fromEntries(found);
}
