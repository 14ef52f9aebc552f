/**
 * What JSON makes of a type: the type itself where JSON can carry it, something that it cannot be assigned to
 * where not. Dates, bigints, functions, maps and bytes are refused; `unknown` and `any` pass.
 *
 * Written as array and mapped types, which the compiler works out lazily, so that types may be recursive.
 */
export type Json<T> = unknown extends T
	? T
	: T extends string | number | boolean | null
		? T
		: // biome-ignore lint/suspicious/noConfusingVoidType: a schema may yield it
			T extends bigint | symbol | undefined | void | ((...args: never) => unknown)
			? never
			: T extends readonly (infer Item)[]
				? readonly Json<Item>[]
				: { [K in keyof T]: Json<Exclude<T[K], undefined>> | Extract<T[K], undefined> };

/** `unknown` when JSON can carry the type; else a type that names the problem in the compiler's message. */
export type JsonOnly<T> = [T] extends [Json<T>]
	? unknown
	: { "~problem": "this type does not survive JSON; use strings and numbers instead" };
