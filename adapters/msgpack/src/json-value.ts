/** Deeper values are refused, before they exhaust the stack. */
const deepest = 500;

/**
 * Converts a value as JSON does: it calls `toJSON`, leaves out properties without a value, and turns numbers that are
 * not finite into null. A value that needs no change is returned as it is.
 *
 * @throws TypeError for values that JSON cannot carry: a bigint, a function or symbol as a whole message, and a circle.
 */
export function toJsonValue(value: unknown, depth = 0): unknown {
	if (typeof value === "object" && value !== null) return objectToJson(value, depth);
	if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
	if (typeof value === "number") return Number.isFinite(value) ? value : null;
	throw new TypeError(`it has no ${typeof value}`);
}

/**
 * Checks that a received value is one that JSON can carry. MessagePack has further types.
 *
 * @throws TypeError for dates, bytes, sets, bigints and the like.
 */
export function checkJsonValue(value: unknown, depth = 0): void {
	if (value === null || typeof value === "string" || typeof value === "boolean") return;
	if (typeof value === "number" && Number.isFinite(value)) return;
	if (typeof value !== "object") throw new TypeError(`it has a ${typeof value}, which JSON does not have`);
	checkDepth(depth);
	if (Array.isArray(value)) for (const item of value) checkJsonValue(item, depth + 1);
	else if (Object.getPrototypeOf(value) !== Object.prototype) {
		throw new TypeError(`it has a ${value.constructor?.name ?? "value"}, which JSON does not have`);
	} else for (const item of Object.values(value)) checkJsonValue(item, depth + 1);
}

function objectToJson(value: object, depth: number): unknown {
	checkDepth(depth);
	if ("toJSON" in value && typeof value.toJSON === "function") return toJsonValue(value.toJSON(), depth + 1);
	if (Array.isArray(value))
		return value.map((item) => (isLeftOut(item) ? null : toJsonValue(item, depth + 1)));
	let plain: Record<string, unknown> | undefined;
	const entries = Object.entries(value);
	for (const [index, [name, item]] of entries.entries()) {
		const kept = isLeftOut(item) ? undefined : toJsonValue(item, depth + 1);
		if (kept === item && kept !== undefined && plain === undefined) continue;
		plain ??= Object.fromEntries(entries.slice(0, index));
		if (kept !== undefined) plain[name] = kept;
	}
	if (plain !== undefined) return plain;
	return Object.getPrototypeOf(value) === Object.prototype ? value : Object.fromEntries(entries);
}

/** Tells whether JSON leaves out a property with this value. */
function isLeftOut(value: unknown): boolean {
	return value === undefined || typeof value === "function" || typeof value === "symbol";
}

function checkDepth(depth: number): void {
	if (depth > deepest) throw new TypeError(`it is nested more than ${deepest} times, or in a circle`);
}
