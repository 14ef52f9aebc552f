/**
 * A copy of the JSON value in separate memory. A substring keeps the whole text in memory, so the few bytes of an
 * instance would keep everything that a client wrote around them. A value that JSON has parsed keeps nothing else.
 */
export function copied<Json>(value: Json): Json {
	return JSON.parse(JSON.stringify(value));
}
