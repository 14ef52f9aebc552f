import type { Instance } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";

/** The prefix of all keys. A role of etcd can be restricted to it. */
const root = "/allium/";

/** A range of keys in base64, as the JSON of etcd has them. */
export interface KeyRange {
	readonly key: string;
	readonly range_end: string;
}

/**
 * The keys of an instance: `/allium/<namespace>/<contract>/<id>` for each contract, so that the instances of a contract
 * can be watched alone. An instance without contracts has one, with an empty contract.
 */
export function keysOf({ namespace, services, id }: Instance): string[] {
	const contracts = services.length > 0 ? services.map(({ name }) => name) : [""];
	return Array.from(new Set(contracts), (contract) =>
		base64(`${root}${segment(namespace)}/${segment(contract)}/${segment(id)}`),
	);
}

/** The keys that a filter means, and maybe more. */
export function rangeOf({ namespace, service }: RegistryFilter): KeyRange {
	const folder = namespace === undefined ? root : `${root}${segment(namespace)}/`;
	const whole = namespace === undefined || service === undefined ? folder : `${folder}${segment(service)}/`;
	// "0" comes after "/".
	return { key: base64(whole), range_end: base64(`${whole.slice(0, -1)}0`) };
}

/** Whether a key belongs to a range. */
export function isWithin(key: string, { key: first, range_end }: KeyRange): boolean {
	const [text, from, end] = [key, first, range_end].map(fromBase64) as [string, string, string];
	return text >= from && text < end;
}

/** The key that comes directly after another. */
export function keyAfter(key: string): string {
	return Buffer.concat([Buffer.from(key, "base64"), new Uint8Array(1)]).toString("base64");
}

/** Text in base64, of its UTF-8. */
export function base64(text: string): string {
	return Buffer.from(text).toString("base64");
}

/** The text that is in base64. */
export function fromBase64(text: string): string {
	return Buffer.from(text, "base64").toString();
}

function segment(text: string): string {
	return encodeURIComponent(text.toWellFormed());
}
