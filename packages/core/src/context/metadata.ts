import {
	type MetadataValue,
	type MutableMetadata,
	metadataBrand,
	type ReadonlyMetadata,
} from "../errors/readonly-metadata.ts";
import { ServiceError } from "../errors/service-error.ts";

/** The argument of `new Metadata()` and `withMetadata()`: one value or several for each name. */
export type MetadataInit = Record<string, MetadataValue | readonly MetadataValue[]>;

/** The most that the names and values of one set of metadata may take, in bytes. */
export const maxMetadataBytes: number = 8 * 1024;

/** The bytes of an entry on the wire in addition to its name and value. */
const entryOverheadBytes = 3;

const maxNameLength = 128;

/** The characters that a name may consist of. */
export const namePattern: RegExp = /^[a-z0-9._-]+$/;
// Printable ASCII without leading or trailing blanks, since every transport carries that unchanged.
const valuePattern = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/**
 * Names and values that travel with a call. Names are `[a-z0-9._-]+`, at most 128, and repeatable; values are printable
 * ASCII, or bytes where the name ends in `-bin`; 8 KiB in all. Setting an entry that breaks these rules throws
 * `invalid_argument`.
 */
export class Metadata implements MutableMetadata {
	static {
		Object.defineProperty(Metadata.prototype, metadataBrand, { value: true });
	}

	#entries: [string, MetadataValue][] = [];
	#bytes = 0;

	constructor(init?: MetadataInit | Iterable<readonly [string, MetadataValue]>) {
		if (init === undefined) return;
		if (#entries in init) {
			this.#entries = [...init.#entries];
			this.#bytes = init.#bytes;
			return;
		}
		const entries = Symbol.iterator in init ? (init as Iterable<[string, MetadataValue]>) : flatten(init);
		for (const [name, value] of entries) this.append(name, value);
	}

	/** The number of values. */
	get size(): number {
		return this.#entries.length;
	}

	/** The size of all names and values in bytes, with 3 more for each entry. */
	get bytes(): number {
		return this.#bytes;
	}

	/** The first text value of a name. */
	get(name: string): string | undefined {
		for (const [key, value] of this.#entries) if (key === name && typeof value === "string") return value;
		return undefined;
	}

	/** The first value of a `-bin` name. */
	getBytes(name: string): Uint8Array | undefined {
		for (const [key, value] of this.#entries) if (key === name && typeof value !== "string") return value;
		return undefined;
	}

	/** All values of a name, in order. */
	getAll(name: string): MetadataValue[] {
		return this.#entries.filter(([key]) => key === name).map(([, value]) => value);
	}

	has(name: string): boolean {
		return this.#entries.some(([key]) => key === name);
	}

	/** Adds a value to those that the name already has. */
	append(name: string, value: MetadataValue): this {
		check(name, value);
		return this["~add"](name, value);
	}

	/** @internal As `append`, for callers that have checked the characters. */
	"~add"(name: string, value: MetadataValue): this {
		if (name.length > maxNameLength) throw wrongName(name);
		const bytes = entryBytes(name, value);
		if (this.#bytes + bytes > maxMetadataBytes) {
			throw refusal(`metadata takes more than ${maxMetadataBytes} bytes`);
		}
		this.#bytes += bytes;
		this.#entries.push([name, value]);
		return this;
	}

	/** @internal A copy with the wanted names. The values were checked before. */
	"~select"(wanted: (name: string) => boolean): Metadata {
		const selected = new Metadata();
		for (const entry of this.#entries) {
			const [name, value] = entry;
			if (!wanted(name)) continue;
			selected.#entries.push(entry);
			selected.#bytes += entryBytes(name, value);
		}
		return selected;
	}

	/** Replaces all values of a name by one. */
	set(name: string, value: MetadataValue): this {
		if (this.has(name)) this.delete(name);
		return this.append(name, value);
	}

	delete(name: string): void {
		for (const [key, value] of this.#entries) if (key === name) this.#bytes -= entryBytes(key, value);
		this.#entries = this.#entries.filter(([key]) => key !== name);
	}

	[Symbol.iterator](): Iterator<[string, MetadataValue]> {
		return this.#entries[Symbol.iterator]();
	}
}

/** The shared empty set. */
export const noMetadata: ReadonlyMetadata = new Metadata();

function* flatten(init: MetadataInit): Iterable<[string, MetadataValue]> {
	for (const [name, values] of Object.entries(init)) {
		if (typeof values === "string" || values instanceof Uint8Array) yield [name, values];
		else for (const value of values) yield [name, value];
	}
}

function entryBytes(name: string, value: MetadataValue): number {
	return name.length + value.length + entryOverheadBytes;
}

function check(name: string, value: MetadataValue): void {
	if (!namePattern.test(name)) throw wrongName(name);
	if (name.endsWith("-bin")) {
		if (typeof value === "string") throw refusal(`metadata ${name} takes bytes, as its name ends in -bin`);
	} else if (typeof value !== "string" || !valuePattern.test(value)) {
		throw refusal(`metadata ${name} takes printable ASCII text; bytes go under a name that ends in -bin`);
	}
}

function wrongName(name: string): ServiceError {
	return refusal(
		`metadata name ${JSON.stringify(name)} may have only a-z, 0-9, ".", "_" and "-", ${maxNameLength} in all`,
	);
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", reason: "invalid_metadata", message });
}
