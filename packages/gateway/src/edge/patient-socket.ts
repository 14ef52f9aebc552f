import { Socket } from "node:net";

/**
 * A connection that is read to its end when the other side takes no more: a web service that refuses a request
 * before it is whole may close at once, and its answer lies before the failure of what was written after.
 */
export class PatientSocket extends Socket {
	#isRefused = false;

	override _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
		if (this.#isRefused) done();
		else super._write(chunk, encoding, this.#unlessRefused(done));
	}

	override _writev(
		chunks: { chunk: unknown; encoding: BufferEncoding }[],
		done: (error?: Error | null) => void,
	): void {
		if (this.#isRefused) done();
		else super._writev?.(chunks, this.#unlessRefused(done));
	}

	/** What is written to a side that takes no more is lost, and no failure of this side. */
	#unlessRefused(done: (error?: Error | null) => void): (error?: Error | null) => void {
		return (error) => {
			const code = error != null && "code" in error ? error.code : undefined;
			this.#isRefused ||= code === "EPIPE" || code === "ECONNRESET";
			done(this.#isRefused ? null : error);
		};
	}
}
