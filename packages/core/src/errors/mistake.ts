const brand = Symbol.for("allium.Mistake");

/**
 * A mistake in a program that its types would have refused, such as middleware that forgets to return. The message
 * names the part that made it, and says what to write instead. It is logged, and in development the caller sees it, too.
 */
export class Mistake extends TypeError {
	static {
		Object.defineProperty(Mistake.prototype, brand, { value: true });
	}

	override readonly name: string = "Mistake";

	/** @param stack whether the stack leads to the mistake. Default: no, because it was found elsewhere. */
	constructor(message: string, { stack = false }: { readonly stack?: boolean } = {}) {
		super(message);
		if (!stack) this.stack = `${this.name}: ${message}`;
	}
}

/** Whether a caught value is a {@link Mistake}, from any copy of the package. */
export function isMistake(error: unknown): error is Mistake {
	return error instanceof Error && (error as { [brand]?: unknown })[brand] === true;
}

/** The kind of a value, for the message of a mistake. */
export function kindOf(value: unknown): string {
	if (value === undefined) return "nothing";
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	if (isAsyncIterable(value)) return "a stream";
	return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is an async iterable, as streams are. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
	return typeof (value as { [Symbol.asyncIterator]?: unknown } | null)?.[Symbol.asyncIterator] === "function";
}
