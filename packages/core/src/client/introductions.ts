import type { Context } from "../context/context.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Logger } from "../logger/logger.ts";
import type { Descriptions } from "./descriptions.ts";
import type { Member } from "./member.ts";

/** The delay after a call until instances are asked to describe themselves, in milliseconds. Calls come first. */
const introduceAfterMs = 1_000;

/** Reports what instances say about their service: once for each hash, and once for all without a known hash. */
export class Introductions {
	readonly #service: string;
	readonly #descriptions: Descriptions;
	readonly #onDescribed: (description: ContractDescription) => void;
	readonly #life: Context;
	readonly #logger: Logger;
	/** The hashes that were reported, or are being asked for. */
	readonly #introduced = new Set<string>();
	#members: readonly Member[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param life ends the requests in flight. */
	constructor(
		service: string,
		descriptions: Descriptions,
		onDescribed: (description: ContractDescription) => void,
		life: Context,
		logger: Logger,
	) {
		this.#service = service;
		this.#descriptions = descriptions;
		this.#onDescribed = onDescribed;
		this.#life = life;
		this.#logger = logger;
	}

	/** Takes the instances that are there now. New ones are asked later. */
	see(members: readonly Member[]): void {
		this.#members = members;
		if (!members.some(({ hash }) => !this.#introduced.has(hash))) return;
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			for (const member of this.#members) if (!this.#introduced.has(member.hash)) this.#introduce(member);
		}, introduceAfterMs);
	}

	/** Stops asking. */
	close(): void {
		clearTimeout(this.#timer);
		this.#members = [];
	}

	#introduce({ hash, peer }: Member): void {
		this.#introduced.add(hash);
		this.#descriptions.of(this.#service, hash, peer, this.#life).then(
			(description) => this.#tell(description),
			() => {
				// Another instance may answer, after the instances have changed.
				this.#introduced.delete(hash);
			},
		);
	}

	#tell(description: ContractDescription): void {
		try {
			this.#onDescribed(description);
		} catch (error) {
			this.#logger.log("error", "onDescribed of a client threw", { service: this.#service, error });
		}
	}
}
