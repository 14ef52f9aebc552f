import { invalidConfiguration } from "./invalid-configuration.ts";

/** Backends that a platform bound to the application. */
export interface Bindings {
	/** Of the service instance named `allium`: for every port. */
	readonly url?: string;
	/** Of the service instance named `allium-registry`. */
	readonly registry?: string;
}

interface Binding {
	readonly name?: unknown;
	readonly credentials?: { readonly uri?: unknown; readonly url?: unknown };
}

/**
 * Reads Cloud Foundry's `VCAP_SERVICES`: the `uri` or `url` in the credentials of the service instances named
 * `allium` and `allium-registry`.
 *
 * @see https://docs.cloudfoundry.org/devguide/deploy-apps/environment-variable.html
 */
export function bindings(vcapServices: string | undefined): Bindings {
	if (vcapServices === undefined || vcapServices === "") return {};
	const found = Object.values(parse(vcapServices)).flat();
	const url = urlOf(found, "allium");
	const registry = urlOf(found, "allium-registry");
	return { ...(url !== undefined && { url }), ...(registry !== undefined && { registry }) };
}

function urlOf(found: readonly Binding[], name: string): string | undefined {
	const credentials = found.find((binding) => binding.name === name)?.credentials;
	const url = credentials?.uri ?? credentials?.url;
	return typeof url === "string" ? url : undefined;
}

function parse(text: string): Record<string, Binding[]> {
	try {
		const parsed: unknown = JSON.parse(text);
		if (isServices(parsed)) return parsed;
	} catch {
		// Said below, as for JSON that is no object.
	}
	throw invalidConfiguration(
		"VCAP_SERVICES is not a JSON object of lists; the platform sets it, so look at what changed it",
	);
}

function isServices(value: unknown): value is Record<string, Binding[]> {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
	return Object.values(value).every(
		(list) => Array.isArray(list) && list.every((item) => typeof item === "object" && item !== null),
	);
}
