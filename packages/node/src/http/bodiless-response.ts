import { ResponseLayer } from "./response-layer.ts";

/**
 * The answer to a HEAD: the head that a GET would get, and no body, whatever body is given. Node takes none over
 * HTTP/2, not even an empty one.
 */
export class BodilessResponse extends ResponseLayer {
	override write(): boolean {
		return true;
	}

	override end(): unknown {
		return this.inner.end();
	}
}
