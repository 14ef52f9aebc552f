/**
 * The type itself if JSON can carry it; otherwise a type that it cannot be assigned to. Dates, bigints, functions, maps
 * and bytes are refused; `unknown` and `any` pass.
 *
 * Written as array and mapped types, which the compiler works out lazily, so that types may be recursive.
 */
export type Json<T> = T extends undefined ? never : JsonMember<T>;

/** A member of an object may be missing. */
type JsonMember<T> = T extends string | number | boolean | null | undefined
	? T
	: T extends NotJson
		? never
		: T extends readonly (infer Item)[]
			? readonly Json<Item>[]
			: unknown extends T
				? T
				: { [K in keyof T]: JsonMember<T[K]> };

// biome-ignore lint/suspicious/noConfusingVoidType: a schema may yield it
type NotJson = bigint | symbol | void | ((...args: never) => unknown);

/** `S` where JSON can carry `T`; else the sentence that the compiler shows, which names the property at fault. */
export type IfJson<T, S, Path extends string> = [T] extends [Json<T>]
	? S
	: `${Fault<T, Path, []>}, which JSON cannot carry`;

/**
 * The fault of a type and its place: `input.at is a Date`. The properties of an object are checked before the
 * properties of these.
 */
type Fault<T, Path extends string, Depth extends readonly unknown[]> = [Named<T, Path>] extends [never]
	? [NamedMember<T, Path>] extends [never]
		? FaultBelow<T, Path, Depth>
		: NamedMember<T, Path>
	: Named<T, Path>;

type Named<T, Path extends string> = T extends unknown
	? NameOf<T> extends infer Name extends string
		? `${Path} is ${Name}`
		: never
	: never;

type NamedMember<T, Path extends string> = T extends readonly unknown[]
	? never
	: { [K in keyof T & string]-?: Named<T[K] & {}, `${Path}.${K}`> }[keyof T & string];

/** A recursive type has no end: after some levels the path stops. */
type FaultBelow<T, Path extends string, Depth extends readonly unknown[]> = Depth["length"] extends 6
	? `${Path} has a part`
	: T extends Json<T>
		? never
		: T extends readonly (infer Item)[]
			? Fault<Item, `${Path}[]`, [...Depth, unknown]>
			: { [K in keyof T & string]-?: Fault<T[K] & {}, `${Path}.${K}`, [...Depth, unknown]> }[keyof T &
					string];

type NameOf<T> = T extends Date
	? "a Date"
	: T extends bigint
		? "a bigint"
		: T extends symbol
			? "a symbol"
			: T extends (...args: never) => unknown
				? "a function"
				: // biome-ignore lint/suspicious/noConfusingVoidType: a schema may yield it
					T extends undefined | void
					? "undefined"
					: T extends ReadonlyMap<unknown, unknown>
						? "a Map"
						: T extends ReadonlySet<unknown>
							? "a Set"
							: T extends ArrayBufferView
								? "bytes"
								: never;
