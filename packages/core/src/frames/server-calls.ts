import type { FrameLimits } from "./frame-limits.ts";
import { HeldReplies } from "./held-replies.ts";
import { ResetCount } from "./reset-count.ts";
import { ProtocolError } from "./wire/frame.ts";

/** The state that the calls of one connection share at the server. */
export class ServerCalls {
	/** The replies that are ready, but have to wait. */
	readonly heldReplies: HeldReplies;
	readonly #cancels: ResetCount;
	readonly #maxCancels: number;
	/** The handlers that run, though their callers may have cancelled them. */
	running = 0;

	constructor({ maxHeldReplyBytes, maxCancels }: FrameLimits) {
		this.heldReplies = new HeldReplies(maxHeldReplyBytes);
		this.#cancels = new ResetCount(maxCancels);
		this.#maxCancels = maxCancels;
	}

	/**
	 * The caller cancelled a call.
	 *
	 * @throws ProtocolError when it has done so too often.
	 */
	canceled(): void {
		if (!this.#cancels.exceeded()) return;
		throw new ProtocolError(`more than ${this.#maxCancels} calls cancelled within ten seconds`);
	}
}
