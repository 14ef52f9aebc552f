/** The digits of a time in milliseconds at the beginning of a UUID. */
const timeDigits = 12;

/** A UUID of version 7 or 8 in lower case: one that begins with a time. */
const timedUuid = /^([0-9a-f]{8})-([0-9a-f]{4})-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A new UUID of version 7: the time, then 74 random bits. */
export function uuidv7(): string {
	const time = Date.now().toString(16).padStart(timeDigits, "0");
	// Bits from the platform's generator of version 4: the simulator can then repeat them.
	return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

/**
 * A UUID of version 8, which is made of a hash. Where another UUID of version 7 or 8 is given, it begins with the time
 * of that one, so that indexes by id grow at their end; 74 bits of the hash follow. Otherwise it has 122 bits of it.
 *
 * See RFC 9562, sections 5.7 and 5.8.
 *
 * @param digits the hash, as at least 32 hexadecimal digits.
 */
export function uuidv8(digits: string, after = ""): string {
	const [, high = digits.slice(20, 28), low = digits.slice(28, 32)] = timedUuid.exec(after) ?? [];
	const variant = "89ab"[Number.parseInt(digits.slice(18, 19), 16) % 4];
	return `${high}-${low}-8${digits.slice(0, 3)}-${variant}${digits.slice(3, 6)}-${digits.slice(6, 18)}`;
}
