/** A template of a service. */
export interface Template {
	/** Its name, which is also that of its folder below `templates`. */
	readonly name: string;
	/** Ends the sentence "a service that is …". */
	readonly summary: string;
	/** A call to try: the words after `allium call <service>`. */
	readonly call: string;
}

/** The templates of `allium new`; the first is the default. */
export const templates: readonly [Template, ...Template[]] = [
	{
		name: "rest",
		summary: "called over REST, and with types by other services",
		call: `add '{"name":"pear","cents":30}'`,
	},
	{ name: "stream", summary: "called for a stream of messages", call: `countdown '{"from":5}'` },
];
