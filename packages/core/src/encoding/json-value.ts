import { type Field, fieldBytes, fieldDouble, fieldText, MessageWriter, readFields } from "./protobuf.ts";

/** How deep a value may nest. Protobuf's own libraries have the same bound. */
const deepest = 100;

/** The field numbers of `google.protobuf.Value`. */
const nullValue = 1;
const numberValue = 2;
const stringValue = 3;
const boolValue = 4;
const structValue = 5;
const listValue = 6;

/**
 * Encodes a JSON value as `google.protobuf.Value`.
 *
 * @throws RangeError when it nests deeper than 100 levels.
 */
export function encodeJsonValue(value: unknown, depth = 0): Uint8Array {
	if (depth > deepest) throw new RangeError("the value nests too deep");
	const writer = new MessageWriter();
	if (typeof value === "number") return writer.double(numberValue, value).finish();
	if (typeof value === "string") return writer.text(stringValue, value).finish();
	if (typeof value === "boolean") return writer.varint(boolValue, value ? 1n : 0n).finish();
	if (typeof value !== "object" || value === null) return writer.varint(nullValue, 0n).finish();
	if (Array.isArray(value)) return writer.bytes(listValue, encodeList(value, depth)).finish();
	return writer.bytes(structValue, encodeStruct(value, depth)).finish();
}

/**
 * Decodes a `google.protobuf.Value`.
 *
 * @throws RangeError when it is malformed, or nests deeper than 100 levels.
 */
export function decodeJsonValue(bytes: Uint8Array, depth = 0): unknown {
	if (depth > deepest) throw new RangeError("the value nests too deep");
	let value: unknown = null;
	// The last field of a `oneof` counts.
	for (const field of readFields(bytes)) value = decodeKind(field, depth, value);
	return value;
}

function decodeKind(field: Field, depth: number, otherwise: unknown): unknown {
	switch (field.number) {
		case nullValue:
			return null;
		case numberValue:
			return fieldDouble(field);
		case stringValue:
			return fieldText(field);
		case boolValue:
			return field.value !== 0n;
		case structValue:
			return decodeStruct(fieldBytes(field), depth);
		case listValue:
			return Array.from(readFields(fieldBytes(field)), (item) =>
				decodeJsonValue(fieldBytes(item), depth + 1),
			);
		default:
			return otherwise;
	}
}

function encodeList(values: readonly unknown[], depth: number): Uint8Array {
	const writer = new MessageWriter();
	for (const value of values) writer.bytes(1, encodeJsonValue(value, depth + 1));
	return writer.finish();
}

function encodeStruct(value: object, depth: number): Uint8Array {
	const writer = new MessageWriter();
	for (const [key, member] of Object.entries(value)) {
		const entry = new MessageWriter().text(1, key).bytes(2, encodeJsonValue(member, depth + 1));
		writer.bytes(1, entry.finish());
	}
	return writer.finish();
}

function decodeStruct(bytes: Uint8Array, depth: number): Record<string, unknown> {
	const entries = Array.from(readFields(bytes), (entry): [string, unknown] => {
		let key = "";
		let value: unknown = null;
		for (const field of readFields(fieldBytes(entry))) {
			if (field.number === 1) key = fieldText(field);
			else if (field.number === 2) value = decodeJsonValue(fieldBytes(field), depth + 1);
		}
		return [key, value];
	});
	// This makes own properties only, whatever the keys are called.
	return Object.fromEntries(entries);
}
