import { type Fields, fields } from "@allium/backend";
import type { Instance } from "@allium/core";
import { type InstanceRecord, instanceRecord, parseInstanceRecord } from "@allium/core/registry";
import { recordName, vipNames } from "./eureka-definition.ts";

/** An instance that Eureka lists. */
export interface ListedInstance {
	/** The status that Eureka has: `UP`, for example. */
	readonly status: string;
	/** How long its lease lasts, in milliseconds. 0 if Eureka does not say. */
	readonly durationMs: number;
	/** The text from which the record was made, without the fields that change with each renewal. */
	readonly source: string;
	/** Undefined if the listed instance is malformed. */
	readonly record: InstanceRecord | undefined;
}

/**
 * Reads an instance that Eureka lists: one of ours by the record in its metadata, any other as a foreign one.
 *
 * @param namespace the namespace of foreign instances, which do not name one.
 * @param before the earlier reading of the instance, which is reused if nothing has changed, as for most instances.
 */
export function listedInstance(
	given: Fields,
	namespace: string,
	before: ListedInstance | undefined,
): ListedInstance {
	const status = typeof given.status === "string" ? given.status : "UNKNOWN";
	const { durationInSecs } = fields(given.leaseInfo);
	// Older servers write numbers as texts.
	const seconds = Number(durationInSecs);
	const durationMs = seconds > 0 ? seconds * 1_000 : 0;
	const text = fields(given.metadata)[recordName];
	const source = typeof text === "string" ? text : JSON.stringify({ ...given, ...changing });
	if (before?.source === source && before.status === status) return { ...before, durationMs };
	const record = typeof text === "string" ? ownRecord(text, status) : foreignRecord(given, status, namespace);
	return { status, durationMs, source, record };
}

/** The fields that change without saying anything about the instance. `undefined` leaves them out of JSON. */
const changing = {
	leaseInfo: undefined,
	lastUpdatedTimestamp: undefined,
	lastDirtyTimestamp: undefined,
	actionType: undefined,
};

/** An instance reports its own status, but an operator of Eureka may have taken it out of service nevertheless. */
function ownRecord(text: string, status: string): InstanceRecord | undefined {
	const record = parseInstanceRecord(text);
	if (record === undefined || record.instance.status !== "up" || status === "UP") return record;
	return checkedRecord({ ...record.instance, status: statusOf(status) });
}

/**
 * The record of an instance that is not ours: its virtual addresses are its services, its metadata are labels, and it is
 * called over HTTP, or over HTTPS where its secure port is switched on.
 */
function foreignRecord(given: Fields, status: string, namespace: string): InstanceRecord | undefined {
	const { instanceId, app, hostName, ipAddr, port, securePort } = given;
	if (!isFilled(app)) return undefined;
	const labels = Object.fromEntries(
		Object.entries(fields(given.metadata))
			.filter(([name]) => !name.startsWith("@"))
			.filter(isText),
	);
	const host = isFilled(hostName) ? hostName : ipAddr;
	const names = new Set([...vipNames(given.vipAddress), ...vipNames(given.secureVipAddress)]);
	if (names.size === 0) names.add(app.toLowerCase());
	const zone = labels.zone ?? fields(fields(given.dataCenterInfo).metadata)["availability-zone"];
	return checkedRecord({
		id: `${app}/${isFilled(instanceId) ? instanceId : host}`,
		app,
		namespace,
		addresses: [...addressOf("https", host, securePort), ...addressOf("http", host, port)],
		services: Array.from(names, (name) => ({ name, version: labels.version ?? "", hash: "" })),
		...(isFilled(zone) && { zone }),
		labels,
		weight: 1,
		status: statusOf(status),
		startedAt: "",
		foreign: true,
	});
}

function statusOf(status: string): Instance["status"] {
	if (status === "UP") return "up";
	return status === "OUT_OF_SERVICE" ? "draining" : "unhealthy";
}

/** Undefined for a record that is larger than any may be. */
function checkedRecord(instance: Instance): InstanceRecord | undefined {
	try {
		return instanceRecord(instance);
	} catch {
		return undefined;
	}
}

/** Some clients write the port into the name of the host as well. */
function addressOf(scheme: "http" | "https", host: unknown, given: unknown): string[] {
	const { $: port, "@enabled": enabled } = fields(given);
	const number = Number(port);
	if (!isFilled(host) || !(number > 0) || String(enabled) !== "true") return [];
	const name = /^[^:[\]]+(?=:\d+$)/.exec(host)?.[0] ?? host.replace(/^\[|\]$/g, "");
	const address = `${scheme}://${name.includes(":") ? `[${name}]` : name}:${number}`;
	return URL.canParse(address) ? [address] : [];
}

function isText(entry: [string, unknown]): entry is [string, string] {
	return typeof entry[1] === "string";
}

function isFilled(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}
