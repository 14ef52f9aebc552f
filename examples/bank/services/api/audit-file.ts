import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type { Logger } from "allium";
import type { AuditEntry } from "./audit.ts";

/** A file with one entry a line, as JSON. Entries are only ever appended. */
export class AuditFile implements AsyncDisposable {
	readonly #stream: WriteStream;

	/** @param logger Logs a failure to write the file. */
	constructor(path: string, logger: Logger) {
		this.#stream = createWriteStream(path, { flags: "a", mode: 0o600 });
		this.#stream.on("error", (error) => logger.log("error", "the audit log cannot be written", { error }));
	}

	readonly write = (entry: AuditEntry): void => {
		this.#stream.write(`${JSON.stringify(entry)}\n`);
	};

	/** Writes the remaining entries, and closes the file. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#stream.closed) return;
		const closed = once(this.#stream, "close");
		this.#stream.end();
		await closed;
	}
}
