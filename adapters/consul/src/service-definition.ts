import { ServiceError } from "@allium/core";
import type { InstanceRecord } from "@allium/core/registry";
import { serviceId, serviceName } from "./service-name.ts";

/** Consul takes at most 512 bytes in a value of a service's metadata, and at most 64 values. */
const partLength = 512;
const mostParts = 56;

/** The metadata that hold the parts of the record have this name and a number. */
const partName = "allium-";

/** The tag of the services that are registered here. */
export const ownTag = "allium";

/** How long Consul keeps a service whose heartbeat stopped. It takes no less than a minute. */
const removedAfter = "1m";

/** A service as an agent of Consul takes it. */
export interface ServiceDefinition {
	readonly ID: string;
	readonly Name: string;
	readonly Tags: readonly string[];
	readonly Address: string;
	readonly Port: number;
	readonly Meta: Readonly<Record<string, string>>;
	readonly Weights: { readonly Passing: number; readonly Warning: number };
	readonly Check: {
		readonly CheckID: string;
		readonly Name: string;
		readonly TTL: string;
		readonly Status: "passing" | "warning";
		readonly DeregisterCriticalServiceAfter: string;
	};
}

/**
 * The services of an instance in Consul: one for each contract, so that the other users of Consul find each by its
 * name. Each has the whole record in its metadata.
 *
 * @throws ServiceError `invalid_argument` for a record that does not fit.
 */
export function serviceDefinitions(record: InstanceRecord, ttlMs: number): ServiceDefinition[] {
	const { id, app, namespace, addresses, services, zone, weight, status } = record.instance;
	const parts = partsOf(record.text);
	const common = {
		Tags: [ownTag],
		...placeOf(addresses),
		// Consul takes whole numbers above 0.
		Weights: { Passing: Math.min(65_535, Math.max(1, Math.round(weight * 100))), Warning: 1 },
	};
	const contracts = services.length > 0 ? services : [{ name: "", version: "" }];
	return contracts.map(({ name, version }) => {
		const service = serviceName(namespace, name);
		const ID = serviceId(service, id);
		return {
			ID,
			Name: service,
			...common,
			Meta: {
				app: cut(app),
				namespace: cut(namespace),
				...(version !== "" && { version: cut(version) }),
				...(zone !== undefined && { zone: cut(zone) }),
				...parts,
			},
			Check: {
				CheckID: checkId(ID),
				Name: "Heartbeat of the instance",
				TTL: `${ttlMs}ms`,
				Status: status === "up" ? "passing" : "warning",
				DeregisterCriticalServiceAfter: removedAfter,
			},
		};
	});
}

/** The id of the check of a service. */
export function checkId(service: string): string {
	return `service:${service}`;
}

/** The text of the record in the metadata of a service; undefined where there is none. */
export function recordText(meta: Readonly<Record<string, unknown>>): string | undefined {
	let text = "";
	for (let part = 0; part < mostParts; part++) {
		const value = meta[`${partName}${part}`];
		if (typeof value !== "string") break;
		text += value;
	}
	return text === "" ? undefined : text;
}

function partsOf(text: string): Record<string, string> {
	const ascii = toAscii(text);
	const count = Math.ceil(ascii.length / partLength);
	if (count > mostParts) {
		throw new ServiceError({
			code: "invalid_argument",
			message: `Consul takes at most ${mostParts * partLength} bytes about an instance, and this one has ${ascii.length}: shorten its labels`,
		});
	}
	const part = (index: number): string => ascii.slice(index * partLength, (index + 1) * partLength);
	return Object.fromEntries(
		Array.from({ length: count }, (_, index) => [`${partName}${index}`, part(index)]),
	);
}

/** The same JSON in ASCII, so that a character is a byte. */
function toAscii(json: string): string {
	return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A value for people, within the bounds of Consul. */
function cut(text: string): string {
	return toAscii(text).slice(0, partLength);
}

/** The place at which other users of Consul reach an instance: its first address with a host and a port. */
function placeOf(addresses: readonly string[]): { Address: string; Port: number } {
	for (const address of addresses) {
		const url = URL.parse(address);
		if (url === null || url.hostname === "" || url.port === "") continue;
		return { Address: url.hostname.replace(/^\[|\]$/g, ""), Port: Number(url.port) };
	}
	return { Address: "", Port: 0 };
}
