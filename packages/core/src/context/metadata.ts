import { ServiceError } from "../errors/service-error.ts";

/** A value of metadata: text, or bytes under a name that ends in `-bin`. */
export type MetadataValue = string | Uint8Array;

/** What `new Metadata()` and `withMetadata()` take: one value or several for each name. */
export type MetadataInit = Record<string, MetadataValue | readonly MetadataValue[]>;

/** The most that the names and values of one set of metadata may take, in bytes. */
export const maxMetadataBytes: number = 8 * 1024;

/** What an entry takes on the wire beside its name and value. */
const entryOverheadBytes = 3;

const namePattern = /^[a-z0-9._-]{1,128}$/;
// Printable ASCII without leading or trailing blanks: what every transport carries unchanged.
const valuePattern = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/**
 * Names and values that travel beside a call. Names are `[a-z0-9._-]+`, at most 128, and repeatable; values are printable
 * ASCII, or bytes where the name ends in `-bin`; 8 KiB in all. What does not fit is refused with
 * `invalid_argument`, when it is set.
 */
export class Metadata implements Iterable<[name: string, value: MetadataValue]> {
	#entries: [string, MetadataValue][] = [];
	#bytes = 0;

	constructor(init?: MetadataInit | Iterable<readonly [string, MetadataValue]>) {
		if (init === undefined) return;
		const entries = Symbol.iterator in init ? (init as Iterable<[string, MetadataValue]>) : flatten(init);
		for (const [name, value] of entries) this.append(name, value);
	}

	/** How many values there are. */
	get size(): number {
		return this.#entries.length;
	}

	/** What names and values take together, in bytes, with 3 more for each entry. */
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

	/** Adds a value beside those that the name already has. */
	append(name: string, value: MetadataValue): this {
		check(name, value);
		const bytes = entryBytes(name, value);
		if (this.#bytes + bytes > maxMetadataBytes) {
			throw refusal(`metadata takes more than ${maxMetadataBytes} bytes`);
		}
		this.#bytes += bytes;
		this.#entries.push([name, value]);
		return this;
	}

	/** Replaces all values of a name by one. */
	set(name: string, value: MetadataValue): this {
		this.delete(name);
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

/** Metadata that can be read but not changed. */
export type ReadonlyMetadata = Omit<Metadata, "append" | "set" | "delete">;

/** The empty set, shared by all who have nothing to say. */
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
	if (!namePattern.test(name)) {
		throw refusal(
			`metadata name ${JSON.stringify(name)} may have only a-z, 0-9, ".", "_" and "-", 128 in all`,
		);
	}
	if (name.endsWith("-bin")) {
		if (typeof value === "string") throw refusal(`metadata ${name} takes bytes, as its name ends in -bin`);
	} else if (typeof value !== "string" || !valuePattern.test(value)) {
		throw refusal(`metadata ${name} takes printable ASCII text; bytes go under a name that ends in -bin`);
	}
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", reason: "invalid_metadata", message });
}
