import type { JsonSchema } from "../../contract/schema.ts";
import type { InputMember, InputShape } from "./input-shape.ts";

/** A part of the path or the query. */
export interface OpenApiParameter {
	name: string;
	in: "path" | "query";
	required: boolean;
	/** The notation. Without it, the usual one of its place. */
	style?: "deepObject" | "form";
	explode?: boolean;
	schema?: JsonSchema;
	/** Takes the place of a schema for a parameter that is written as JSON. */
	content?: Record<string, { schema: JsonSchema }>;
}

/** Makes the references of a part of an input lead to the document's components. */
type Part = (schema: JsonSchema) => JsonSchema;

/** @param member undefined where the input does not name the member, but accepts others. */
export function pathParameter(
	name: string,
	member: InputMember | undefined,
	others: JsonSchema | undefined,
	part: Part,
): OpenApiParameter {
	return { name, in: "path", required: true, schema: part(member?.schema ?? others ?? { type: "string" }) };
}

/**
 * The parameters of a query: the members of an input that are not in the path. Objects are written as
 * `filter[below]=5`, lists as repeated names, lists of objects as JSON. The further members of an open input are
 * written by their names.
 */
export function queryParameters(
	{ members, others }: InputShape,
	inPath: readonly string[],
	part: Part,
): OpenApiParameter[] {
	const queried = members
		.filter(({ name }) => !inPath.includes(name))
		.map((member) => queryParameter(member, part));
	if (others === undefined) return queried;
	const schema = { type: "object", additionalProperties: part(others) };
	const name = unusedName(members.map((member) => member.name));
	return [...queried, { name, in: "query", required: false, style: "form", explode: true, schema }];
}

function queryParameter({ name, schema, required, type }: InputMember, part: Part): OpenApiParameter {
	const parameter = { name, in: "query" as const, required };
	const item = type?.isArray ? type.item(0) : undefined;
	const isNested = item?.isObject === true || item?.isArray === true;
	if (isNested) return { ...parameter, content: { "application/json": { schema: part(schema) } } };
	const written = part(schema);
	return type?.isObject
		? { ...parameter, style: "deepObject", explode: true, schema: written }
		: { ...parameter, schema: written };
}

/** A name for the members that have none. It is never sent, but must differ from the others. */
function unusedName(names: readonly string[]): string {
	let name = "others";
	while (names.includes(name)) name += "_";
	return name;
}
