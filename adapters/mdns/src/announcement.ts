import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { Instance } from "@allium/core";
import { invalidUrl } from "@allium/core/adapter";
import { type InstanceRecord, parseInstanceRecord } from "@allium/core/registry";
import type { Answer, Packet, TxtAnswer } from "dns-packet";

/** The type of service by which DNS-SD finds Allium: RFC 6763. */
export const serviceType = "_allium._tcp.local";

/** The longest record that fits into a packet, which has at most 9,000 bytes: RFC 6762, section 17. */
const longestRecord = 7_000;
/** The longest string of a TXT record, in bytes. */
const longestString = 255;
/** A longer time to live is not believed, in milliseconds. */
const longestTtlMs = 3_600_000;

const namePattern = /^[A-Za-z0-9_-]{0,32} [0-9a-f]{24}\._allium\._tcp\.local$/;

/** The content of a packet about one instance. */
export interface Announcement {
	/** The name of the record. Each record has its own name, so a name always stands for the same record. */
	readonly name: string;
	/** How long the announcement is valid from now on, in milliseconds. 0 if the instance has left. */
	readonly leftMs: number;
	/** The record, if the packet has it. */
	readonly record: InstanceRecord | undefined;
}

/** The name of a record, for people and unique: `shop 1f0c…`. */
export function nameOf({ text, instance }: InstanceRecord): string {
	const hash = createHash("sha256").update(text).digest("hex").slice(0, 24);
	const app = instance.app.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 32);
	return `${app} ${hash}.${serviceType}`;
}

/** @throws ServiceError `invalid_argument` for a record that does not fit into a packet. */
export function checkLength({ text }: InstanceRecord): void {
	const bytes = Buffer.byteLength(text);
	if (bytes <= longestRecord) return;
	throw invalidUrl(
		`the instance takes ${bytes} bytes, and multicast DNS carries ${longestRecord} at most; shorten its labels, or serve fewer contracts`,
	);
}

/** The answers that keep a name alive. They are small, because they are sent again and again. */
export function heartbeat(name: string, leftMs: number): Answer[] {
	const ttl = Math.ceil(leftMs / 1_000);
	return [
		{ type: "PTR", name: serviceType, ttl, data: name },
		{ type: "TXT", name: leaseName(name), ttl, flush: true, data: [`left=${Math.ceil(leftMs)}`] },
	];
}

/** A heartbeat and the whole record, as others browse it by DNS-SD, too. */
export function announcement(record: InstanceRecord, leftMs: number): Answer[] {
	const { instance, text } = record;
	const name = nameOf(record);
	const ttl = Math.ceil(leftMs / 1_000);
	return [
		...heartbeat(name, leftMs),
		{ type: "SRV", name, ttl, flush: true, data: { target: `${hostname()}.local`, port: portOf(instance) } },
		{ type: "TXT", name, ttl, flush: true, data: described(instance) },
		{ type: "TXT", name: recordName(name), ttl, flush: true, data: strings(text) },
	];
}

/** Tells that an instance has left: RFC 6762, section 10.1. */
export function goodbye(name: string): Answer[] {
	return [{ type: "PTR", name: serviceType, ttl: 0, data: name }];
}

/** The name under which the record of an instance is requested. */
export function recordName(name: string): string {
	return `_record.${name}`;
}

/** Reads the announcements in a packet. Foreign or malformed ones are left out. */
export function announcements({ answers = [], additionals = [] }: Packet): Announcement[] {
	const all = [...answers, ...additionals];
	const texts = new Map(all.filter(isText).map(({ name, data }) => [name, textOf(data)]));
	return all.flatMap((answer) => {
		if (answer.type !== "PTR" || answer.name !== serviceType) return [];
		const { data: name, ttl = 0 } = answer;
		if (!namePattern.test(name)) return [];
		if (ttl === 0) return [{ name, leftMs: 0, record: undefined }];
		const leftMs = Number(/^left=(\d{1,7})$/.exec(texts.get(leaseName(name)) ?? "")?.[1]);
		if (!(leftMs > 0 && leftMs <= longestTtlMs)) return [];
		return [{ name, leftMs, record: recordOf(name, texts.get(recordName(name))) }];
	});
}

/** A record must fit its name, so that nobody changes the record of a name by mistake. */
function recordOf(name: string, text: string | undefined): InstanceRecord | undefined {
	const record = text === undefined ? undefined : parseInstanceRecord(text);
	return record !== undefined && nameOf(record) === name ? record : undefined;
}

function leaseName(name: string): string {
	return `_lease.${name}`;
}

function isText(answer: Answer): answer is TxtAnswer {
	return answer.type === "TXT";
}

function textOf(data: TxtAnswer["data"]): string {
	const parts = (Array.isArray(data) ? data : [data]).map((part) => Buffer.from(part));
	return Buffer.concat(parts).toString();
}

/** The description for people who browse the network. */
function described({ app, namespace, services, addresses }: Instance): string[] {
	return [
		`app=${app}`,
		`namespace=${namespace}`,
		`services=${services.map(({ name }) => name).join(",")}`,
		`addresses=${addresses.join(",")}`,
	].map((text) => Buffer.from(text).subarray(0, longestString).toString());
}

function portOf({ addresses: [address = ""] }: Instance): number {
	return Number(/:(\d{1,5})(?:\/|$)/.exec(address)?.[1] ?? 0);
}

function strings(text: string): Buffer[] {
	const bytes = Buffer.from(text);
	return Array.from({ length: Math.ceil(bytes.length / longestString) }, (_, index) =>
		bytes.subarray(index * longestString, (index + 1) * longestString),
	);
}
