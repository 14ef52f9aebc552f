import type { InstanceRecord, RegistryFilter } from "@allium/core/registry";
import type { ListedService } from "./listed-service.ts";
import { ownTag } from "./service-definition.ts";
import { consulItself, mayBeOf, serviceName } from "./service-name.ts";

/** Lists the names of all services, with their tags. */
export const servicesPath = "/v1/catalog/services";

/** Lists the instances of one service, with their health. */
export function servicePath(name: string): string {
	return `/v1/health/service/${encodeURIComponent(name)}`;
}

/**
 * The services of Consul that a filter means, where it names them: that of the contract in the namespace, and where
 * the process looks into its own, the one of just this name, whose instances may be foreign. Undefined where only the
 * catalog tells.
 */
export function fixedNames({ namespace, service }: RegistryFilter, own: string): string[] | undefined {
	if (namespace === undefined || service === undefined) return undefined;
	const names = new Set([serviceName(namespace, service), ...(namespace === own ? [service] : [])]);
	names.delete(consulItself);
	return [...names];
}

/**
 * The services that a filter means, among all that there are.
 *
 * @param body the answer for {@link servicesPath}: tags by name.
 * @param own the namespace of the process.
 */
export function namesIn(body: unknown, { namespace, service }: RegistryFilter, own: string): Set<string> {
	const names = new Set<string>();
	if (typeof body !== "object" || body === null) return names;
	const seesForeign = namespace === undefined || namespace === own;
	for (const [name, tags] of Object.entries(body)) {
		if (name === consulItself) continue;
		const isForeign = !(Array.isArray(tags) && tags.includes(ownTag));
		const isMeant = isForeign
			? seesForeign && (service === undefined || name === service)
			: mayBeOf(name, namespace, service);
		if (isMeant) names.add(name);
	}
	return names;
}

/** The union of several lists of the catalog. */
export interface MergedServices {
	/** The instances that are up. */
	readonly up: readonly InstanceRecord[];
	/** The keys of the instances that are listed and not up. */
	readonly down: ReadonlySet<string>;
	/** All records, by their texts. */
	readonly known: ReadonlyMap<string, InstanceRecord>;
}

/** Puts the services of an instance together. The one that changed last has the latest record of it. */
export function merged(lists: readonly (readonly ListedService[])[]): MergedServices {
	const latest = new Map<string, ListedService>();
	const known = new Map<string, InstanceRecord>();
	for (const listed of lists.flat()) {
		const { key, text } = listed.record;
		known.set(text, listed.record);
		const other = latest.get(key);
		if (other === undefined || isBetter(listed, other)) latest.set(key, listed);
	}
	const up: InstanceRecord[] = [];
	const down = new Set<string>();
	for (const [key, { record, isUp }] of latest) {
		if (isUp) up.push(record);
		else down.add(key);
	}
	return { up, down, known };
}

function isBetter(one: ListedService, other: ListedService): boolean {
	return one.isUp === other.isUp ? one.index > other.index : one.isUp;
}
