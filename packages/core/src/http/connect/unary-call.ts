import { HttpCall } from "./http-call.ts";

/** A call with one message each way. */
export class UnaryCall extends HttpCall {
	received(chunk: Uint8Array): void {
		this.hold(chunk);
	}

	completed(): void {
		this.finishBody();
	}
}
