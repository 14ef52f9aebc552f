/** Names a value of a context. Two keys with the same name are different keys. */
export interface ContextKey<Value> {
	readonly name: string;
	/** Carries the type. It does not exist at run time. */
	readonly "~value"?: Value;
}

/**
 * Makes a key for {@link Context.withValue} and {@link Context.get}.
 *
 * @example
 * export const currentUser = contextKey<User>("current user");
 */
export function contextKey<Value>(name: string): ContextKey<Value> {
	return { name };
}
