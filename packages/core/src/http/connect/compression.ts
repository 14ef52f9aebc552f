/** A compression of single messages of a stream. The core has none; a runtime brings its own. */
export interface Compression {
	/** The name as in `connect-content-encoding`: `gzip`. */
	readonly name: string;
	/**
	 * Decompresses a message.
	 *
	 * @throws ServiceError `resource_exhausted` when the result would exceed `maxBytes`; `invalid_argument` when the
	 * bytes are malformed.
	 */
	inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
	deflate(bytes: Uint8Array): Uint8Array;
}
