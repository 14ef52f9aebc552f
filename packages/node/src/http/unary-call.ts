import { HttpCall } from "./http-call.ts";
import { unaryType } from "./unary-exchange.ts";

/** A call with one message each way. */
export class UnaryCall extends HttpCall {
	received(chunk: Buffer): void {
		this.hold(chunk);
	}

	completed(): void {
		this.finishBody(unaryType);
	}
}
