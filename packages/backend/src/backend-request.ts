/** A request to the server of a backend. */
export interface BackendRequest {
	readonly method: "GET" | "PUT" | "POST" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** JSON. */
	readonly body?: string;
	/** How long the server may take until it begins to answer, in milliseconds. */
	readonly timeoutMs: number;
	/** How long the rest of an answer may take that is no stream, in milliseconds. Default: `timeoutMs`. */
	readonly bodyTimeoutMs?: number;
	/** The largest answer, or line of a stream, in bytes. */
	readonly maxBytes: number;
	/** Whether the server answers when it has news, so that the request takes a connection for itself. Default: false. */
	readonly waits?: boolean;
	/** How long a stream may be silent, in milliseconds. Default: for ever. */
	readonly silenceMs?: number;
}
