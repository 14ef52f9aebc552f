import { createHash } from "node:crypto";
import type { InstanceRecord } from "@allium/core/registry";

/** The name of the record in the metadata of an instance. */
export const recordName = "allium";

/** The separator after a namespace. */
const separator = "--";

/** Eureka knows an instance by these two. */
export interface EurekaName {
	/** In upper case. */
	readonly app: string;
	readonly id: string;
}

/** An instance as Eureka takes it. */
export interface EurekaDefinition extends EurekaName {
	/** JSON. */
	readonly body: string;
}

/**
 * The instance in Eureka: an instance of its app, with the names of its contracts as virtual addresses, so that others
 * find it by either. In another namespace than `default`, all of these begin with it, as in `blue--cart`.
 *
 * @param changedAt a number that grows with each change, near the time in milliseconds since 1970: Netflix's server drops
 * a registration that has a smaller one than the last.
 */
export function eurekaDefinition(record: InstanceRecord, ttlMs: number, changedAt: number): EurekaDefinition {
	const { instance, text } = record;
	const { namespace, addresses, services, zone } = instance;
	const { app, id } = eurekaName(instance);
	const place = placeOf(addresses);
	const scheme = place.isSecure ? "https" : "http";
	const own = place.port === 0 ? "" : `${scheme}://${hostText(place.host)}:${place.port}/`;
	const vips = services.map(({ name }) => within(namespace, name)).join(",");
	const fields = {
		instanceId: id,
		hostName: place.host,
		app,
		ipAddr: place.host,
		status: { up: "UP", draining: "OUT_OF_SERVICE", unhealthy: "DOWN" }[instance.status],
		port: { $: place.port, "@enabled": String(!place.isSecure && place.port !== 0) },
		securePort: { $: place.port, "@enabled": String(place.isSecure) },
		countryId: 1,
		dataCenterInfo: {
			"@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo",
			name: "MyOwn",
		},
		leaseInfo: {
			durationInSecs: ttlMs / 1_000,
			renewalIntervalInSecs: Math.max(1, Math.floor(ttlMs / 3_000)),
		},
		metadata: { namespace, ...(zone !== undefined && { zone }), [recordName]: text },
		homePageUrl: own,
		statusPageUrl: own === "" ? "" : `${own}-/describe`,
		healthCheckUrl: own === "" ? "" : `${own}healthz`,
		vipAddress: place.isSecure ? "" : vips,
		secureVipAddress: place.isSecure ? vips : "",
		lastDirtyTimestamp: String(changedAt),
	};
	return { app, id, body: JSON.stringify({ instance: fields }) };
}

/** The names of a virtual address, which may be several with commas between them. */
export function vipNames(address: unknown): string[] {
	if (typeof address !== "string") return [];
	return address
		.split(",")
		.map((name) => name.trim())
		.filter((name) => name !== "");
}

function eurekaName({ namespace, app, id }: InstanceRecord["instance"]): EurekaName {
	return {
		app: within(namespace, plain(app === "" ? recordName : app)).toUpperCase(),
		id: within(namespace, plain(id)),
	};
}

function within(namespace: string, name: string): string {
	return namespace === "default" ? name : `${plain(namespace)}${separator}${name}`;
}

/** The same text where it is harmless in a path and short, else a hash of it. */
function plain(text: string): string {
	if (/^[A-Za-z0-9_.:-]{1,64}$/.test(text) && !/^\.+$/.test(text)) return text;
	return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

interface Place {
	readonly host: string;
	readonly port: number;
	readonly isSecure: boolean;
}

/**
 * The place at which others reach an instance: its first address with a host and a port. Eureka takes no instance
 * without a host.
 */
function placeOf(addresses: readonly string[]): Place {
	for (const address of addresses) {
		const url = URL.parse(address);
		if (url === null || url.hostname === "" || url.port === "") continue;
		const isSecure = url.protocol === "https:" || url.protocol.endsWith("+tls:");
		return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port), isSecure };
	}
	return { host: "unknown", port: 0, isSecure: false };
}

function hostText(host: string): string {
	return host.includes(":") ? `[${host}]` : host;
}
