import { readFile, stat } from "node:fs/promises";
import { type Logger, ServiceError } from "@allium/core";
import { ListingFault, parseFile, type ServiceAddresses } from "./service-addresses.ts";

/** The largest file, in bytes. */
const maxBytes = 4 * 1024 * 1024;

/** A file that lists where services are. While it is gone or malformed, its last listing stays. */
export class ListingFile {
	readonly path: string;
	readonly #logger: Logger;
	#text: string | undefined;
	#listing: ServiceAddresses = new Map();
	/** The current fault of the file, as the log has reported it. */
	#fault: string | undefined;
	/** The end of the queue, which keeps an older reading from following a newer one. */
	#last: Promise<void> = Promise.resolve();

	private constructor(path: string, logger: Logger) {
		this.path = path;
		this.#logger = logger;
	}

	/**
	 * Reads a file for the first time.
	 *
	 * @throws ServiceError `failed_precondition` when it cannot be read, or lists no addresses.
	 */
	static async open(path: string, logger: Logger): Promise<ListingFile> {
		const file = new ListingFile(path, logger);
		try {
			await file.#read();
		} catch (error) {
			const message = `the file ${path}: ${faultText(error)}`;
			throw new ServiceError({ code: "failed_precondition", message, cause: error });
		}
		return file;
	}

	/** The services in the file when it was last read without an error. */
	get listing(): ServiceAddresses {
		return this.#listing;
	}

	/** Reads it again. A file that cannot be used is logged once, until it is usable again. */
	refresh(): Promise<void> {
		this.#last = this.#last.then(() => this.#refresh());
		return this.#last;
	}

	async #refresh(): Promise<void> {
		const before = this.#text;
		try {
			await this.#read();
		} catch (error) {
			this.#report(faultText(error));
			return;
		}
		if (this.#fault !== undefined || this.#text !== before) {
			this.#logger.log("info", "the static registry has read its file", { file: this.path });
		}
		this.#fault = undefined;
	}

	async #read(): Promise<void> {
		const { size } = await stat(this.path);
		if (size > maxBytes) throw new ListingFault(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
		const text = await readFile(this.path, "utf8");
		if (text === this.#text) return;
		this.#listing = parseFile(text);
		this.#text = text;
	}

	#report(why: string): void {
		if (why === this.#fault) return;
		this.#fault = why;
		this.#logger.log(
			"warn",
			"the static registry cannot use its file, and goes on with what it listed before",
			{
				file: this.path,
				why,
			},
		);
	}
}

function faultText(error: unknown): string {
	if (error instanceof ListingFault) return error.message;
	const code = error instanceof Error && "code" in error ? error.code : undefined;
	if (code === "ENOENT" || code === "ENOTDIR") {
		return "there is no such file; make it, or list services as in static:orders=http://10.0.0.1:4000";
	}
	if (code === "EISDIR") return "it is a folder";
	if (code === "EACCES") return "it may not be read by this process";
	return error instanceof Error ? error.message : String(error);
}
