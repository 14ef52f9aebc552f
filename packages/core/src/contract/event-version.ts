/** Whether a value is a version of an event: 1, 2, 3 and so on. */
export function isEventVersion(value: unknown): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

/** The versions before `V`, the earliest first: `[1, 2]` for 3. `number[]` where the compiler cannot tell them. */
export type EarlierVersions<V extends number, Found extends readonly number[] = []> = number extends V
	? readonly number[]
	: Next<Found> extends V
		? Found
		: Next<Found> extends Most
			? readonly number[]
			: EarlierVersions<V, [...Found, Next<Found>]>;

type Next<Found extends readonly number[]> = [...Found, 0]["length"];

/** A number that is no version, such as 1.5, would never be found. */
type Most = 100;
