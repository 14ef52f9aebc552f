import { unreadable } from "./unreadable.ts";

/** The statuses of Eureka. */
export const statuses = ["UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN"] as const;
export type Status = (typeof statuses)[number];

/** The optional texts that are passed on unchanged, in the order in which Eureka writes them. */
const textFields = [
	"ipAddr",
	"sid",
	"homePageUrl",
	"statusPageUrl",
	"healthCheckUrl",
	"secureHealthCheckUrl",
	"vipAddress",
	"secureVipAddress",
	"appGroupName",
	"asgName",
] as const;

/** How long a lease lasts by default, and how often it is renewed, in seconds, as in Netflix's server. */
const defaultDurationSecs = 90;
const defaultRenewalSecs = 30;
/** The longest lease, in seconds. */
const longestSecs = 3_600;

/** A port, which its instance may have switched off. */
export interface EurekaPort {
	readonly number: number;
	readonly isEnabled: boolean;
}

/** The data with which an instance registers. */
export interface EurekaInstance {
	/** Unique among the instances of its app. */
	readonly id: string;
	/** In upper case. */
	readonly app: string;
	readonly hostName: string;
	readonly texts: Readonly<Partial<Record<(typeof textFields)[number], string>>>;
	readonly status: Status;
	/** The status that an operator has set to replace the instance's own. `UNKNOWN` if none is set. */
	readonly override: Status;
	readonly port: EurekaPort;
	readonly securePort: EurekaPort;
	readonly countryId: number;
	readonly dataCenter: {
		readonly name: string;
		readonly type: string;
		readonly metadata: Readonly<Record<string, string>>;
	};
	readonly renewalSecs: number;
	readonly durationSecs: number;
	readonly metadata: Readonly<Record<string, string>>;
	readonly isCoordinatingDiscoveryServer: boolean;
	/**
	 * When the instance last changed by its own clock, in milliseconds since 1970. It is compared only with other times
	 * of the same instance.
	 */
	readonly lastDirtyTimestamp: number;
}

/**
 * Reads an instance as clients send it, in the form of JSON.
 *
 * @param app the app in the path of the request.
 * @throws ServiceError `invalid_argument` in the words of Eureka if a required field is missing.
 */
export function readInstance(value: unknown, app: string): EurekaInstance {
	const given = objectOf(value);
	const dataCenter = readDataCenter(objectOf(given.dataCenterInfo));
	const hostName = textOf(given.hostName);
	const isOfAmazon = dataCenter.name === "Amazon";
	const id = textOf(given.instanceId) || (isOfAmazon && dataCenter.metadata["instance-id"]) || hostName;
	if (id === "") throw unreadable("Missing instanceId");
	if (hostName === "") throw unreadable("Missing hostname");
	const name = textOf(given.app).toUpperCase();
	if (name === "") throw unreadable("Missing appName");
	if (name !== app) throw unreadable(`Mismatched appName, expecting ${app} but was ${name}`);
	const lease = objectOf(given.leaseInfo);
	return {
		id,
		app: name,
		hostName,
		texts: readTexts(given),
		status: given.status === undefined ? "UP" : readStatus(given.status),
		override: "UNKNOWN",
		port: readPort(given.port, { number: 7001, isEnabled: true }),
		securePort: readPort(given.securePort, { number: 7002, isEnabled: false }),
		countryId: numberOf(given.countryId, 1),
		dataCenter,
		renewalSecs: seconds(lease.renewalIntervalInSecs, defaultRenewalSecs),
		durationSecs: seconds(lease.durationInSecs, defaultDurationSecs),
		metadata: readTextMap(given.metadata),
		isCoordinatingDiscoveryServer: textOf(given.isCoordinatingDiscoveryServer) === "true",
		lastDirtyTimestamp: numberOf(given.lastDirtyTimestamp, Date.now()),
	};
}

/** The status of a text. `UNKNOWN` for one that Eureka does not have. */
export function readStatus(value: unknown): Status {
	return statuses.find((status) => status === value) ?? "UNKNOWN";
}

/**
 * The status that others see. An instance that is down or starting stays so whatever an operator has set: the override
 * is for instances that can be called.
 */
