/** A way to compress single messages of a stream. The core has none; a runtime brings its own. */
export interface Compression {
	/** As in `connect-content-encoding`: `gzip`. */
	readonly name: string;
	/**
	 * The message that was compressed.
	 *
	 * @throws ServiceError `resource_exhausted` when more than `maxBytes` would come out; `invalid_argument` when the
	 * bytes are malformed.
	 */
	inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
	deflate(bytes: Uint8Array): Uint8Array;
}
