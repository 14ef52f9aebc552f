import { invalidConfiguration } from "./invalid-configuration.ts";

/** The URL in the binding of a service instance with this name; undefined when the platform bound none. */
export type Bindings = (name: string) => string | undefined;

interface Binding {
	readonly name?: unknown;
	readonly credentials?: { readonly uri?: unknown; readonly url?: unknown };
}

/**
 * Reads Cloud Foundry's `VCAP_SERVICES`: the `uri` or `url` in the credentials of service instances.
 *
 * @throws ServiceError `failed_precondition` when it has another form.
 * @see https://docs.cloudfoundry.org/devguide/deploy-apps/environment-variable.html
 */
export function bindings(vcapServices: string | undefined): Bindings {
	if (vcapServices === undefined) return () => undefined;
	const bound = Object.values(parse(vcapServices)).flat();
	return (name) => {
		const credentials = bound.find((binding) => binding.name === name)?.credentials;
		const url = credentials?.uri ?? credentials?.url;
		return typeof url === "string" ? url : undefined;
	};
}

function parse(text: string): Record<string, Binding[]> {
	try {
		const parsed: unknown = JSON.parse(text);
		if (isServices(parsed)) return parsed;
	} catch {
		// The malformed text is refused below, as JSON that is not an object is.
	}
	throw invalidConfiguration(
		"VCAP_SERVICES is not a JSON object of lists; the platform sets it, so find out what changed it",
	);
}

function isServices(value: unknown): value is Record<string, Binding[]> {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
	return Object.values(value).every(
		(list) => Array.isArray(list) && list.every((item) => typeof item === "object" && item !== null),
	);
}
