import type { Context } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { refusal } from "@allium/core/adapter";
import type { GroupId, GroupState, GroupStore, GroupSummary } from "@allium/core/event";
import type { NatsConnection } from "../nats-connection.ts";
import { NamespaceKeys } from "./group-keys.ts";
import { groupRecord, withoutMember } from "./group-record.ts";
import { GroupRecords } from "./group-records.ts";
import { GroupStorage, type GroupStorageOptions } from "./group-storage.ts";
import { MemberRenewals } from "./member-renewals.ts";
import { NatsGroup } from "./nats-group.ts";

/** The state of the groups of a namespace, in a bucket of JetStream. */
export class NatsGroupState implements GroupState {
	readonly location: string;
	readonly #share: Share<NatsConnection>;
	readonly #storage: GroupStorage;
	readonly #keys: NamespaceKeys;
	readonly #renewals: MemberRenewals;
	readonly #groups = new Map<string, NatsGroup>();
	#isClosed = false;

	constructor(
		location: string,
		share: Share<NatsConnection>,
		{ namespace, ...options }: GroupStorageOptions & { readonly namespace: string },
	) {
		this.location = location;
		this.#share = share;
		this.#storage = new GroupStorage(share.resource, options);
		this.#keys = new NamespaceKeys(namespace);
		this.#renewals = new MemberRenewals(this.#storage, this.#keys);
	}

	group(id: GroupId): GroupStore {
		const key = JSON.stringify([id.topic, id.group]);
		const known = this.#groups.get(key);
		if (known !== undefined) return known;
		const [storage, keys, renewals] = [this.#storage, this.#keys, this.#renewals];
		const group = new NatsGroup({ id, storage, keys, renewals, check: (ctx) => this.#check(ctx) });
		this.#groups.set(key, group);
		return group;
	}

	async groups(ctx: Context): Promise<readonly GroupSummary[]> {
		this.#check(ctx);
		const entries = await this.#storage.list(this.#keys.groups, ctx);
		return entries
			.map(groupRecord)
			.filter((record) => record !== undefined)
			.map(({ topic, group, createdAt }) => ({ topic, group, createdAt }));
	}

	async renew(member: string, ctx: Context): Promise<void> {
		this.#check(ctx);
		await this.#renewals.renew(member, ctx);
	}

	async resign(member: string, ctx: Context): Promise<void> {
		this.#check(ctx);
		const entries = await this.#storage.list(this.#keys.groups, ctx);
		const joined = entries
			.map(groupRecord)
			.filter((record) => record?.members.some(({ id }) => id === member) === true)
			.filter((record) => record !== undefined);
		await Promise.all(
			joined.map(({ topic, group }) => {
				const id = { topic, group };
				const records = new GroupRecords(id, this.#storage, this.#keys.group(id));
				return records.change((record) => withoutMember(record, member), ctx);
			}),
		);
		await this.#renewals.remove(member, ctx);
	}

	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#renewals.close();
		for (const group of this.#groups.values()) group.close();
		await this.#share.release();
	}

	#check(ctx?: Context): void {
		if (this.#isClosed) throw refusal("the state of groups is closed");
		if (ctx?.error !== undefined) throw ctx.error;
	}
}