export function shownStatus({ status, override }: EurekaInstance): Status {
	return override === "UNKNOWN" || status === "DOWN" || status === "STARTING" ? status : override;
}

/** The times of an instance by the server's clock, in milliseconds since 1970. */
export interface InstanceTimes {
	readonly registeredAt: number;
	readonly renewedAt: number;
	readonly updatedAt: number;
	/** 0 if it was never up. */
	readonly upAt: number;
}

/** The last action on an instance. */
export type Action = "ADDED" | "MODIFIED" | "DELETED";

/** The instance in Eureka's form of JSON. */
export function instanceFields(instance: EurekaInstance, times: InstanceTimes, action: Action): object {
	const { texts, dataCenter, metadata } = instance;
	const isEmpty = Object.keys(metadata).length === 0;
	const { ipAddr = "", ...others } = texts;
	return {
		instanceId: instance.id,
		hostName: instance.hostName,
		app: instance.app,
		ipAddr,
		status: shownStatus(instance),
		overriddenStatus: instance.override,
		port: portFields(instance.port),
		securePort: portFields(instance.securePort),
		countryId: instance.countryId,
		dataCenterInfo: {
			"@class": dataCenter.type,
			name: dataCenter.name,
			...(Object.keys(dataCenter.metadata).length > 0 && { metadata: dataCenter.metadata }),
		},
		leaseInfo: {
			renewalIntervalInSecs: instance.renewalSecs,
			durationInSecs: instance.durationSecs,
			registrationTimestamp: times.registeredAt,
			lastRenewalTimestamp: times.renewedAt,
			evictionTimestamp: 0,
			serviceUpTimestamp: times.upAt,
		},
		metadata: isEmpty ? { "@class": "java.util.Collections$EmptyMap" } : metadata,
		...others,
		isCoordinatingDiscoveryServer: String(instance.isCoordinatingDiscoveryServer),
		lastUpdatedTimestamp: String(times.updatedAt),
		lastDirtyTimestamp: String(instance.lastDirtyTimestamp),
		actionType: action,
	};
}

function portFields({ number, isEnabled }: EurekaPort): object {
	return { $: number, "@enabled": String(isEnabled) };
}

function readTexts(given: Readonly<Record<string, unknown>>): EurekaInstance["texts"] {
	const texts = textFields.map((field) => [field, textOf(given[field])] as const);
	return Object.fromEntries(texts.filter(([, text]) => text !== ""));
}

/** A plain number, as fargo writes it, is a port that is switched on unless it is 0. */
function readPort(value: unknown, standard: EurekaPort): EurekaPort {
	if (value === undefined) return standard;
	const { $ = value, "@enabled": enabled } = objectOf(value);
	const number = numberOf($, -1);
	if (number > 65_535 || number < 0) throw unreadable(`${textOf($) || "what it gives"} is no port`);
	return { number, isEnabled: number > 0 && (enabled === undefined || textOf(enabled) === "true") };
}

function readDataCenter(given: Readonly<Record<string, unknown>>): EurekaInstance["dataCenter"] {
	const name = textOf(given.name) || "MyOwn";
	// The classes that clients in Java know. Other classes that a client names are not passed on to them.
	const type =
		name === "Amazon"
			? "com.netflix.appinfo.AmazonInfo"
			: "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo";
	return { name, type, metadata: readTextMap(given.metadata) };
}

function readTextMap(value: unknown): Record<string, string> {
	const entries = Object.entries(objectOf(value))
		.filter(([key, member]) => !/^[@$]/.test(key) && member !== null && typeof member !== "object")
		.map(([key, member]) => [key, String(member)] as const);
	return Object.fromEntries(entries);
}

/** A client that sets no time sends 0. */
function seconds(value: unknown, standard: number): number {
	const number = Math.floor(numberOf(value, standard));
	return number > 0 ? Math.min(number, longestSecs) : standard;
}

function numberOf(value: unknown, standard: number): number {
	const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
	return typeof number === "number" && Number.isSafeInteger(number) ? number : standard;
}

function textOf(value: unknown): string {
	return ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null ? { ...value } : {};
}
