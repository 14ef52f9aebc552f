import type { MemberReport } from "../group-state.ts";

/** A member that was silent for so many times to live is removed. It joins again when it was only suspended. */
const forgottenAfter = 10;

/** How much a look adds to a silence at most, as a part of the time to live: so often is looked while the state answers. */
const mostOfLook = 1 / 4;

/** After so many times to live without a look nothing is known of anybody any more. */
const blindAfter = 2;

interface Seen {
	readonly renewal: string;
	/** In milliseconds. */
	readonly silence: number;
}

/**
 * Tells which members are silent: they were not renewed for a time to live, by the clock of this process since it saw
 * the renewal first, or by the server's own clock. Clocks of machines are never compared. A silence counts only as far
 * as this process could have heard something: when the state of groups was away, nobody could renew.
 */
export class MemberWatch {
	readonly #ttlMs: number;
	#seen = new Map<string, Seen>();
	#lookedAt: number | undefined;

	constructor(ttlMs: number) {
		this.#ttlMs = ttlMs;
	}

	/** Looks at all members of the group, and returns the members that are not silent. */
	live(members: readonly MemberReport[]): MemberReport[] {
		const now = performance.now();
		const elapsed = this.#lookedAt === undefined ? undefined : now - this.#lookedAt;
		this.#lookedAt = now;
		this.#seen = new Map(
			members.map((member) => [
				member.id,
				{ renewal: member.renewal, silence: this.#silence(member, elapsed) },
			]),
		);
		return members.filter(({ id }) => (this.#seen.get(id)?.silence ?? 0) < this.#ttlMs);
	}

	/** The members that were silent for so long, at the last look, that they are not expected back. */
	longSilent(members: readonly MemberReport[]): MemberReport[] {
		return members.filter(({ id, renewal }) => {
			const seen = this.#seen.get(id);
			return seen?.renewal === renewal && seen.silence >= forgottenAfter * this.#ttlMs;
		});
	}

	/** @param elapsed since the last look, in milliseconds. */
	#silence({ id, renewal, silentMs }: MemberReport, elapsed: number | undefined): number {
		if (elapsed === undefined) return silentMs ?? 0;
		if (elapsed > blindAfter * this.#ttlMs) return 0;
		const before = this.#seen.get(id);
		const since = before?.renewal === renewal ? before.silence : 0;
		const heard = before?.renewal === renewal ? Number.POSITIVE_INFINITY : 0;
		return Math.min(silentMs ?? heard, since + Math.min(elapsed, mostOfLook * this.#ttlMs));
	}
}
