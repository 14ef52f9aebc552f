import type { Service } from "allium";
import { type Merchant, Merchants } from "./contract.ts";

/** Recognises merchants by the beginning of the terminal's text: `COFFEE AND CO LONDON` is Coffee & Co. */
export function merchants(directory: Readonly<Record<string, Merchant>>): Service<typeof Merchants> {
	const entries = Object.entries(directory);
	return {
		async find({ name }) {
			const words = `${name.trim().toUpperCase().replace(/\s+/g, " ")} `;
			const entry = entries.find(([beginning]) => words.startsWith(`${beginning} `));
			if (entry === undefined) throw Merchants.find.error.unknown_merchant();
			return entry[1];
		},
	};
}
