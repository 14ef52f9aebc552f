import type { Context } from "@allium/core";
import type { MemberReport } from "@allium/core/event";
import type { NamespaceKeys } from "./group-keys.ts";
import type { JoinedMember } from "./group-record.ts";
import type { GroupStorage } from "./group-storage.ts";
import { KeyFeed } from "./key-feed.ts";

/** A member that has not renewed itself for so long is forgotten by the server, where it can do so: in seconds. */
const forgottenSeconds = 3_600;

/** The renewals of all members of a namespace: a key for each, whose revision changes with every renewal. */
export class MemberRenewals {
	readonly #storage: GroupStorage;
	readonly #keys: NamespaceKeys;
	readonly #feed: KeyFeed;

	constructor(storage: GroupStorage, keys: NamespaceKeys) {
		this.#storage = storage;
		this.#keys = keys;
		this.#feed = new KeyFeed(storage, [keys.members]);
	}

	async renew(member: string, ctx: Context): Promise<void> {
		await this.#storage.write(this.#keys.member(member), "", ctx, forgottenSeconds);
	}

	/** Forgets a member. */
	async remove(member: string, ctx: Context): Promise<void> {
		await this.#storage.remove(this.#keys.member(member), ctx);
	}

	/** Members with their latest renewals. */
	async reports(members: readonly JoinedMember[], ctx: Context): Promise<readonly MemberReport[]> {
		const entries = await this.#feed.entries(ctx);
		return members.map((member) => {
			const revision = entries.get(this.#keys.member(member.id))?.revision;
			return { ...member, renewal: String(revision ?? "none") };
		});
	}

	close(): void {
		this.#feed.close();
	}
}
