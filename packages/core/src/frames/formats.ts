import type { Format } from "../codec/format.ts";
import { jsonOnly } from "./wire/settings-frame.ts";

/** The largest number of a format that a REQUEST can name. */
const lastFormat = 3;

/** The formats that a side reads as SETTINGS has them: bit n stands for the format n. JSON is always read. */
export function formatsMask(formats: readonly Format[] = []): number {
	return formats.reduce((mask, { number }) => mask | (1 << number), jsonOnly);
}

/**
 * Checks the formats other than JSON.
 *
 * @throws RangeError for a number that frames cannot carry, or that two formats share.
 */
export function checkFormats(formats: readonly Format[]): void {
	const names = new Map([[0, "json"]]);
	for (const { name, number } of formats) {
		if (!Number.isInteger(number) || number < 1 || number > lastFormat) {
			throw new RangeError(`the format ${name} has the number ${number}; frames carry 1 to ${lastFormat}`);
		}
		const other = names.get(number);
		if (other !== undefined)
			throw new RangeError(`the formats ${other} and ${name} share the number ${number}`);
		names.set(number, name);
	}
}
