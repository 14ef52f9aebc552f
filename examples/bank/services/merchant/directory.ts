import type { Merchant } from "./contract.ts";

/** Merchants by the words with which the texts of their terminals begin. */
export const directory: Readonly<Record<string, Merchant>> = {
	"COFFEE AND CO": {
		name: "Coffee & Co",
		emoji: "☕",
		category: "eating out",
		logo: "https://logos.example.org/coffee-and-co.png",
	},
	"GREEN GROCER": {
		name: "The Green Grocer",
		emoji: "🥕",
		category: "groceries",
		logo: "https://logos.example.org/green-grocer.png",
	},
	TFL: { name: "Transport for London", emoji: "🚇", category: "transport" },
};
