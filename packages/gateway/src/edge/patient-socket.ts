import { Socket } from "node:net";

/**
 * A connection that is read to its end even when the other side accepts no more bytes. A web service that refuses an
 * incomplete request may close at once. Its answer arrives before the failure of the later writes.
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

	/** Bytes for a side that accepts no more are lost. That is not a failure of this side. */
	#unlessRefused(done: (error?: Error | null) => void): (error?: Error | null) => void {
		return (error) => {
			const code = error != null && "code" in error ? error.code : undefined;
			this.#isRefused ||= code === "EPIPE" || code === "ECONNRESET";
			done(this.#isRefused ? null : error);
		};
	}
}
