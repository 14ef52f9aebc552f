import { type Context, delivery, type Handlers, type Service } from "allium";
import type { Apns } from "../apns/contract.ts";
import type { Balance } from "../balance/contract.ts";
import type { FeedGenerator } from "../feed-generator/contract.ts";
import type { Changes } from "./changes.ts";
import type { Entries } from "./entries.ts";

type Movement = { readonly account: string };

export interface PushParts {
	readonly entries: Entries;
	readonly generator: Service<typeof FeedGenerator>;
	readonly apns: Pick<Service<typeof Apns>, "push">;
}

/** Pushes a movement to the phone of the account. It is tried again while the phone cannot be reached. */
export function pushing({ entries, generator, apns }: PushParts): Handlers<typeof Balance> {
	const push = async ({ account }: Movement, ctx: Context): Promise<void> => {
		const event = delivery(ctx);
		const entry = await entries.of(account, event, ctx);
		if (entry === undefined) throw new Error(`the feed of ${account} has no entry of the event ${event.id}`);
		const { items } = await generator.generate({ entries: [entry] }, ctx);
		// A debit and a credit may share the id of a movement; events have different ids.
		for (const { title, body } of items) await apns.push({ id: event.id, account, title, body }, ctx);
	};
	return { debited: push, credited: push };
}

/** Wakes the followers of an account, once the view has the event. */
export function waking(entries: Entries, changes: Changes): Handlers<typeof Balance> {
	const wake = async ({ account }: Movement, ctx: Context): Promise<void> => {
		await entries.of(account, delivery(ctx), ctx);
		changes.tell(account);
	};
	return { debited: wake, credited: wake };
}
