import type { Logger } from "../../logger/logger.ts";

/** Why a group, or a part of it, does not go on. Each trouble is logged when it begins and when it ends. */
export class Troubles {
	readonly #texts = new Map<string, string>();
	readonly #logger: Logger;
	readonly #fields: Readonly<Record<string, unknown>>;

	/** @param fields what each line of the log tells with it. */
	constructor(logger: Logger, fields: Readonly<Record<string, unknown>>) {
		this.#logger = logger;
		this.#fields = fields;
	}

	/** All troubles in one text. Undefined if there are none. */
	get text(): string | undefined {
		return this.#texts.size === 0 ? undefined : [...new Set(this.#texts.values())].join("; ");
	}

	/** @param what one trouble has one name, whatever its text. */
	set(what: string, text: string): void {
		if (!this.#texts.has(what)) this.#logger.log("warn", text, this.#fields);
		this.#texts.set(what, text);
	}

	/** Ends a trouble without a line in the log, because its cause may go on. */
	forget(what: string): void {
		this.#texts.delete(what);
	}

	clear(what: string): void {
		const text = this.#texts.get(what);
		if (text === undefined) return;
		this.#texts.delete(what);
		this.#logger.log("info", `over: ${text}`, this.#fields);
	}
}
