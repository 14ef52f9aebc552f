import type { Context } from "../../context/context.ts";
import { sleep } from "../../context/sleep.ts";
import { errorText } from "../../errors/error-text.ts";
import { Backoff } from "../../time/backoff.ts";
import type { GroupStore, MemberReport } from "../group-state.ts";
import type { Placed } from "../log.ts";
import { attempt } from "./attempt.ts";
import { surpasses } from "./dealing.ts";
import { KnownEvents } from "./known-events.ts";
import type { Troubles } from "./troubles.ts";

/** Options of {@link NewerMembers}. */
export interface NewerMembersOptions {
	readonly store: GroupStore;
	/** This member. */
	readonly me: string;
	/** The events that it handles. */
	readonly known: KnownEvents;
	/** How long the state of the group may take for an answer. */
	readonly patienceMs: number;
	/** Ends when nothing is handled any more. */
	readonly ctx: Context;
	readonly troubles: Troubles;
	/** Returns the members that are not silent. */
	readonly live: (members: readonly MemberReport[]) => readonly MemberReport[];
}

/** The members of a group that joined after this one, or handle more, and may handle events that it does not know. */
export class NewerMembers {
	readonly #options: NewerMembersOptions;

	constructor(options: NewerMembersOptions) {
		this.#options = options;
	}

	/**
	 * Finds the given events that only a newer member handles, and the id of that member for each. The members are
	 * requested after the events were read, because the publisher may have started at the same time as such a member.
	 * Never rejects.
	 */
	async handlersOf(events: readonly Placed[]): Promise<ReadonlyMap<Placed, string>> {
		const { known } = this.#options;
		const found = new Map<Placed, string>();
		const strange = events.filter(({ event, fault }) => {
			const acquaintance = known.acquaintance(event);
			return fault === undefined && (acquaintance === "newer" || acquaintance === "unknown");
		});
		if (strange.length === 0) return found;
		const members = await this.#all();
		for (const placed of strange) {
			const member = members.find(({ known }) => known.acquaintance(placed.event) === "handled");
			if (member !== undefined) found.set(placed, member.id);
		}
		return found;
	}

	/** Resolves once they are known, or nothing is handled any more. */
	async #all(): Promise<readonly { readonly id: string; readonly known: KnownEvents }[]> {
		const { store, me, patienceMs, ctx, troubles, live } = this.#options;
		const backoff = new Backoff({ firstMs: 50, longestMs: 1_000 });
		while (ctx.error === undefined) {
			try {
				const members = await attempt(patienceMs, ctx, (ctx) => store.members(ctx));
				troubles.clear("members");
				const self = members.find(({ id }) => id === me);
				return live(members)
					.filter((member) => self === undefined || isNewer(member, self))
					.map(({ id, handles }) => ({ id, known: new KnownEvents(handles) }));
			} catch (error) {
				if (ctx.error !== undefined) return [];
				troubles.set("members", `the members of the group are not known: ${errorText(error)}`);
				await sleep(backoff.next(), ctx).catch(() => {});
			}
		}
		return [];
	}
}

/** A process of a newer version joins later, unless an old one starts again during the deploy. */
function isNewer(member: MemberReport, than: MemberReport): boolean {
	return member.joined > than.joined || surpasses(member, than);
}
