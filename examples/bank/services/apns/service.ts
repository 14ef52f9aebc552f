import type { Service } from "allium";
import type { Apns } from "./contract.ts";
import { Journal } from "./journal.ts";

interface Push {
	readonly id: string;
	readonly account: string;
	readonly title: string;
	readonly body: string;
}

/** Keeps recent notifications for phones that were not connected. */
export function apns(): Service<typeof Apns> {
	const journals = new Map<string, Journal<Push>>();
	const of = (account: string): Journal<Push> => {
		const journal = journals.get(account) ?? new Journal<Push>(100);
		journals.set(account, journal);
		return journal;
	};

	return {
		async push(message) {
			of(message.account).add(message);
		},
		receive: ({ account, after }, ctx) => of(account).follow(after, ctx.signal),
	};
}
