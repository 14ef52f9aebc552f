import type { Context } from "@allium/core";
import type { Outcome } from "@allium/core/store";
import { every, type Timer } from "@allium/core/transport";
import type { BackendHandle } from "./backend-handle.ts";
import { indexedText, originalPlain, originalText } from "./stored-text.ts";

/** How often outcomes are removed that need not be kept any longer, in milliseconds. */
const lookEveryMs = 10_000;
/** How many of them one statement removes at most, so that it is short. */
const mostAtOnce = 1_000;

const getSql = `
SELECT call, fingerprint, text, keep_ms FROM outcomes WHERE id = $1 AND expires > now()`;

/** The outcomes of calls. */
export class Outcomes {
	readonly #handle: BackendHandle;
	#timer: Timer | undefined;
	#isRunning = false;
	#isClosed = false;

	constructor(handle: BackendHandle) {
		this.#handle = handle;
	}

	async get(id: string, ctx: Context): Promise<Outcome | undefined> {
		const [row] = await this.#handle.query<{
			readonly call: string;
			readonly fingerprint: string;
			readonly text: string;
			readonly keep_ms: number;
		}>(getSql, [indexedText(id)], ctx);
		if (row === undefined) return undefined;
		const { call, fingerprint, text, keep_ms } = row;
		return {
			id: originalText(call),
			fingerprint: originalPlain(fingerprint),
			text: originalPlain(text),
			keepMs: keep_ms,
		};
	}

	/** From now on, looks from time to time for outcomes that can go. */
	look(): void {
		if (!this.#isClosed) this.#timer ??= every(lookEveryMs, () => void this.#forget());
	}

	close(): void {
		this.#isClosed = true;
		this.#timer?.stop();
	}

	async #forget(): Promise<void> {
		if (this.#isRunning) return;
		this.#isRunning = true;
		try {
			const { database } = this.#handle.backend;
			for (let gone = mostAtOnce; gone === mostAtOnce && !this.#isClosed; ) {
				const [row] = await database.query<{ gone: number }>("SELECT forget_outcomes($1) AS gone", [
					mostAtOnce,
				]);
				gone = row?.gone ?? 0;
			}
		} catch {
			// The database is away; it is tried again the next time.
		} finally {
			this.#isRunning = false;
		}
	}
}
