import type { MemberReport } from "../group-state.ts";

/** A member that was silent for so many times to live is removed. It joins again when it was only suspended. */
const forgottenAfter = 10;

interface Seen {
	readonly renewal: string;
	readonly since: number;
}

/**
 * Tells which members are silent: they were not renewed for a time to live, by the clock of this process since it saw
 * the renewal first, or by the server's own clock. Clocks of machines are never compared.
 */
export class MemberWatch {
	readonly #ttlMs: number;
	#seen = new Map<string, Seen>();

	constructor(ttlMs: number) {
		this.#ttlMs = ttlMs;
	}

	/** Takes a look at all members of the group. Returns those that are not silent. */
	live(members: readonly MemberReport[]): MemberReport[] {
		const now = performance.now();
		const seen = new Map<string, Seen>();
		const live = members.filter((member) => {
			const before = this.#seen.get(member.id);
			const since = before?.renewal === member.renewal ? before.since : now;
			seen.set(member.id, { renewal: member.renewal, since });
			return (member.silentMs ?? now - since) < this.#ttlMs;
		});
		this.#seen = seen;
		return live;
	}

	/** Those that were silent for so long, at the last look, that they are not expected back. */
	longSilent(members: readonly MemberReport[]): MemberReport[] {
		const now = performance.now();
		return members.filter(({ id, renewal, silentMs }) => {
			const seen = this.#seen.get(id);
			if (seen === undefined || seen.renewal !== renewal) return false;
			return (silentMs ?? now - seen.since) >= forgottenAfter * this.#ttlMs;
		});
	}
}
