const brand = Symbol.for("allium.Mistake");

/**
 * A mistake in a program that its types would have refused, such as middleware that forgets to return. Its message
 * says who made it and what to write instead; it is logged, and in development the caller is told, too.
 */
export class Mistake extends TypeError {
	static {
		Object.defineProperty(Mistake.prototype, brand, { value: true });
	}

	override readonly name: string = "Mistake";

	/** @param stack whether the stack leads to it. Default: no, it was found out elsewhere. */
	constructor(message: string, { stack = false }: { readonly stack?: boolean } = {}) {
		super(message);
		if (!stack) this.stack = `${this.name}: ${message}`;
	}
}

/** Whether a caught value is a {@link Mistake}, from whichever copy of the package. */
export function isMistake(error: unknown): error is Mistake {
	return error instanceof Error && (error as { [brand]?: unknown })[brand] === true;
}

/** What a value is, for the message of a mistake. */
export function kindOf(value: unknown): string {
	if (value === undefined) return "nothing";
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	if (isAsyncIterable(value)) return "a stream";
	return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is what streams are made of. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
	return typeof (value as { [Symbol.asyncIterator]?: unknown } | null)?.[Symbol.asyncIterator] === "function";
}
