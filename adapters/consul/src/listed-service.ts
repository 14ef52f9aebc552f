import { type Fields, fields } from "@allium/backend";
import type { Instance } from "@allium/core";
import { type InstanceRecord, instanceRecord, parseInstanceRecord } from "@allium/core/registry";
import { recordText } from "./service-definition.ts";

/** A service that the catalog lists. */
export interface ListedService {
	readonly record: InstanceRecord;
	/** Whether all checks of the service and of its node are better than critical. */
	readonly isUp: boolean;
	/** Grows with each change of the service. */
	readonly index: number;
}

/**
 * Reads the instances that the catalog lists for one service. Malformed ones are left out.
 *
 * @param namespace the namespace of foreign services, which do not name one.
 * @param known the records that were read before, by their texts: most have not changed.
 */
export function listedServices(
	body: unknown,
	namespace: string,
	known: ReadonlyMap<string, InstanceRecord>,
): ListedService[] {
	if (!Array.isArray(body)) return [];
	return body.map((entry) => listedService(entry, namespace, known)).filter((listed) => listed !== undefined);
}

function listedService(
	entry: unknown,
	namespace: string,
	known: ReadonlyMap<string, InstanceRecord>,
): ListedService | undefined {
	const { Node, Service, Checks } = fields(entry);
	const service = fields(Service);
	const checks = Array.isArray(Checks) ? Checks.map((check) => fields(check).Status) : [];
	// A sidecar proxy of Consul's mesh is no service of its own.
	if (typeof service.Kind === "string" && service.Kind !== "") return undefined;
	const text = recordText(fields(service.Meta));
	const record =
		text === undefined
			? foreignRecord(fields(Node), service, checks, namespace)
			: (known.get(text) ?? parseInstanceRecord(text));
	if (record === undefined) return undefined;
	return { record, isUp: !checks.includes("critical"), index: Number(service.ModifyIndex) || 0 };
}

/**
 * The record of a service that is not ours: its metadata are labels, and it is called over HTTP, or over HTTPS where a
 * tag or the metadata `scheme` says so.
 */
function foreignRecord(
	node: Fields,
	service: Fields,
	checks: readonly unknown[],
	namespace: string,
): InstanceRecord | undefined {
	const { ID, Service: name, Address, Port, Tags } = service;
	if (typeof ID !== "string" || typeof name !== "string" || name === "") return undefined;
	const labels = Object.fromEntries(Object.entries(fields(service.Meta)).filter(isText));
	const host = isFilled(Address) ? Address : node.Address;
	const isSecure = labels.scheme === "https" || (Array.isArray(Tags) && Tags.includes("https"));
	const instance: Instance = {
		id: `${node.Node}/${ID}`,
		app: name,
		namespace,
		addresses: addressesOf(host, Port, isSecure),
		services: [{ name, version: labels.version ?? "", hash: "" }],
		labels,
		weight: weightOf(service.Weights),
		status: checks.includes("warning") ? "unhealthy" : "up",
		startedAt: "",
		foreign: true,
	};
	try {
		return instanceRecord(instance);
	} catch {
		// It is larger than any record may be.
		return undefined;
	}
}

function addressesOf(host: unknown, port: unknown, isSecure: boolean): string[] {
	if (!isFilled(host) || typeof port !== "number" || port === 0) return [];
	const address = `${isSecure ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
	return URL.canParse(address) ? [address] : [];
}

function weightOf(weights: unknown): number {
	const { Passing } = fields(weights);
	return typeof Passing === "number" && Passing > 0 ? Passing : 1;
}

function isText(entry: [string, unknown]): entry is [string, string] {
	return typeof entry[1] === "string";
}

function isFilled(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}
