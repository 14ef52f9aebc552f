import type { Context } from "../context/context.ts";
import type { Logger } from "../logger/logger.ts";
import { isServed } from "./descriptions.ts";
import type { Member } from "./member.ts";

/** How often a held member is asked whether it is there, in milliseconds. */
const verifyEveryMs = 5_000;

/** Options of {@link HeldMembers}. */
export interface HeldMembersOptions {
	readonly service: string;
	/** All members by id, the held ones among them. */
	readonly members: ReadonlyMap<string, Member>;
	readonly logger: Logger;
	/** Its end also ends the requests to members. */
	readonly ctx: Context;
	/** Gives up a member that is gone. */
	readonly remove: (id: string) => void;
}

/**
 * The members that the source dropped without giving a reason. They are called as long as they can be reached: an
 * outage of the registry, or of the network to it, takes away no instance that answers. They are asked at intervals
 * whether they are there, since the source no longer says so.
 */
export class HeldMembers {
	readonly #options: HeldMembersOptions;
	readonly #ids = new Set<string>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** Whether the log says that some of them are there. */
	#isTold = false;
	#closed = false;

	constructor(options: HeldMembersOptions) {
		this.#options = options;
	}

	get ids(): ReadonlySet<string> {
		return this.#ids;
	}

	has(id: string): boolean {
		return this.#ids.has(id);
	}

	/** Holds a member, and asks it whether it is there. */
	add(member: Member): void {
		this.#ids.add(member.id);
		this.verify(member);
		this.#verifyLater();
	}

	/** Forgets a member: the source lists it again, or it is gone. */
	delete(id: string): void {
		this.#ids.delete(id);
	}

	/** Asks a member whether it is there, and gives it up if it is not. */
	verify(member: Member): void {
		const { service, ctx, remove } = this.#options;
		const isHeld = (): boolean => !this.#closed && this.#ids.has(member.id);
		isServed(service, member.peer, ctx).then(
			(served) => {
				if (!isHeld()) return;
				if (served) this.#tell();
				else remove(member.id);
			},
			() => {
				if (!isHeld()) return;
				if (this.isDispensable(member)) remove(member.id);
				else member.pause();
			},
		);
	}

	/** Whether a member is held while another is not. */
	isDispensable({ id }: Member): boolean {
		return this.#ids.has(id) && this.#ids.size < this.#options.members.size;
	}

	/** Gives up held members that cannot be reached, once there are members that are not held. */
	dropUnreachable(): void {
		const { members, remove } = this.#options;
		if (this.#ids.size === 0) this.#isTold = false;
		if (this.#ids.size === members.size) return;
		const now = performance.now();
		for (const id of this.#ids) if (now < (members.get(id)?.pausedUntil ?? 0)) remove(id);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#verifyLater(): void {
		if (this.#closed || this.#ids.size === 0) return;
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			for (const id of this.#ids) {
				const member = this.#options.members.get(id);
				if (member !== undefined) this.verify(member);
			}
			this.#verifyLater();
		}, verifyEveryMs);
	}

	#tell(): void {
		if (this.#isTold || this.#ids.size === 0) return;
		this.#isTold = true;
		const { logger, service } = this.#options;
		const message = "the registry does not list instances any more that answer; they are called on";
		logger.log("warn", message, { service, instances: [...this.#ids].slice(0, 10) });
	}
}
