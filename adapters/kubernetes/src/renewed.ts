/** How long a value is used before it is read again, in milliseconds. Kubernetes renews tokens hours before their end. */
const freshMs = 60_000;

/** A value that changes now and then, such as the content of a file. */
export class Renewed<Value> {
	readonly #read: (isStale: boolean) => Promise<Value>;
	#value: Promise<Value> | undefined;
	#readAt = 0;

	/** @param read reads it; told whether the last value is known to hold no longer. */
	constructor(read: (isStale: boolean) => Promise<Value>) {
		this.#read = read;
	}

	/**
	 * The value. It is read again after a minute.
	 *
	 * @param isStale whether it has to be read again now.
	 */
	get(isStale: boolean): Promise<Value> {
		const now = performance.now();
		if (this.#value === undefined || isStale || now - this.#readAt >= freshMs) {
			this.#readAt = now;
			this.#value = this.#read(isStale);
			this.#value.catch(() => {
				this.#value = undefined;
			});
		}
		return this.#value;
	}
}
