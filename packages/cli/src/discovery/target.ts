import type { ClientSource, MethodDescription } from "@allium/core";
import type { Dialer } from "@allium/core/transport";
import type { Words } from "../command/command.ts";
import type { DescribedService } from "./described-service.ts";
import { unknownName } from "./unknown-name.ts";

/** The source of a client's instances: the address, the chosen instance, or all instances in the registry. */
export function sourceOf(found: DescribedService, words: Words, dialers: readonly Dialer[]): ClientSource {
	const { directory, instances, urls } = found;
	if (directory === undefined) return { url: urls[0] ?? "" };
	if (!words.has("instance")) return { registry: directory.registry, namespace: directory.namespace };
	const schemes = dialers.map(({ scheme }) => `${scheme}:`);
	const addresses = instances[0]?.addresses ?? [];
	return { url: addresses.find((address) => schemes.some((scheme) => address.startsWith(scheme))) ?? "" };
}

/** Returns the description of a method of a service. */
export function methodOf(found: DescribedService, service: string, name: string): MethodDescription {
	const { methods } = found.description;
	const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
	if (method !== undefined) return method;
	const names = Object.keys(methods);
	throw unknownName(
		`${service} has no method ${JSON.stringify(name)}`,
		name,
		names,
		"It has no methods at all.",
	);
}
