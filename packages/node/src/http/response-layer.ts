import type { OutgoingHttpHeaders } from "node:http";
import type { Http2Stream } from "node:http2";
import type { Response } from "./response.ts";

/**
 * A response that stands before another, and passes everything on to it. A layer extends this by what it adds to
 * whatever is answered, such as a header.
 */
export class ResponseLayer implements Response {
	protected readonly inner: Response;

	constructor(inner: Response) {
		this.inner = inner;
	}

	get stream(): Http2Stream | undefined {
		return this.inner.stream;
	}

	get statusCode(): number {
		return this.inner.statusCode;
	}

	get headersSent(): boolean {
		return this.inner.headersSent;
	}

	get writableFinished(): boolean {
		return this.inner.writableFinished;
	}

	get destroyed(): boolean {
		return this.inner.destroyed;
	}

	writeHead(status: number, headers: OutgoingHttpHeaders): unknown {
		return this.inner.writeHead(status, headers);
	}

	flushHeaders(): void {
		this.inner.flushHeaders?.();
	}

	write(chunk: Buffer): boolean {
		return this.inner.write(chunk);
	}

	end(chunk?: string | Buffer): unknown {
		return this.inner.end(chunk);
	}

	destroy(error?: Error): unknown {
		return this.inner.destroy(error);
	}

	on(event: "close" | "drain" | "error", listener: () => void): unknown {
		return this.inner.on(event, listener);
	}

	once(event: "close" | "drain" | "finish", listener: () => void): unknown {
		return this.inner.once(event, listener);
	}
}
