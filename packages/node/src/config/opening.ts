import { ServiceError } from "@allium/core";

/** A backend that is opened when it is first needed. If that fails, the next use tries again. */
export class Opening<Port> {
	readonly #name: string;
	readonly #open: () => Promise<Port>;
	readonly #close: (port: Port) => Promise<void>;
	#opening: Promise<Port> | undefined;
	#port: Port | undefined;
	#isClosed = false;

	/** @param name the name of the backend for errors, such as `registry`. */
	constructor(name: string, open: () => Promise<Port>, close: (port: Port) => Promise<void>) {
		this.#name = name;
		this.#open = open;
		this.#close = close;
	}

	/** The opened backend; undefined before it is open. */
	get port(): Port | undefined {
		return this.#port;
	}

	/** Opens it, unless it is open. Rejects with `failed_precondition` once it was closed. */
	opened(): Promise<Port> {
		if (this.#isClosed) return Promise.reject(closed(this.#name));
		this.#opening ??= this.#openNow();
		return this.#opening;
	}

	/** Closes the backend. Waits for an opening that is under way. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#opening?.then(this.#close, () => {});
	}

	async #openNow(): Promise<Port> {
		try {
			this.#port = await this.#open();
			return this.#port;
		} catch (error) {
			this.#opening = undefined;
			throw error;
		}
	}
}

function closed(name: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", message: `the ${name} is closed` });
}
