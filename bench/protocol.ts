/** What the parent tells a server or client process of the benchmark. */
export interface Assignment {
	/** The file of the stack, beside this one. */
	readonly stack: string;
	/** For clients: where the server is. */
	readonly address?: string;
}

/** One measurement that the parent asks a client for. */
export interface Load {
	readonly concurrency: number;
	readonly milliseconds: number;
}

/** What a client measured. */
export interface Measured {
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
	readonly cpuSeconds: number;
}
