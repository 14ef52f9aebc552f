/**
 * `S` if a schema accepts its own output (`Out`). Otherwise the sentence that the compiler shows, which names the
 * property at fault. A schema that gives defaults passes; a schema that transforms does not.
 */
export type IfKept<In, Out, S> = [Out] extends [In]
	? S
	: `${Changed<In, Out, "data", []>} is transformed; the schema of an event accepts what it yields`;

/** The first property whose value, as it is yielded, is not accepted: `data.at`. */
type Changed<In, Out, Path extends string, Depth extends readonly unknown[]> = Depth["length"] extends 6
	? Path
	: [In, Out] extends [readonly (infer InItem)[], readonly (infer OutItem)[]]
		? Changed<InItem, OutItem, `${Path}[]`, [...Depth, unknown]>
		: [In, Out] extends [object, object]
			? ChangedMember<In, Out, Path, Depth>
			: Path;

type ChangedMember<In, Out, Path extends string, Depth extends readonly unknown[]> = {
	[K in keyof In & keyof Out & string]-?: [Out[K]] extends [In[K]]
		? never
		: Changed<In[K] & {}, Out[K] & {}, `${Path}.${K}`, [...Depth, unknown]>;
}[keyof In & keyof Out & string] extends infer Found extends string
	? [Found] extends [never]
		? Path
		: Found
	: never;
