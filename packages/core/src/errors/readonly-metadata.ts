/** A value of metadata: text, or bytes under a name that ends in `-bin`. */
export type MetadataValue = string | Uint8Array;

/** `Metadata` is recognized by this property, so that the copies of two packages know each other's. */
export const metadataBrand: unique symbol = Symbol.for("allium.Metadata");

/** Metadata that can be read but not changed: what arrived with a call, or with an error. */
export interface ReadonlyMetadata extends Iterable<[name: string, value: MetadataValue]> {
	/** The number of values. */
	readonly size: number;
	/** The size of all names and values together, in bytes, with 3 more for each entry. */
	readonly bytes: number;
	/** The first text value of a name. */
	get(name: string): string | undefined;
	/** The first value of a `-bin` name. */
	getBytes(name: string): Uint8Array | undefined;
	/** All values of a name, in order. */
	getAll(name: string): MetadataValue[];
	has(name: string): boolean;
	/** @internal A copy with the wanted names, which may be changed. */
	"~select"(wanted: (name: string) => boolean): MutableMetadata;
}

/** Metadata that can be changed. */
export interface MutableMetadata extends ReadonlyMetadata {
	/** Adds a value to those that the name already has. */
	append(name: string, value: MetadataValue): this;
	/** Replaces all values of a name by one. */
	set(name: string, value: MetadataValue): this;
	delete(name: string): void;
	/** @internal As `append`, for a name and a value whose characters were checked before. */
	"~add"(name: string, value: MetadataValue): this;
}

/** Whether a value is `Metadata`, from any copy of the package. */
export function isMetadata(value: unknown): value is ReadonlyMetadata {
	return typeof value === "object" && value !== null && metadataBrand in value;
}
